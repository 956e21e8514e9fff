"""Likelihoods from servers that are no Banyan: the same numbers as the engine's own, or none."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from chatbot.api.routes import routes
from chatbot.common.errors import EngineError
from chatbot.engine.local.engine import LocalEngine
from chatbot.engine.remote.engine import RemoteEngine
from chatbot.types import LoadState, Message
from tests.chatbot.serving import serving
from tests.tiny import make_model

pytestmark = pytest.mark.slow

ASK = [Message("system", "Say which."), Message("user", "How many trunks has the fox 你好?")]
LABELS = ["one tree", " 我们", "many"]
Refusal = tuple[int, dict[str, Any]]


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalEngine]:
    engine = LocalEngine(
        make_model(tmp_path_factory.mktemp("model"), "qwen2"), name="tiny", adapters=list, dtype="fp32"
    )
    yield engine
    engine.close()


def vllm(local: LocalEngine, *, numbers: bool = True, completions: Refusal | None = None) -> Starlette:
    """Its /tokenize, which tells the numbers of tokens, and its refusal of /score (`vllm/entrypoints/serve/tokenize/protocol.py`), over
    our /completions, which echoes as its does. `completions` is what is refused instead."""

    async def tokenize(request: Request) -> Response:
        asked = await request.json()
        if "messages" in asked:
            tokens = local._prompter.encode([Message(one["role"], one["content"]) for one in asked["messages"]])
        else:
            assert asked["add_special_tokens"] is False
            tokens = local._prompter.tokenize(asked["prompt"])
        told: dict[str, Any] = {"count": len(tokens), "max_model_len": 2048}
        return JSONResponse(told | ({"tokens": tokens} if numbers else {}))

    async def score(_: Request) -> Response:
        return JSONResponse({"error": {"message": "The model does not support Score API"}}, 400)

    async def refuse(_: Request) -> Response:
        assert completions
        return JSONResponse(completions[1], completions[0])

    own = [Route("/tokenize", tokenize, methods=["POST"]), Route("/v1/score", score, methods=["POST"])]
    own += [Route("/v1/completions", refuse, methods=["POST"])] if completions else []
    return Starlette(routes=[*own, *routes(local, state=lambda: LoadState("ready"))])


def test_an_echo_tells_what_the_engine_itself_would(local: LocalEngine, tmp_path: Path) -> None:
    with serving(vllm(local)) as url:
        engine = RemoteEngine(url)
        assert engine.supports_scores
        assert engine.score(ASK, LABELS) == pytest.approx(local.score(ASK, LABELS), abs=1e-4)
        begun = [*ASK, Message("assistant", "The fox has")]
        assert engine.score(begun, LABELS) == pytest.approx(local.score(begun, LABELS), abs=1e-4)
        engine.close()


@pytest.mark.parametrize(
    ("options", "can"),
    [
        ({"numbers": False}, ""),
        ({"completions": (400, {"error": {"message": "echo is not supported"}})}, ""),
        ({"completions": (404, {"error": {"message": "This is a chat model and not supported here."}})}, ""),
        ({"completions": (500, {"error": {"message": "CUDA"}})}, ""),
        ({"completions": (429, {"error": {"message": "slow down"}})}, None),
        ({"completions": (200, {"choices": [{"text": "no logprobs"}]})}, ""),
    ],
    ids=str,
)
def test_a_server_that_tells_nothing_is_as_well_as_any(
    local: LocalEngine, options: dict[str, Any], can: str | None
) -> None:
    """It is asked for answers; only what is scored is done in another way."""
    with serving(vllm(local, **options)) as url:
        engine = RemoteEngine(url)
        assert not engine.supports_scores and engine._backends[0].scores == can
        assert [server.error for server in engine.servers] == [None]
        with pytest.raises(EngineError, match="cannot score"):
            engine.score(ASK, LABELS)
        engine.close()
