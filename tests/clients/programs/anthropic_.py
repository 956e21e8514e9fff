"""Anthropic's own client, at /v1/messages: text, streams, tools and their results, a count. Run: python anthropic_.py http://host:port"""

import sys

from anthropic import Anthropic, BadRequestError

client = Anthropic(base_url=sys.argv[1], api_key="none", max_retries=0, timeout=240)
model = client.models.list().data[0].id
WEATHER = {
    "name": "get_weather",
    "description": "Get the current weather of a city",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}
hello = [{"role": "user", "content": "Say hello."}]

whole = client.messages.create(model=model, max_tokens=8, system="Be brief.", messages=hello)
assert whole.content[0].text and whole.usage.output_tokens > 0, whole
cut = client.messages.create(model=model, max_tokens=1, messages=hello)
assert cut.stop_reason == "max_tokens", cut

counted = client.messages.count_tokens(model=model, system="Be brief.", messages=hello)
assert counted.input_tokens == whole.usage.input_tokens, (counted, whole.usage)

with client.messages.stream(model=model, max_tokens=8, system="Be brief.", messages=hello) as stream:
    text = "".join(stream.text_stream)
    final = stream.get_final_message()
assert text and text == final.content[0].text, (text, final)
assert final.usage.output_tokens > 0 and final.stop_reason, final

ask = [{"role": "user", "content": "What is the weather in Paris?"}]
calling = client.messages.create(
    model=model, max_tokens=100, messages=ask, tools=[WEATHER], tool_choice={"type": "any"}
)
(use,) = (block for block in calling.content if block.type == "tool_use")
assert calling.stop_reason == "tool_use" and use.name == "get_weather" and "Paris" in use.input["city"], calling
result = {"type": "tool_result", "tool_use_id": use.id, "content": "Rain, 9 degrees"}
answered = client.messages.create(
    model=model,
    max_tokens=60,
    messages=[*ask, {"role": "assistant", "content": calling.content}, {"role": "user", "content": [result]}],
    tools=[WEATHER],
    tool_choice={"type": "none"},
)
assert answered.content[0].text and answered.stop_reason == "end_turn", answered

with client.messages.stream(
    model=model, max_tokens=100, messages=ask, tools=[WEATHER], tool_choice={"type": "tool", "name": "get_weather"}
) as stream:
    kinds = {event.type for event in stream}
    final = stream.get_final_message()
assert {"input_json", "content_block_stop", "message_stop"} <= kinds, kinds
assert final.content[-1].type == "tool_use" and final.content[-1].input["city"], final

try:
    client.messages.create(
        model=model, max_tokens=8, messages=hello, thinking={"type": "enabled", "budget_tokens": 1024}
    )
except BadRequestError as refused:
    assert "thinking" in str(refused), refused
else:
    raise AssertionError("what cannot be honoured is refused")
