"""The API as OpenAI's own Python client sees it, over a real socket."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event
from typing import Any

import httpx
import openai
import pytest
from openai import OpenAI
from openai.types.chat import ChatCompletionMessageParam
from starlette.applications import Starlette
from starlette.testclient import TestClient

from chatbot.access.owner import SCRIPT, OwnerCookie
from chatbot.api.keys import Door
from chatbot.api.routes import routes
from chatbot.common.errors import EngineError, ModelLoading
from chatbot.common.step import Step
from chatbot.engine.scripted import ScriptedEngine
from chatbot.types import Adapter, LoadState, Message, Sampling, Traits
from tests.chatbot.serving import serving

ASK: list[ChatCompletionMessageParam] = [{"role": "user", "content": "Say it."}]
TOOLS = [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]
CALL = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
READY = LoadState("ready")


def app(engine: ScriptedEngine, **options: Any) -> Starlette:
    return Starlette(routes=list(routes(engine, **{"state": lambda: READY, **options})))


@pytest.fixture
def engine() -> ScriptedEngine:
    return ScriptedEngine(model="tree", adapters=[Adapter("summarize", task="summarize")])


@pytest.fixture
def client(engine: ScriptedEngine) -> Iterator[OpenAI]:
    with serving(app(engine)) as url, OpenAI(base_url=f"{url}/v1", api_key="any", max_retries=0) as client:
        yield client


def post(engine: ScriptedEngine, body: object, **options: Any) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    with TestClient(app(engine, **options)) as http:
        response = http.post("/v1/chat/completions", content=content)
        return httpx.Response(response.status_code, headers=response.headers, content=response.content)


def until(condition: Callable[[], bool]) -> None:
    """Wait for what another thread does; the suite's own timeout is the limit."""
    while not condition():
        Event().wait(0.01)


def test_whole_answer_with_usage(client: OpenAI) -> None:
    answer = client.chat.completions.create(model="tree", messages=[{"role": "user", "content": "Hello 你好!"}])
    assert answer.choices[0].message.content == "Hello 你好!"
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage is not None
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens, answer.usage.total_tokens) == (6, 4, 10)


def test_streamed_answer_comes_in_pieces_with_usage_last(client: OpenAI) -> None:
    stream = client.chat.completions.create(
        model="tree", messages=ASK, stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    pieces = [choice.delta.content for chunk in chunks for choice in chunk.choices if choice.delta.content]
    assert pieces == ["Say", " it."]
    assert [choice.finish_reason for chunk in chunks for choice in chunk.choices] == [None, None, None, "stop"]
    assert chunks[-1].choices == [] and chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == 2
    assert len({chunk.id for chunk in chunks}) == 1


@pytest.mark.parametrize("stop", ["three", ["nine", "three"]])
def test_stop_and_max_tokens(client: OpenAI, stop: str | list[str]) -> None:
    ask: list[ChatCompletionMessageParam] = [{"role": "user", "content": "one two three four"}]
    stopped = client.chat.completions.create(model="tree", messages=ask, stop=stop)
    assert (stopped.choices[0].message.content, stopped.choices[0].finish_reason) == ("one two ", "stop")
    cut = client.chat.completions.create(model="tree", messages=ask, max_tokens=2)
    assert (cut.choices[0].message.content, cut.choices[0].finish_reason) == ("one two", "length")
    newer = client.chat.completions.create(model="tree", messages=ask, max_completion_tokens=1)
    assert newer.choices[0].message.content == "one"


def test_sampling_and_adapter_reach_the_engine(client: OpenAI, engine: ScriptedEngine) -> None:
    client.chat.completions.create(
        model="summarize", messages=ASK, seed=7, temperature=0.5, top_p=0.6, extra_body={"top_k": 3, "min_p": 0.1}
    )
    asked = engine.requests[0]
    assert asked.adapter == "summarize"
    sampling = asked.sampling
    assert (sampling.seed, sampling.temperature, sampling.top_p) == (7, 0.5, 0.6)
    assert (sampling.top_k, sampling.min_p) == (3, 0.1)
    assert sampling.max_tokens == engine.context_window


COOL = Sampling(temperature=0.25, top_p=0.9, top_k=7, min_p=0.2, repetition_penalty=1.1)


@pytest.mark.parametrize(
    ("sent", "drawn"),
    [
        ({}, COOL),
        ({"seed": 7}, replace(COOL, seed=7)),
        ({"temperature": 1.0}, Sampling(temperature=1.0)),  # who says how words are chosen says all of it
        ({"min_p": 0.1}, Sampling(min_p=0.1)),
    ],
)
def test_who_names_no_figures_gets_the_models_own(sent: dict[str, Any], drawn: Sampling) -> None:
    engine = ScriptedEngine(traits=Traits(sampling=COOL))
    post(engine, {"messages": ASK, "max_tokens": 9, **sent})
    assert engine.requests[0].sampling == replace(drawn, max_tokens=9)


def test_messages_are_merged_and_parts_joined(client: OpenAI, engine: ScriptedEngine) -> None:
    client.chat.completions.create(
        model="tree",
        messages=[
            {"role": "developer", "content": "Be brief."},
            {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
            {"role": "user", "content": "c"},
        ],
    )
    assert engine.prompts == [(Message("system", "Be brief."), Message("user", "a\nb\n\nc"))]


def test_an_answer_can_be_sent_back_as_the_client_holds_it(client: OpenAI, engine: ScriptedEngine) -> None:
    said = client.chat.completions.create(model="tree", messages=ASK).choices[0].message
    history: list[Any] = [*ASK, said.model_dump(include={"role", "content", "refusal", "tool_calls"}), *ASK]
    assert client.chat.completions.create(model="tree", messages=history).choices[0].message.content == "Say it."
    assert [message.role for message in engine.prompts[-1]] == ["user", "assistant", "user"]


BEGUN: list[dict[str, str]] = [
    {"role": "user", "content": "one two three"},
    {"role": "assistant", "content": "one two"},
]


@pytest.mark.parametrize("more", [{}, {"add_generation_prompt": False}])
def test_an_answer_is_gone_on_with_as_vllm_has_it(engine: ScriptedEngine, more: dict[str, Any]) -> None:
    answer = post(engine, {"messages": BEGUN, "continue_final_message": True} | more).json()
    assert answer["choices"][0]["message"]["content"] == " three"
    with TestClient(app(engine)) as http:
        counted = http.post("/v1/tokenize", json={"messages": BEGUN, "continue_final_message": True} | more).json()
    assert counted["count"] == answer["usage"]["prompt_tokens"] == 7


def test_errors_are_the_clients_own_exceptions(client: OpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match="no model or adapter “oak”"):
        client.chat.completions.create(model="oak", messages=ASK)
    with pytest.raises(openai.BadRequestError, match="“mirostat” would change the answer") as unknown:
        client.chat.completions.create(model="tree", messages=ASK, extra_body={"mirostat": 2})
    assert unknown.value.param == "mirostat"
    with pytest.raises(openai.BadRequestError, match="temperature must be between 0 and 2"):
        client.chat.completions.create(model="tree", messages=ASK, temperature=3)
    with pytest.raises(openai.BadRequestError, match="Please shorten it") as long:
        client.chat.completions.create(model="tree", messages=[{"role": "user", "content": "word " * 3000}])
    assert long.value.code == "context_overflow"


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"n": 0}, "n"),
        ({"n": 5}, "n"),  # the engine writes four at once
        ({"presence_penalty": 2.5}, "presence_penalty"),
        ({"functions": [{"name": "f"}]}, "functions"),
        ({"guided_regex": "a+"}, "guided_regex"),
        ({"chat_template_kwargs": {"enable_thinking": True}}, "chat_template_kwargs"),
        ({"response_format": {"type": "xml"}}, "response_format.type"),
        ({"response_format": {"type": "json_schema"}}, "response_format"),
        ({"response_format": {"type": "json_object"}, "tools": TOOLS}, "tools"),
        ({"tools": TOOLS, "tool_choice": {"type": "function", "function": {"name": "g"}}}, "tool_choice"),
        ({"tools": [{"type": "web_search"}]}, "tools.0.type"),
        ({"max_tokens": "5"}, "max_tokens"),
        ({"logprobs": True}, "logprobs"),
        ({"logit_bias": {"five": 1}}, "logit_bias"),
        ({"logit_bias": {"5": 101}}, "logit_bias"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "critic", "content": "x"}]}, "messages.0.role"),
        ({"messages": [*ASK, {"role": "assistant", "tool_calls": [CALL]}]}, "messages"),
        ({"messages": [{"role": "assistant", "content": "x"}]}, "messages"),
        ({"messages": [{"role": "assistant", "content": "x"}], "continue_final_message": True}, "messages"),
        ({"continue_final_message": True}, "messages"),
        ({"continue_final_message": True, "add_generation_prompt": True}, None),
        ({"add_generation_prompt": False}, "messages"),
        ({"messages": [{"role": "user", "content": "a\u0000b"}]}, "messages.0.content"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "messages.0.content.0.type"),
    ],
)
def test_what_cannot_be_honoured_is_refused_by_name(engine: ScriptedEngine, change: object, param: str | None) -> None:
    response = post(engine, {"messages": ASK} | dict(change))  # type: ignore[call-overload]
    assert response.status_code == 400
    assert response.json()["error"]["param"] == param
    assert engine.requests == []


@pytest.mark.parametrize(
    "body", [b"{", b"\xff\xfe", b'{"messages":[{"role":"user","content":"\\ud800"}]}', b"[" * 9999]
)
def test_broken_json_is_an_input_error(engine: ScriptedEngine, body: bytes) -> None:
    response = post(engine, body)
    assert response.status_code == 400
    assert "not valid JSON" in response.json()["error"]["message"]


def test_neutral_values_are_accepted(engine: ScriptedEngine) -> None:
    body = {"messages": ASK, "n": 1, "presence_penalty": 0, "frequency_penalty": 0.0, "logit_bias": {}, "user": "me"}
    assert post(engine, {**body, "stop": None, "seed": None}).status_code == 200


@pytest.mark.parametrize(("count", "status"), [(64, 200), (65, 400)])
def test_so_many_continuations_are_scored_at_once(engine: ScriptedEngine, count: int, status: int) -> None:
    with TestClient(app(engine)) as http:
        answer = http.post("/v1/score", json={"messages": ASK, "continuations": ["yes"] * count})
    assert answer.status_code == status
    assert status != 200 or len(answer.json()["scores"]) == count


@pytest.mark.parametrize(("count", "status"), [(16, 200), (17, 400)])
def test_so_many_stop_strings_are_taken(engine: ScriptedEngine, count: int, status: int) -> None:
    assert post(engine, {"messages": ASK, "stop": [f"end{n}" for n in range(count)]}).status_code == status


def test_a_failure_midway_ends_that_stream_with_an_error() -> None:
    engine = ScriptedEngine([("Well, I", EngineError("The cable is out.")), "fine"])
    with serving(app(engine)) as url, OpenAI(base_url=f"{url}/v1", api_key="any", max_retries=0) as client:
        got = []
        with pytest.raises(openai.APIError, match="The cable is out"):
            for chunk in client.chat.completions.create(model="scripted", messages=ASK, stream=True):
                got.append(chunk.choices[0].delta.content)
        assert got == ["", "Well,", " I"]
        assert client.chat.completions.create(model="scripted", messages=ASK).choices[0].message.content == "fine"


@pytest.mark.parametrize("error", [RuntimeError("secret path"), ModelLoading("Still loading.")])
def test_a_failure_before_the_first_token_has_its_status(error: Exception) -> None:
    response = post(ScriptedEngine([error]), {"messages": ASK, "stream": True})
    expected = error.status if isinstance(error, ModelLoading) else 500
    assert response.status_code == expected
    assert "secret path" not in response.text
    assert ("Retry-After" in response.headers) == (expected == 503)


@pytest.mark.parametrize("stream", [True, False])
def test_a_client_that_leaves_ends_the_work(stream: bool) -> None:
    engine = ScriptedEngine(["word " * 500], seconds_per_token=3600)  # gone before the first token
    with serving(app(engine)) as url:
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(f"{url}/v1/chat/completions", json={"messages": ASK, "stream": stream}, timeout=1)
        assert len(engine.requests) == 1
        until(lambda: engine.load()["running"] == 0)


def test_a_client_that_leaves_midway_ends_the_work() -> None:
    engine = ScriptedEngine(["word " * 100_000], seconds_per_token=0.02, context_window=1_000_000)
    with serving(app(engine)) as url:
        body = {"messages": ASK, "stream": True}
        with httpx.stream("POST", f"{url}/v1/chat/completions", json=body) as response:
            lines = response.iter_lines()  # kept: httpx hangs up when this generator is collected
            next(lines)
            assert engine.load()["running"] == 1
        until(lambda: engine.load()["running"] == 0)


def test_two_clients_at_once_get_each_their_own(client: OpenAI) -> None:
    def ask(text: str) -> str | None:
        answer = client.chat.completions.create(model="tree", messages=[{"role": "user", "content": text}])
        return answer.choices[0].message.content

    texts = [f"number {n}" for n in range(24)]
    with ThreadPoolExecutor(12) as pool:
        assert list(pool.map(ask, texts)) == texts


def test_models_lists_adapters_with_their_parent(client: OpenAI) -> None:
    cards = [card.model_dump() for card in client.models.list(extra_query={"adapters": "all"})]
    assert [(card["id"], card["parent"], card["task"]) for card in cards] == [
        ("tree", None, None),
        ("summarize", "tree", "summarize"),
    ]
    assert client.models.retrieve("summarize").model_dump()["context_window"] == 2048
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("oak")


def test_the_adapters_of_tasks_are_listed_only_to_who_asks_for_them() -> None:
    """Programs offer people whatever is listed as somebody to chat with."""
    adapters = [Adapter("pirate", task="chat"), Adapter("mine"), Adapter("answer", task="answer")]
    engine = ScriptedEngine(model="tree", adapters=adapters)
    with serving(app(engine)) as url, OpenAI(base_url=f"{url}/v1", api_key="any", max_retries=0) as client:
        assert [model.id for model in client.models.list()] == ["tree", "pirate", "mine"]
        every = client.models.list(extra_query={"adapters": "all"})
        assert [model.id for model in every] == ["tree", "pirate", "mine", "answer"]
        assert client.models.retrieve("answer").id == "answer"
        assert client.chat.completions.create(model="answer", messages=ASK).model == "answer"


def test_score_and_tokenize(engine: ScriptedEngine) -> None:
    with TestClient(app(engine)) as http:
        scores = http.post("/v1/score", json={"messages": ASK, "continuations": ["yes", "not at all"]})
        assert scores.json()["scores"] == [-1.0, -3.0]
        assert http.post("/v1/tokenize", json={"prompt": "one two"}).json() == {"count": 2, "max_model_len": 2048}
        assert http.post("/v1/tokenize", json={"messages": ASK}).json()["count"] == 4
        assert http.post("/v1/tokenize", json={}).status_code == 400


@pytest.mark.parametrize("header", [None, "Bearer wrong", "Basic key", "Bearer ", "Bearer keyé"])
def test_a_wrong_key_is_refused(engine: ScriptedEngine, header: str | None) -> None:
    with TestClient(app(engine, door=Door("key"))) as http:
        headers = [(b"authorization", header.encode())] if header else []
        assert http.get("/v1/models", headers=headers).status_code == 401
        assert http.get("/v1/models", headers={"Authorization": "Bearer key"}).status_code == 200
        assert http.get("/health").status_code == 200


def test_a_page_with_sign_in_has_no_open_api(engine: ScriptedEngine) -> None:
    response = post(engine, {"messages": ASK}, door=Door(closed=True))
    assert response.status_code == 401
    assert "--api-key" in response.json()["error"]["message"]


def test_health_tells_how_far_loading_is(engine: ScriptedEngine) -> None:
    state = LoadState("loading", Step("fetching_hub", name="oak"), 0.5)
    with TestClient(app(engine, state=lambda: state, versions={"banyan": "1"})) as http:
        assert http.get("/health").json() == {
            "status": "loading",
            "step": "Fetching oak from the Hugging Face hub",
            "progress": 0.5,
            "engine": "scripted",
            "model": "tree",
            "device": "no model",
            "load": {"running": 0, "waiting": 0, "slots": 4},
            "servers": [],
            "versions": {"banyan": "1"},
        }


def test_a_program_on_this_machine_finds_on_v1_what_it_has_trained() -> None:
    mine, other = Adapter("mine", owner=f"guest:{SCRIPT}"), Adapter("other", owner="user:ann")
    engine = ScriptedEngine(model="tree", adapters=[mine, other])
    owned = OwnerCookie(app(engine), secret=b"x" * 32)
    with TestClient(owned, client=("127.0.0.1", 1)) as here, TestClient(owned, client=("192.168.0.7", 1)) as elsewhere:
        asked = {"model": "mine", "messages": ASK}
        assert here.post("/v1/chat/completions", json=asked).json()["model"] == "mine"
        assert {card["id"] for card in here.get("/v1/models").json()["data"]} == {"tree", "mine"}
        assert here.post("/v1/chat/completions", json=asked | {"model": "other"}).status_code == 404
        assert elsewhere.post("/v1/chat/completions", json=asked).status_code == 404


def test_an_adapter_of_one_person_is_nobodys_over_the_api() -> None:
    engine = ScriptedEngine(model="tree", adapters=[Adapter("shared"), Adapter("private", owner="ann")])
    with serving(app(engine)) as url, OpenAI(base_url=f"{url}/v1", api_key="any", max_retries=0) as client:
        assert {model.id for model in client.models.list()} == {"tree", "shared"}
        with pytest.raises(openai.NotFoundError):
            client.chat.completions.create(model="private", messages=ASK)
