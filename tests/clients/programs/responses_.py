"""OpenAI's own client, at /v1/responses: text, streams, tools and their outputs, structured output. Run: python responses_.py http://host:port"""

import json
import sys
from typing import Literal

from openai import OpenAI
from pydantic import BaseModel

client = OpenAI(base_url=f"{sys.argv[1]}/v1", api_key="none", max_retries=0, timeout=240)
model = client.models.list().data[0].id
WEATHER = {
    "type": "function",
    "name": "get_weather",
    "description": "Get the current weather of a city",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    },
    "strict": True,
}


class Fruit(BaseModel):
    name: str
    colour: Literal["red", "green", "yellow"]


asked = {"model": model, "instructions": "Be brief.", "input": "Say hello.", "temperature": 0, "store": False}
whole = client.responses.create(**asked, max_output_tokens=60)
assert whole.output_text and whole.usage.output_tokens > 0, whole
pieces = []
with client.responses.stream(**asked, max_output_tokens=60) as stream:
    for event in stream:
        if event.type == "response.output_text.delta":
            pieces.append(event.delta)
    final = stream.get_final_response()
assert "".join(pieces) == final.output_text == whole.output_text, (pieces, final, whole)
cut = client.responses.create(model=model, input="Count to a hundred.", max_output_tokens=1)
assert (cut.status, cut.incomplete_details.reason) == ("incomplete", "max_output_tokens"), cut

ask = [{"role": "user", "content": "What is the weather in Paris?"}]
calling = client.responses.create(model=model, input=ask, tools=[WEATHER], tool_choice="required", temperature=0)
call = next(item for item in calling.output if item.type == "function_call")
assert call.name == "get_weather" and "Paris" in json.loads(call.arguments)["city"], calling
output = {"type": "function_call_output", "call_id": call.call_id, "output": "Rain, 9 degrees"}
answered = client.responses.create(
    model=model,
    input=[*ask, *calling.output, output],
    tools=[WEATHER],
    tool_choice="none",
    temperature=0,
    max_output_tokens=60,
)
assert answered.output_text, answered

with client.responses.stream(model=model, input=ask, tools=[WEATHER], tool_choice="required") as stream:
    kinds = {event.type for event in stream}
    final = stream.get_final_response()
assert {"response.function_call_arguments.done", "response.completed"} <= kinds, kinds
assert json.loads(next(item for item in final.output if item.type == "function_call").arguments)["city"], final

parsed = client.responses.parse(model=model, input="Name a fruit.", text_format=Fruit, max_output_tokens=80)
assert isinstance(parsed.output_parsed, Fruit), parsed
