"""What the programs that people use today send to /v1, and what they need back."""

import json
import logging
from collections.abc import Iterator, Sequence
from typing import Any

import httpx
import pytest

from chatbot.common.errors import InputError
from chatbot.engine.scripted import ScriptedEngine
from chatbot.engine.text.calls import read
from chatbot.engine.text.template import ChatTemplate
from chatbot.types import Chunk, Message, Sampling, ToolCall, Usage
from tests.chatbot.api.test_routes import ASK, TOOLS, post

WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather <|im_end|> of a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
SAID = '<tool_call>\n{"name": "weather", "arguments": {"city": "Paris"}}\n</tool_call>'
TWICE = f"I look. {SAID}\n{SAID.replace('Paris', '北京')}"


def events(response: httpx.Response) -> list[Any]:
    lines = [line.removeprefix("data: ") for line in response.text.splitlines() if line.startswith("data: ")]
    assert lines[-1] == "[DONE]"
    return [json.loads(line) for line in lines[:-1]]


def test_what_is_not_known_is_passed_over_and_told_once(caplog: pytest.LogCaptureFixture) -> None:
    """As Open WebUI, LiteLLM and LangChain send it."""
    engine = ScriptedEngine()
    body = {
        "messages": [{"role": "user", "content": "Say it.", "name": "me", "cache_control": {}}],
        **{"session_id": "x", "chat_id": "y", "background_tasks": {"title_generation": True}, "metadata": {"a": 1}},
        **{"reasoning_effort": "high", "store": False, "service_tier": "auto", "user": "me", "functions": None},
        **{"stream_options": {"include_usage": True, "include_obfuscation": False}, "typical_p": 1.0, "best_of": 1},
    }
    with caplog.at_level(logging.INFO, "chatbot.api"):
        assert post(engine, body).json()["choices"][0]["message"]["content"] == "Say it."
    told = [record.getMessage() for record in caplog.records if record.name.startswith("chatbot.api")]
    assert len(told) == 1 and "reasoning_effort" in told[0] and "messages.0.name" in told[0]


@pytest.mark.parametrize(
    "messages",
    [
        [{"role": "system", "content": "A"}, *ASK, {"role": "system", "content": "B"}],
        [{"role": "user", "content": None}, {"role": "system", "content": "B"}, *ASK],
        [*ASK, {"role": "assistant", "content": None, "refusal": "No."}, *ASK],
    ],
)
def test_conversations_as_programs_have_them(messages: Sequence[Any]) -> None:
    engine = ScriptedEngine()
    assert post(engine, {"messages": list(messages)}).json()["choices"][0]["message"]["content"] == "Say it."
    assert [message.role for message in engine.prompts[0]] == [message["role"] for message in messages]


def test_an_answer_that_was_begun_is_gone_on_with_without_being_told_so() -> None:
    """Open WebUI's “Continue Response”."""
    begun = [{"role": "user", "content": "one two three"}, {"role": "assistant", "content": "one"}]
    assert post(ScriptedEngine(), {"messages": begun}).json()["choices"][0]["message"]["content"] == " two three"
    again = post(ScriptedEngine(), {"messages": begun, "add_generation_prompt": True})
    assert again.status_code == 400


def test_several_answers_have_seeds_of_their_own_and_their_places() -> None:
    engine = ScriptedEngine()
    body = {"messages": ASK, "n": 3, "seed": 7}
    whole = post(engine, body).json()
    assert [choice["index"] for choice in whole["choices"]] == [0, 1, 2]
    assert whole["usage"] == {"prompt_tokens": 4, "completion_tokens": 6, "total_tokens": 10}
    assert sorted(str(request.sampling.seed) for request in engine.requests) == ["7", "8", "9"]
    streamed = events(post(ScriptedEngine(), {**body, "stream": True, "stream_options": {"include_usage": True}}))
    texts = dict.fromkeys(range(3), "")
    for event in streamed:
        for choice in event["choices"]:
            texts[choice["index"]] += choice["delta"].get("content", "")
    assert set(texts.values()) == {"Say it."} and streamed[-1]["usage"] == whole["usage"]


def test_figures_and_schema_reach_the_engine() -> None:
    engine = ScriptedEngine()
    schema = {"type": "object", "properties": {"a": {"type": "string"}}}
    form = {"type": "json_schema", "json_schema": {"name": "a", "strict": True, "schema": schema}}
    post(engine, {"messages": ASK, "response_format": form, "presence_penalty": 0.5, "logit_bias": {"5": -100}})
    post(engine, {"messages": ASK, "response_format": {"type": "json_object"}, "frequency_penalty": -1})
    post(engine, {"messages": ASK, "response_format": {"type": "text"}})
    held, free_form, text = (request.sampling for request in engine.requests)
    assert json.loads(held.schema) == schema
    assert (held.presence_penalty, held.logit_bias, free_form.frequency_penalty) == (0.5, ((5, -100.0),), -1.0)
    assert json.loads(free_form.schema) == {"type": "object"} and text.schema == ""


@pytest.mark.parametrize("choice", [None, "auto"])
def test_calls_are_taken_out_of_the_answer(choice: str | None) -> None:
    body = {"messages": ASK, "tools": [WEATHER], "tool_choice": choice}
    answer = post(ScriptedEngine([TWICE]), body).json()["choices"][0]
    assert (answer["finish_reason"], answer["message"]["content"]) == ("tool_calls", "I look. ")
    found = [call["function"] for call in answer["message"]["tool_calls"]]
    assert [json.loads(call["arguments"])["city"] for call in found] == ["Paris", "北京"]
    deltas = [
        choice
        for event in events(post(ScriptedEngine([TWICE]), {**body, "stream": True}))
        for choice in event["choices"]
    ]
    calls = [call for one in deltas for call in one["delta"].get("tool_calls", ())]
    assert [(call["index"], call["function"]["name"]) for call in calls] == [(0, "weather"), (1, "weather")]
    assert "".join(one["delta"].get("content", "") for one in deltas) == "I look. "
    assert deltas[-1]["finish_reason"] == "tool_calls"
    single = post(ScriptedEngine([TWICE]), {**body, "parallel_tool_calls": False}).json()["choices"][0]["message"]
    assert len(single["tool_calls"]) == 1


@pytest.mark.parametrize("choice", ["required", {"type": "function", "function": {"name": "weather"}}])
def test_a_call_that_must_be_made_has_begun(choice: object) -> None:
    engine = ScriptedEngine([SAID])
    message = post(engine, {"messages": ASK, "tools": [WEATHER, *TOOLS], "tool_choice": choice}).json()["choices"][0]
    assert message["message"]["content"] is None and message["finish_reason"] == "tool_calls"
    asked = engine.requests[0]
    assert asked.messages[-1] == Message("assistant", "<tool_call>\n")
    named = [one["properties"]["name"]["const"] for one in json.loads(asked.sampling.schema)["anyOf"]]
    assert named == (["weather", "f"] if choice == "required" else ["weather"])


def test_tools_that_must_not_be_called_are_not_told() -> None:
    engine = ScriptedEngine()
    post(engine, {"messages": ASK, "tools": [WEATHER], "tool_choice": "none"})
    assert engine.prompts[0][0].tools == ()


def test_a_call_and_what_came_of_it_go_back_to_the_model() -> None:
    engine = ScriptedEngine()
    call = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Paris"}'}}
    history = [
        *ASK,
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "Rain"},
    ]
    assert post(engine, {"messages": history, "tools": [WEATHER]}).status_code == 200
    assert engine.prompts[0][1:] == (
        Message("assistant", "", calls=(ToolCall("c1", "weather", '{"city": "Paris"}'),)),
        Message("tool", "Rain", call="c1"),
    )


def chunked(text: str, size: int) -> Iterator[Chunk]:
    yield from (Chunk(text[at : at + size], 1) for at in range(0, len(text), size))
    yield Chunk(finish="stop", usage=Usage(1, 1))


OFFERED = [Message("user", "x", tools=(json.dumps(WEATHER),))]
BARE = '{"name": "weather", "arguments": {"city": "Paris"}}'


@pytest.mark.parametrize("size", [1, 2, 7, 400])
@pytest.mark.parametrize(
    ("text", "left", "calls"),
    [
        (TWICE, "I look. ", 2),
        (SAID.removesuffix("</tool_call>"), "", 1),
        (BARE, "", 1),
        (BARE + "\n" + BARE.replace("Paris", "Oslo"), "", 2),
        (f"```json\n{BARE}\n```", "", 1),
        (f"```json\n{BARE}\n``` is how", f"```json\n{BARE}\n``` is how", 0),
        ('{"name": "Ann", "age": 3}', '{"name": "Ann", "age": 3}', 0),
        ("```python\nx = 1\n```", "```python\nx = 1\n```", 0),
        ("a <tool_call> b </tool_call> c", "a <tool_call> b </tool_call> c", 0),
        (SAID.replace("weather", "unknown"), SAID.replace("weather", "unknown"), 0),
        ("ends in <tool", "ends in <tool", 0),
    ],
)
def test_calls_however_the_text_is_cut(text: str, left: str, calls: int, size: int) -> None:
    chunks = list(read(chunked(text, size), OFFERED, Sampling(), lambda: 1))
    assert "".join(chunk.text for chunk in chunks) == left
    assert len([call for chunk in chunks for call in chunk.calls]) == calls
    assert [chunk.finish for chunk in chunks[-1:]] == ["stop"]


@pytest.mark.parametrize("call", [BARE, SAID])
@pytest.mark.parametrize("size", [1, 7])
def test_a_call_that_is_made_again_and_again_ends_the_answer(call: str, size: int) -> None:
    other = call.replace("Paris", "Oslo")
    chunks = list(read(chunked("\n".join([call, other, *[call] * 50]), size), OFFERED, Sampling(), lambda: 9))
    cities = [json.loads(made.arguments)["city"] for chunk in chunks for made in chunk.calls]
    assert cities == ["Paris", "Oslo", "Paris"]
    assert "".join(chunk.text for chunk in chunks) == ""
    assert chunks[-1].finish == "stop" and chunks[-1].usage
    assert (chunks[-1].usage.prompt, chunks[-1].usage.completion) == (9, len(chunks))
    assert len(chunks) * size < 6 * len(call), "the rest was not waited for"


def test_a_free_answer_streams_while_tools_are_offered() -> None:
    chunks = list(read(chunked("Hello <b>you</b>", 4), OFFERED, Sampling(), lambda: 1))
    assert [chunk.text for chunk in chunks] == ["Hell", "o <b", ">you", "</b>", ""]


def test_a_model_that_has_not_learnt_to_call_refuses_tools() -> None:
    template = ChatTemplate("{% for m in messages %}{{ m.content }}{% endfor %}")
    with pytest.raises(InputError) as refused:
        template.render(OFFERED)
    assert (refused.value.kind, refused.value.details["param"]) == ("no_tools", "tools")
