"""Several servers behind one engine, one that is not up yet, and what is told of them."""

import socket
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

import app as product
from chatbot.api.routes import routes
from chatbot.common.errors import EngineError, ModelNotFound
from chatbot.engine.base import Engine, complete
from chatbot.engine.remote import offer, pool
from chatbot.engine.remote.engine import RemoteEngine
from chatbot.engine.scripted import ScriptedEngine
from chatbot.settings import Settings
from chatbot.types import GREEDY, Adapter, Sampling
from tests.chatbot.engine.remote.test_engine import ASK, READY, banyan, remote
from tests.chatbot.serving import serving

SLOWLY = Sampling(temperature=0, max_tokens=200)


def slow(seconds: float) -> ScriptedEngine:
    return ScriptedEngine([" ".join(map(str, range(150)))], seconds_per_token=seconds, adapters=[Adapter("both")])


def health(engine: Engine) -> dict[str, Any]:
    with TestClient(Starlette(routes=list(routes(engine, state=lambda: READY)))) as http:
        answer = http.get("/health")
    return {**answer.json(), "code": answer.status_code}


def test_one_of_two_dies_in_mid_stream_and_the_other_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "EVERY", 0.1)
    left, right = slow(0.5), slow(0.02)
    dying = ExitStack()
    with dying, serving(banyan(right)) as second:
        first = dying.enter_context(serving(banyan(left)))
        engine = RemoteEngine(f"{first}/v1, {second}/v1")
        broken, whole = engine.stream(ASK, SLOWLY), engine.stream(ASK, SLOWLY)
        assert next(broken).text and next(whole).text
        assert (left.load()["running"], right.load()["running"]) == (1, 1), "the one with fewer requests is asked"
        dying.close()
        with pytest.raises(EngineError, match="broke off"):
            list(broken)
        assert list(whole)[-1].finish == "stop"
        assert [complete(engine, ASK, GREEDY, adapter="both").text for _ in range(2)] == ["Say it, 请说。"] * 2
        errors = [str(server.error or "") for server in engine.servers]
        assert "cannot be reached" in errors[0] and errors[1] == ""
        told = health(engine)
        assert (told["code"], told["status"], told["servers"][0]["error"]) == (200, "ready", errors[0])
        engine.close()


def test_when_none_is_well_health_says_why_and_when_it_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "EVERY", 0.02)
    well = [True]

    async def models(_: Request) -> Response:
        return JSONResponse(
            {"data": [{"id": "oak"}, {"id": "gpt-4o"}]} if well[0] else {"error": "Out of memory"},
            200 if well[0] else 500,
        )

    with remote(Starlette(routes=[Route("/v1/models", models)])) as engine:
        assert engine.adapters() == [], "whoever has no parent is no adapter"
        well[0] = False
        until(lambda: health(engine)["code"] == 503)
        told = health(engine)
        assert told["status"] == "failed" and "Out of memory" in told["step"]
        well[0] = True
        until(lambda: health(engine)["status"] == "ready")


def until(condition: Callable[[], bool]) -> None:
    """The suite's own timeout is the limit."""
    while not condition():
        time.sleep(0.01)


def test_a_server_that_is_not_up_yet_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "EVERY", 0.02)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    steps: list[str] = []
    made: list[Engine] = []
    wanted = Settings(engine="remote", base_url=f"http://127.0.0.1:{port}", data=tmp_path)
    waiting = Thread(target=lambda: made.append(offer.OFFER.build(wanted, lambda step, _: steps.append(str(step)))))
    waiting.start()
    until(lambda: len(steps) > 2)
    assert "cannot be reached" in steps[-1] and not made
    with serving(banyan(ScriptedEngine(model="tree")), port=port):
        waiting.join()
        assert made[0].model == "tree"
        made[0].close()


def test_a_model_that_the_server_lacks_is_said_with_those_it_has() -> None:
    with (
        serving(banyan(ScriptedEngine(model="tree"))) as url,
        pytest.raises(ModelNotFound, match=r"no model “oak”\. It has: tree"),
    ):
        RemoteEngine(url, model="oak")


def test_without_a_name_the_servers_own_model_is_taken(tmp_path: Path) -> None:
    """What `auto` means on this machine is nothing to another."""
    with serving(banyan(ScriptedEngine(model="tree"))) as url:
        engine = product.build_engine(Settings(engine="remote", base_url=url, data=tmp_path))
        engine.start()
        assert engine.wait(30) and engine.model == "tree"
        engine.close()


def test_what_fails_before_its_first_token_is_tried_once_elsewhere() -> None:
    asked: list[str] = []

    def failing(status: int) -> Starlette:
        async def chat(_: Request) -> Response:
            asked.append("failing")
            return JSONResponse({"error": "down"}, status)

        models = {"data": [{"id": "scripted"}]}
        return Starlette(
            routes=[
                Route("/v1/models", lambda _: JSONResponse(models)),
                Route("/v1/chat/completions", chat, methods=["POST"]),
            ]
        )

    for status in (500, 503):
        with serving(failing(status)) as bad, serving(banyan(ScriptedEngine())) as good:
            engine = RemoteEngine(f"{bad},{good}")
            assert complete(engine, ASK, GREEDY).text == "Say it, 请说。"
            assert asked.pop() == "failing" and not asked
            engine.close()
        with remote(failing(status)) as engine, pytest.raises(EngineError):
            complete(engine, ASK, GREEDY)
        assert len(asked) == (2 if status == 500 else 1), "a busy one is not asked again"
        asked.clear()
