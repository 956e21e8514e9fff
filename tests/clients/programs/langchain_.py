"""LangChain's ChatOpenAI: structured output in its three ways, tools, streams. Run: python langchain_.py http://host:port"""

import sys

import httpx
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from pydantic import BaseModel, Field

base = f"{sys.argv[1]}/v1"
model = httpx.get(f"{base}/models").json()["data"][0]["id"]
chat = ChatOpenAI(base_url=base, api_key="none", model=model, temperature=0, max_retries=0, timeout=240, max_tokens=120)


class Person(BaseModel):
    """A person."""

    name: str = Field(description="the name")
    age: int = Field(ge=0, le=150)


for method in ("json_schema", "function_calling"):
    found = chat.with_structured_output(Person, method=method).invoke("Ann is 34 years old.")
    assert isinstance(found, Person) and found.age == 34, (method, found)


@tool
def multiply(a: int, b: int) -> int:
    """Multiply two numbers."""
    return a * b


calls = chat.bind_tools([multiply]).invoke("What is 6 times 7? Use the tool.").tool_calls
assert calls and calls[0]["name"] == "multiply" and set(calls[0]["args"].values()) == {6, 7}, calls
assert "".join(str(piece.content) for piece in chat.stream("Say hello."))
vectors = OpenAIEmbeddings(
    base_url=base, api_key="none", model="multilingual-e5-small", check_embedding_ctx_length=False, max_retries=8
)
assert len(vectors.embed_documents(["a tree", "a house"])) == 2
