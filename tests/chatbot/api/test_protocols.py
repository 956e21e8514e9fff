"""/v1/responses as OpenAI's client reads it, and /v1/messages as Anthropic documents it."""

import json
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from openai import OpenAI
from starlette.testclient import TestClient

from chatbot.common.errors import EngineError
from chatbot.engine.scripted import ScriptedEngine
from chatbot.types import Message, ToolCall
from tests.chatbot.api.test_routes import app
from tests.chatbot.api.test_todays_clients import SAID, TWICE, WEATHER
from tests.chatbot.serving import serving

FLAT: Any = {"type": "function", **WEATHER["function"]}  # type: ignore[dict-item]
NAMED: Any = {"name": "weather", "input_schema": FLAT["parameters"]}


@pytest.fixture
def engine() -> ScriptedEngine:
    return ScriptedEngine(model="tree")


@pytest.fixture
def client(engine: ScriptedEngine) -> Iterator[OpenAI]:
    with serving(app(engine)) as url, OpenAI(base_url=f"{url}/v1", api_key="any", max_retries=0) as client:
        yield client


def test_a_response_whole_and_streamed(client: OpenAI, engine: ScriptedEngine) -> None:
    asked: Any = {"model": "tree", "input": "one two three", "instructions": "Be brief.", "max_output_tokens": 2}
    whole = client.responses.create(**asked)
    assert (whole.output_text, whole.status) == ("one two", "incomplete")
    assert whole.usage and (whole.usage.input_tokens, whole.usage.output_tokens) == (8, 2)
    assert engine.prompts[0] == (Message("system", "Be brief."), Message("user", "one two three"))
    with client.responses.stream(model="tree", input="one two three") as stream:
        events = list(stream)
        final = stream.get_final_response()
    assert "".join(event.delta for event in events if event.type == "response.output_text.delta") == "one two three"
    assert (final.output_text, final.status) == ("one two three", "completed")
    assert [event.sequence_number for event in events] == list(range(len(events)))


def test_calls_of_a_response_and_what_came_of_them(client: OpenAI, engine: ScriptedEngine) -> None:
    engine._queue.extend([TWICE, TWICE, "Rain."])
    first = client.responses.create(model="tree", input="Weather?", tools=[FLAT])
    assert [item.type for item in first.output] == ["message", "function_call", "function_call"]
    with client.responses.stream(model="tree", input="Weather?", tools=[FLAT]) as stream:
        kinds = [event.type for event in stream]
        streamed = stream.get_final_response()
    assert kinds.count("response.function_call_arguments.done") == 2
    calls = [item for item in streamed.output if item.type == "function_call"]
    assert [json.loads(call.arguments)["city"] for call in calls] == ["Paris", "北京"]
    outputs: list[Any] = [{"type": "function_call_output", "call_id": call.call_id, "output": "Rain"} for call in calls]
    history: list[Any] = [{"role": "user", "content": "Weather?"}, *(item.model_dump() for item in calls), *outputs]
    assert client.responses.create(model="tree", input=history, tools=[FLAT]).output_text == "Rain."
    asked, answered = engine.prompts[-1][1], engine.prompts[-1][2:]
    assert asked.calls == tuple(ToolCall(call.call_id, "weather", call.arguments) for call in calls)
    assert [message.call for message in answered] == [call.call_id for call in calls]


def test_a_response_is_held_to_its_schema(client: OpenAI, engine: ScriptedEngine) -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string"}}}
    form: Any = {"format": {"type": "json_schema", "name": "a", "schema": schema}}
    client.responses.create(model="tree", input="x", text=form)
    assert json.loads(engine.requests[0].sampling.schema) == schema
    stored: Any
    for stored in ({"previous_response_id": "resp_1"}, {"conversation": "conv_1"}, {"prompt": {"id": "pmpt_1"}}):
        with pytest.raises(openai.BadRequestError) as refused:
            client.responses.create(model="tree", input="x", **stored)
        assert refused.value.param == next(iter(stored))


def sent(body: dict[str, Any], engine: ScriptedEngine) -> Any:
    with TestClient(app(engine)) as http:
        return http.post("/v1/messages", json={"model": "scripted", "max_tokens": 50, **body})


def told(text: str) -> list[tuple[str, Any]]:
    """(event, its data), as they were sent."""
    blocks = [block.split("\n", 1) for block in text.strip().split("\n\n")]
    return [(name.removeprefix("event: "), json.loads(body.removeprefix("data: "))) for name, body in blocks]


ASKED = {"messages": [{"role": "user", "content": [{"type": "text", "text": "one two"}]}], "system": "Be brief."}


def test_a_message_whole_and_streamed() -> None:
    engine = ScriptedEngine()
    whole = sent(ASKED, engine).json()
    assert whole["content"] == [{"type": "text", "text": "one two"}]
    assert (whole["stop_reason"], whole["usage"]) == ("end_turn", {"input_tokens": 7, "output_tokens": 2})
    assert sent({**ASKED, "max_tokens": 1}, engine).json()["stop_reason"] == "max_tokens"
    events = told(sent({**ASKED, "stream": True}, engine).text)
    assert all(name == body["type"] for name, body in events)
    assert [name for name, _ in events] == [
        *("message_start", "content_block_start", "content_block_delta", "content_block_delta"),
        *("content_block_stop", "message_delta", "message_stop"),
    ]
    assert "".join(body["delta"]["text"] for name, body in events if name == "content_block_delta") == "one two"
    assert events[-2][1]["delta"]["stop_reason"] == "end_turn"


def test_the_tokens_of_a_message_are_those_that_its_answer_tells() -> None:
    engine = ScriptedEngine()
    with TestClient(app(engine)) as http:
        counted = http.post("/v1/messages/count_tokens", json={"model": "scripted", **ASKED, "tools": [NAMED]})
    assert counted.json() == {"input_tokens": sent(ASKED, engine).json()["usage"]["input_tokens"]}
    assert len(engine.prompts) == 1, "nothing was written for the count"


def test_tools_of_a_message() -> None:
    engine = ScriptedEngine([TWICE, TWICE, SAID, "Rain."])
    body = {**ASKED, "tools": [NAMED]}
    whole = sent(body, engine).json()
    uses = [block for block in whole["content"] if block["type"] == "tool_use"]
    assert (whole["stop_reason"], [use["input"]["city"] for use in uses]) == ("tool_use", ["Paris", "北京"])
    events = told(sent({**body, "stream": True}, engine).text)
    pieces = [body["delta"] for name, body in events if name == "content_block_delta"]
    assert [json.loads(piece["partial_json"])["city"] for piece in pieces if "partial_json" in piece] == [
        "Paris",
        "北京",
    ]
    assert [body["index"] for name, body in events if name == "content_block_start"] == [0, 1, 2]
    assert sent({**body, "tool_choice": {"type": "any"}}, engine).json()["stop_reason"] == "tool_use"
    result = {"type": "tool_result", "tool_use_id": uses[0]["id"], "content": [{"type": "text", "text": "Rain"}]}
    history = [*ASKED["messages"], {"role": "assistant", "content": uses[:1]}, {"role": "user", "content": [result]}]
    assert sent({**body, "messages": history}, engine).json()["content"][0]["text"] == "Rain."
    call, answer = engine.prompts[-1][2:]
    assert (call.calls[0].name, json.loads(call.calls[0].arguments)) == ("weather", {"city": "Paris"})
    assert answer == Message("tool", "Rain", call=uses[0]["id"])


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"max_tokens": None}, "max_tokens"),
        ({"thinking": {"type": "enabled", "budget_tokens": 9}}, "thinking.type"),
        ({"messages": [{"role": "user", "content": [{"type": "image"}]}]}, "messages.0.content.0.type"),
        ({"tools": [{"type": "web_search_20250305", "name": "web_search"}]}, "tools.0.type"),
    ],
)
def test_what_a_message_cannot_have_is_refused_by_name(change: dict[str, Any], param: str) -> None:
    answer = sent({**ASKED, **change}, ScriptedEngine())
    assert answer.status_code == 400
    assert str(answer.json()["error"]["param"]).startswith(param.rsplit(".", 1)[0])


def test_a_failure_midway_is_told_in_each_protocol() -> None:
    engine = ScriptedEngine([("Well", EngineError("The cable is out."))] * 2)
    name, body = told(sent({**ASKED, "stream": True}, engine).text)[-1]
    assert (name, body["error"]["message"]) == ("error", "The cable is out.")
    with TestClient(app(engine)) as http:
        name, body = told(http.post("/v1/responses", json={"input": "x", "stream": True}).text)[-1]
    assert (name, body["response"]["error"]["message"]) == ("response.failed", "The cable is out.")
