"""OpenAI's own client: chat, streams, tools, structured output, completions, embeddings. Run: python openai_.py http://host:port"""

import json
import sys
from typing import Literal

from openai import OpenAI
from pydantic import BaseModel

client = OpenAI(base_url=f"{sys.argv[1]}/v1", api_key="none", max_retries=0, timeout=240)
model = client.models.list().data[0].id
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Get the current weather of a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
        "strict": True,
    },
}


class Fruit(BaseModel):
    name: str
    colour: Literal["red", "green", "yellow"]


parsed = client.chat.completions.parse(
    model=model, messages=[{"role": "user", "content": "Name a fruit."}], response_format=Fruit, max_tokens=80
)
assert isinstance(parsed.choices[0].message.parsed, Fruit), parsed

ask = [{"role": "user", "content": "What is the weather in Paris?"}]
calling = client.chat.completions.create(model=model, messages=ask, tools=[WEATHER], temperature=0)
call = calling.choices[0].message.tool_calls[0]
assert call.function.name == "get_weather" and "Paris" in json.loads(call.function.arguments)["city"], calling
answered = client.chat.completions.create(
    model=model,
    messages=[
        *ask,
        calling.choices[0].message,
        {"role": "tool", "tool_call_id": call.id, "content": "Rain, 9 degrees"},
    ],
    tools=[WEATHER],
    tool_choice="none",
    temperature=0,
    max_tokens=60,
)
assert answered.choices[0].message.content and not answered.choices[0].message.tool_calls, answered

with client.chat.completions.stream(model=model, messages=ask, tools=[WEATHER], tool_choice="required") as stream:
    kinds = [event.type for event in stream]
    final = stream.get_final_completion()
assert final.choices[0].message.tool_calls[0].function.name == "get_weather", kinds
assert final.choices[0].finish_reason == "tool_calls"

several = client.chat.completions.create(
    model=model, messages=[{"role": "user", "content": "Say a word."}], n=2, max_tokens=4, logprobs=True, top_logprobs=2
)
assert len(several.choices) == 2 and several.choices[1].logprobs.content

text = client.completions.create(model=model, prompt="The capital of France is", max_tokens=3, temperature=0, echo=True)
assert text.choices[0].text.startswith("The capital of France is"), text

vectors = client.with_options(max_retries=8).embeddings.create(
    input=["a tree", "一棵树"], model="multilingual-e5-small"
)
assert len(vectors.data) == 2 and len(vectors.data[0].embedding) == 384
