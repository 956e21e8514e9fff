"""The remote engine against our own API, llama.cpp's server, and servers that misbehave."""

import json
import logging
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any

import httpx
import pytest
import xllamacpp
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from chatbot.api.keys import Door
from chatbot.api.routes import routes
from chatbot.common.errors import (
    AdapterNotFound,
    BanyanError,
    ContextOverflow,
    EngineBusy,
    EngineError,
    EngineUnavailable,
    InputError,
    SettingsError,
)
from chatbot.engine.base import complete
from chatbot.engine.remote.engine import RemoteEngine
from chatbot.engine.remote.events import _events
from chatbot.engine.scripted import ScriptedEngine
from chatbot.tasks.classify.labels import SENTIMENT
from chatbot.tasks.classify.prompt import continuations, messages
from chatbot.tasks.scoring import NEVER, score_many
from chatbot.types import GREEDY, Adapter, Chunk, LoadState, Message, Sampling, Usage
from tests.chatbot.serving import serving
from tests.loops import running_alone

ASK = [Message("user", "Say it, 请说。")]
READY = LoadState("ready")
ENDLESS = Sampling(temperature=0, max_tokens=131_072)


def banyan(engine: ScriptedEngine, api_key: str | None = None) -> Starlette:
    return Starlette(routes=list(routes(engine, state=lambda: READY, door=Door(api_key))))


@contextmanager
def remote(app: Starlette, **options: Any) -> Iterator[RemoteEngine]:
    with serving(app) as url:
        engine = RemoteEngine(url, **options)
        try:
            yield engine
        finally:
            engine.close()


def made_up(answer: Callable[[dict[str, Any]], Response]) -> Starlette:
    """A server that lists one model, `oak`, and gives this answer to every chat request."""

    async def models(_: Request) -> Response:
        return JSONResponse({"data": [{"id": "oak", "max_model_len": 4096}]})

    async def chat(request: Request) -> Response:
        return answer(await request.json())

    return Starlette(routes=[Route("/v1/models", models), Route("/v1/chat/completions", chat, methods=["POST"])])


def events(*records: object, end: bool = True) -> Response:
    lines = [b"data: " + json.dumps(record).encode() + b"\n\n" for record in records]
    return StreamingResponse(iter([*lines, b"data: [DONE]\n\n"] if end else lines), media_type="text/event-stream")


def piece(text: str, finish: str | None = None) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": finish}]}


class TestBanyan:
    def test_answers_pass_through_unchanged(self) -> None:
        with remote(banyan(ScriptedEngine(model="tree", context_window=999))) as engine:
            assert (engine.model, engine.context_window) == ("tree", 999)
            chunks = list(engine.stream(ASK, GREEDY))
        assert [chunk.text for chunk in chunks] == ["Say", " it,", " 请", "说", "。", ""]
        assert chunks[-1] == Chunk(finish="stop", usage=Usage(7, 5))

    def test_sampling_arrives_whole(self) -> None:
        scripted = ScriptedEngine()
        sampling = Sampling(0.5, 0.6, 7, 0.1, 1.2, max_tokens=2, seed=9, stop=("#", "@"))
        with remote(banyan(scripted)) as engine:
            answer = complete(engine, ASK, sampling)
        assert answer.finish == "length"
        assert scripted.requests[0].sampling == sampling
        assert scripted.requests[0].messages == tuple(ASK)

    def test_an_answer_is_gone_on_with(self) -> None:
        scripted = ScriptedEngine()
        begun = [*ASK, Message("assistant", "Say it,")]
        with remote(banyan(scripted)) as engine:
            assert complete(engine, begun, GREEDY).text == " 请说。"
            assert engine.count_prompt(begun) == scripted.count_prompt(begun)
        assert scripted.requests[0].messages == tuple(begun)

    def test_adapters_are_models_with_a_parent(self) -> None:
        scripted = ScriptedEngine(model="tree", adapters=[Adapter("summarize", task="summarize")])
        with remote(banyan(scripted)) as engine:
            assert engine.adapters() == [Adapter("summarize", base="tree", task="summarize")]
            complete(engine, ASK, GREEDY, adapter="summarize")
            assert scripted.requests[0].adapter == "summarize"
            with pytest.raises(AdapterNotFound):
                complete(engine, ASK, GREEDY, adapter="oak")
            scripted._adapters.append(Adapter("new"))
            complete(engine, ASK, GREEDY, adapter="new")
            assert [known.name for known in engine.adapters()] == ["summarize", "new"]

    def test_counts_and_scores_are_the_servers(self) -> None:
        scripted = ScriptedEngine()
        with remote(banyan(scripted)) as engine:
            assert engine.count_tokens("one two 三") == 3
            assert engine.count_prompt(ASK) == scripted.count_prompt(ASK)
            assert engine.score(ASK, ["a b", "c"]) == [-2.0, -1.0]

    def test_a_long_prompt_is_a_context_overflow(self) -> None:
        with remote(banyan(ScriptedEngine(context_window=8))) as engine, pytest.raises(ContextOverflow):
            complete(engine, [Message("user", "word " * 9)], GREEDY)

    def test_a_failure_midway_keeps_what_was_said(self) -> None:
        scripted = ScriptedEngine([("one two", EngineError("The cable is out."))])
        said = []
        with remote(banyan(scripted)) as engine, pytest.raises(EngineError, match="The cable is out"):
            for chunk in engine.stream(ASK, GREEDY):
                said.append(chunk.text)
        assert said == ["one", " two"]

    @pytest.mark.parametrize("after", [0, 2])
    def test_stop_ends_the_work_on_the_server(self, after: int) -> None:
        """Also before the first byte: the scripted engine waits an hour for its next token."""
        scripted = ScriptedEngine(["one two three"], seconds_per_token=3600)
        stop = Event()
        if after:
            scripted = ScriptedEngine(["word " * 100_000], seconds_per_token=0.02, context_window=1_000_000)

        def stop_when_asked() -> None:
            until(lambda: bool(scripted.requests))
            stop.set()

        with remote(banyan(scripted)) as engine:
            if not after:
                Thread(target=stop_when_asked).start()
            chunks = []
            for chunk in engine.stream(ASK, ENDLESS, stop=stop):
                chunks.append(chunk)
                if after and len(chunks) == after:
                    stop.set()
            assert chunks[-1].finish == "cancelled"
            assert engine.load()["running"] == 0
            until(lambda: scripted.load()["running"] == 0)

    def test_closing_the_iterator_ends_the_work_on_the_server(self) -> None:
        scripted = ScriptedEngine(["word " * 100_000], seconds_per_token=0.02, context_window=1_000_000)
        with remote(banyan(scripted)) as engine:
            stream = engine.stream(ASK, ENDLESS)
            next(stream)
            stream.close()  # type: ignore[attr-defined]
            until(lambda: scripted.load()["running"] == 0)

    def test_the_key(self, caplog: pytest.LogCaptureFixture) -> None:
        app = banyan(ScriptedEngine(), api_key="sesame")
        with caplog.at_level(logging.DEBUG), remote(app, api_key="sesame") as engine:
            assert complete(engine, ASK, GREEDY).text == ASK[0].content
            assert "sesame" not in repr(engine) + engine.device + caplog.text
        with serving(app) as url, pytest.raises(EngineUnavailable, match="API key") as refused:
            RemoteEngine(url, api_key="wrong-key")
        assert "wrong-key" not in str(refused.value)


@pytest.fixture(scope="module")
def llama(bundled_gguf: Path) -> Iterator[RemoteEngine]:
    params = xllamacpp.CommonParams()
    params.model.path = str(bundled_gguf)
    params.n_ctx, params.n_parallel, params.port, params.warmup = 1024, 2, 0, False
    params.hostnames = ["127.0.0.1"]
    params.cpuparams.n_threads = 1
    server = xllamacpp.Server(params)
    engine = RemoteEngine(server.listening_address, slots=2)
    yield engine
    engine.close()
    del server


class TestLlamaServer:
    def test_a_greedy_answer_is_the_one_that_the_server_gives_whole(self, llama: RemoteEngine) -> None:
        body = {"messages": [{"role": "user", "content": ASK[0].content}], "temperature": 0, "max_tokens": 24}
        whole = httpx.post(f"{llama.url}/chat/completions", json=body, timeout=60).json()
        answer = complete(llama, ASK, Sampling(temperature=0, max_tokens=24))
        assert answer.text == whole["choices"][0]["message"]["content"] != ""
        assert answer.usage == Usage(whole["usage"]["prompt_tokens"], whole["usage"]["completion_tokens"])
        assert answer.usage.prompt == llama.count_prompt(ASK)

    def test_an_answer_is_gone_on_with(self, llama: RemoteEngine) -> None:
        whole = complete(llama, ASK, Sampling(temperature=0, max_tokens=24)).text
        begun = complete(llama, ASK, Sampling(temperature=0, max_tokens=8)).text
        rest = complete(llama, [*ASK, Message("assistant", begun)], Sampling(temperature=0, max_tokens=16)).text
        assert (begun + rest).startswith(whole)

    def test_the_window_is_that_of_one_slot(self, llama: RemoteEngine) -> None:
        assert llama.context_window == 512

    def test_tokens_are_the_models(self, llama: RemoteEngine) -> None:
        assert llama.count_tokens("Hello world") == 2

    def test_too_long_a_prompt(self, llama: RemoteEngine) -> None:
        with pytest.raises(ContextOverflow):
            complete(llama, [Message("user", "word " * 2000)], GREEDY)

    def test_logprobs(self, llama: RemoteEngine) -> None:
        answer = complete(llama, ASK, Sampling(temperature=0, max_tokens=3, top_logprobs=2))
        assert len(answer.logprobs) == 3
        for entry in answer.logprobs:
            assert len(entry.top) == 2
            assert entry.logprob == max(value for _, value in entry.top)

    def test_a_wrong_adapter_is_not_ignored(self, llama: RemoteEngine) -> None:
        with pytest.raises(AdapterNotFound):
            complete(llama, ASK, GREEDY, adapter="oak")

    def test_it_cannot_score_and_says_so(self, llama: RemoteEngine) -> None:
        assert not llama.supports_scores
        with pytest.raises(EngineError, match="cannot score"):
            llama.score(ASK, ["yes"])

    def test_where_it_cannot_score_a_label_is_chosen(self, llama: RemoteEngine) -> None:
        asked = [messages(text, SENTIMENT) for text in ("I love it, best purchase this year", "An awful, boring film")]
        found = dict(step for step in score_many(llama, asked, continuations(SENTIMENT)) if step)
        assert [sorted(found[place]) for place in (0, 1)] == [[NEVER, NEVER, 0.0]] * 2


class TestMisbehaving:
    def test_a_dead_server_is_named(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        with pytest.raises(EngineUnavailable, match=f"http://127.0.0.1:{port}/v1"):
            RemoteEngine(f"http://127.0.0.1:{port}")

    def test_a_server_that_dies_later(self) -> None:
        with serving(banyan(ScriptedEngine())) as url:
            engine = RemoteEngine(url)
        with pytest.raises(EngineUnavailable, match="cannot be reached"):
            complete(engine, ASK, GREEDY)
        engine.close()

    @pytest.mark.parametrize("address", ["", "localhost:8000", "ftp://host", "http://me:secret@host/v1"])
    def test_no_address(self, address: str) -> None:
        with pytest.raises(SettingsError) as refused:
            RemoteEngine(address)
        assert "secret" not in str(refused.value)

    def test_a_stream_that_ends_early_is_an_error(self) -> None:
        with remote(made_up(lambda _: events(piece("Well, "), end=False))) as engine:
            stream = engine.stream(ASK, GREEDY)
            assert next(stream).text == "Well, "
            with pytest.raises(EngineError, match="broke off"):
                next(stream)

    def test_a_connection_cut_midway_is_an_error(self) -> None:
        def cut() -> Iterator[bytes]:
            yield b"data: " + json.dumps(piece("Well, ")).encode() + b"\n\n"
            raise ConnectionError

        with remote(made_up(lambda _: StreamingResponse(cut()))) as engine:
            stream = engine.stream(ASK, GREEDY)
            assert next(stream).text == "Well, "
            with pytest.raises(EngineError, match="broke off"):
                list(stream)

    @pytest.mark.parametrize(
        ("status", "body", "expected"),
        [
            (400, {"error": {"message": "too long", "code": "context_length_exceeded"}}, ContextOverflow),
            (400, {"message": "This model's maximum context length is 2048 tokens."}, ContextOverflow),
            (400, {"error": {"message": "bad seed value"}}, InputError),
            (401, {"error": "no"}, EngineUnavailable),
            (404, {"message": "The model `oak` does not exist."}, AdapterNotFound),
            (404, "<html>", EngineUnavailable),
            (429, {"error": {"message": "slow down"}}, EngineBusy),
            (500, {"error": {"message": "CUDA"}}, EngineError),
        ],
    )
    def test_failures_are_told_apart(self, status: int, body: object, expected: type[BanyanError]) -> None:
        with (
            remote(made_up(lambda _: JSONResponse(body, status))) as engine,
            pytest.raises(expected) as failure,
        ):
            complete(engine, ASK, GREEDY)
        assert type(failure.value) is expected

    def test_a_strict_server_gets_the_request_again_without_extensions(self) -> None:
        seen: list[set[str]] = []

        def strict(body: dict[str, Any]) -> Response:
            seen.append(set(body))
            for field in ("stream_options", "top_k", "min_p"):
                if field in body:
                    message = f"Unrecognized request argument supplied: {field}"
                    return JSONResponse({"error": {"message": message}}, 400)
            return events(piece("fine"), piece("", "stop"))

        sampling = Sampling(top_k=5, min_p=0.1)
        with remote(made_up(strict)) as engine:
            answer = complete(engine, ASK, sampling)
            assert (answer.text, answer.usage.completion) == ("fine", 1)
            assert len(seen) == 4
            complete(engine, ASK, sampling)
        assert len(seen) == 5
        assert not seen[-1] & {"stream_options", "top_k", "min_p"}
        assert "top_p" in seen[-1]

    def test_a_server_that_cannot_go_on_with_an_answer_is_asked_to(self) -> None:
        seen: list[dict[str, Any]] = []

        def strict(body: dict[str, Any]) -> Response:
            seen.append(body)
            if "continue_final_message" in body:
                return JSONResponse({"error": {"message": "Unknown parameter: 'continue_final_message'."}}, 400)
            return events(piece("fine"), piece("", "stop"))

        with remote(made_up(strict)) as engine:
            for _ in range(2):
                assert complete(engine, [*ASK, Message("assistant", "Well")], GREEDY).text == "fine"
            complete(engine, ASK, GREEDY)
        roles = [[message["role"] for message in body["messages"]] for body in seen]
        assert roles == [["user", "assistant"], *[["user", "assistant", "user"]] * 2, ["user"]]
        assert "Go on" in seen[1]["messages"][-1]["content"]

    def test_characters_arrive_whole(self) -> None:
        records = (piece("\ud83c"), piece("\udf33 a\u2028b"), piece("", "stop"))
        raw = [b"data: " + json.dumps(records[0]).encode() + b"\n\n"]
        raw.append(b'data: {"choices":[{"delta":{"content":"\\udf33 a\xe2\x80\xa8b"}}]}\n\n')
        raw.append(b"data: " + json.dumps(records[2]).encode() + b"\n\ndata: [DONE]\n\n")
        split = [bytes([byte]) for byte in b"".join(raw)]
        with remote(made_up(lambda _: StreamingResponse(iter(split)))) as engine:
            assert [chunk.text for chunk in engine.stream(ASK, GREEDY) if chunk.text] == ["🌳 a\u2028b"]

    def test_without_usage_and_tokenizer_counts_are_estimates(self) -> None:
        with remote(made_up(lambda _: events(piece("a"), piece("b"), piece("", "length")))) as engine:
            answer = complete(engine, [Message("user", "x" * 30)], GREEDY)
            assert answer.usage == Usage(prompt=15, completion=2)
            assert answer.finish == "length"
            assert engine.count_tokens("木" * 4) == 4
            assert engine.context_window == 4096


def until(condition: Callable[[], bool]) -> None:
    """Wait for what another thread does; the suite's own timeout is the limit."""
    while not condition():
        Event().wait(0.01)


@pytest.mark.parametrize(("more", "read"), [(0, True), (1, False)])
def test_an_event_without_an_end_is_given_up_after_sixteen_megabytes(more: int, read: bool) -> None:
    async def found() -> list[str]:
        response = httpx.Response(200, content=b"data: on" + b" and on" * 7 + bytes((16 << 20) - 57 + more))
        return [data async for data in _events(response)]

    if read:
        assert running_alone(found())[0].startswith("on and on")
    else:
        with pytest.raises(EngineError, match="without an end"):
            running_alone(found())
