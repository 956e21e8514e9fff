"""llama-index with OpenAILike. Run: python llama_index_.py http://host:port"""

import sys

import httpx
from llama_index.core.llms import ChatMessage
from llama_index.core.tools import FunctionTool
from llama_index.llms.openai_like import OpenAILike
from pydantic import BaseModel

base = f"{sys.argv[1]}/v1"
model = httpx.get(f"{base}/models").json()["data"][0]["id"]
llm = OpenAILike(
    api_base=base, api_key="none", model=model, is_chat_model=True, is_function_calling_model=True, max_tokens=120,
    temperature=0, timeout=240, max_retries=0,
)  # fmt: skip


class City(BaseModel):
    """A city."""

    name: str
    country: str


assert llm.chat([ChatMessage(role="user", content="Say hello.")]).message.content
assert "".join(piece.delta or "" for piece in llm.stream_chat([ChatMessage(role="user", content="Say hello.")]))
found = llm.as_structured_llm(City).complete("Paris is a city in France.").raw
assert isinstance(found, City), found


def multiply(a: int, b: int) -> int:
    """Multiply two numbers."""
    return a * b


tool = FunctionTool.from_defaults(fn=multiply)
answer = llm.chat_with_tools([tool], user_msg="What is 6 times 7? Use the tool.", tool_required=True)
calls = llm.get_tool_calls_from_response(answer)
assert calls[0].tool_name == "multiply", calls
