"""LiteLLM: the library behind many gateways. Run: python litellm_.py http://host:port"""

import json
import sys

import litellm

where = {"api_base": f"{sys.argv[1]}/v1", "api_key": "none", "model": "openai/any", "timeout": 240}
where["model"] = f"openai/{litellm.module_level_client.get(f'{sys.argv[1]}/v1/models').json()['data'][0]['id']}"
TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Get the current weather of a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
ask = [{"role": "user", "content": "What is the weather in Paris?"}]

plain = litellm.completion(messages=ask, max_tokens=8, reasoning_effort="low", metadata={"a": "b"}, **where)
assert plain.choices[0].message.content, plain

calling = litellm.completion(messages=ask, tools=[TOOL], tool_choice="required", **where)
call = calling.choices[0].message.tool_calls[0].function
assert call.name == "get_weather" and json.loads(call.arguments)["city"], calling

pieces = list(
    litellm.completion(messages=ask, stream=True, max_tokens=8, stream_options={"include_usage": True}, **where)
)
assert pieces[-1].usage.completion_tokens > 0, pieces[-1]

held = litellm.completion(messages=ask, response_format={"type": "json_object"}, max_tokens=120, **where)
assert isinstance(json.loads(held.choices[0].message.content), dict), held
