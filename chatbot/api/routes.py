"""The OpenAI-compatible HTTP API: `/v1` over the same engine as the page, and `/health`.

POST /v1/chat/completions, GET /v1/models and /v1/models/{id} follow OpenAI (see `chatbot.api.protocol`); an adapter's name is
a model name, as in vLLM. POST /v1/score and POST /v1/tokenize are extensions. GET /metrics is Prometheus' and opens as /v1 does;
GET /health needs no key.

Who may call: with an API key, whoever sends it as `Authorization: Bearer KEY`, from anywhere. Without one, programs that
can reach the port, and pages of this very origin (`chatbot.access.origin`). A user's own key (`chatbot.api.keys`) opens it in any
case, and what is that user's with it. No CORS headers are ever sent.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from anyio.to_thread import run_sync
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from chatbot.access.owner import caller
from chatbot.access.turns import asker
from chatbot.api import lines
from chatbot.api.embeddings import Embedder
from chatbot.api.handlers import Api
from chatbot.api.keys import Door
from chatbot.api.stream import error_response
from chatbot.common.errors import BanyanError
from chatbot.engine.base import Engine
from chatbot.types import LoadState, Server

_log = logging.getLogger(__name__)
Handler = Callable[[Request], Awaitable[Response]]


def routes(
    engine: Engine,
    *,
    state: Callable[[], LoadState],
    asked_by: Callable[[str], Engine] | None = None,
    door: Door = Door(),  # noqa: B008 - frozen
    versions: Mapping[str, str] | None = None,
    embedder: Embedder = lambda: None,
    metrics: Callable[[], bytes] = lambda: b"",
) -> list[Route]:
    """The routes, for `demo.launch(app_kwargs={"routes": ...})` or any Starlette app. `door` says who may call `/v1`.

    `asked_by` is the engine for whom a request counts, where askers take turns.
    """
    api = Api(engine, embedder, asked_by or (lambda asker: engine))
    guard = partial(_guarded, door=door)
    return [
        Route("/v1/chat/completions", guard(api.chat), methods=["POST"]),
        Route("/v1/responses", guard(api.responses), methods=["POST"]),
        Route("/v1/messages", guard(api.messages), methods=["POST"]),
        Route("/v1/messages/count_tokens", guard(api.count_tokens), methods=["POST"]),
        Route("/v1/completions", guard(api.completions), methods=["POST"]),
        Route("/v1/embeddings", guard(api.embeddings), methods=["POST"]),
        Route("/v1/score", guard(api.score), methods=["POST"]),
        Route("/v1/tokenize", guard(api.tokenize), methods=["POST"]),
        Route("/v1/models", guard(api.models), methods=["GET"]),
        Route("/v1/models/{id:path}", guard(api.model), methods=["GET"]),
        Route("/metrics", guard(partial(_metrics, metrics)), methods=["GET"]),
        Route("/health", partial(_health, engine, state, dict(versions or {})), methods=["GET"]),
    ]


async def _metrics(read: Callable[[], bytes], _: Request) -> Response:
    return Response(await run_sync(read), media_type="text/plain; version=0.0.4; charset=utf-8")


async def _health(engine: Engine, state: Callable[[], LoadState], versions: dict[str, str], _: Request) -> Response:
    """Never waits for the model, so it tells from the first second how far loading is; later how its servers do, if it has any."""
    now = state()
    body: dict[str, Any] = {"status": now.status, "step": str(now), "progress": now.fraction}
    for key, read in _ENGINE_FACTS.items():
        try:
            body[key] = read(engine)
        except BanyanError:  # a model under way knows not all of itself yet
            body[key] = None
    servers = body["servers"] or ()
    if now.status == "ready" and servers and all(server["error"] for server in servers):
        body |= {"status": "failed", "step": servers[0]["error"]}
    return JSONResponse({**body, "versions": versions}, 503 if body["status"] == "failed" else 200)


_ENGINE_FACTS: dict[str, Callable[[Engine], object]] = {
    "engine": lambda engine: engine.name,
    "model": lambda engine: engine.model,
    "device": lambda engine: engine.device,
    "load": lambda engine: engine.load(),
    "servers": lambda engine: [_told(server) for server in engine.servers],
}


def _told(server: Server) -> dict[str, object]:
    return {"url": server.url, "running": server.running, "error": str(server.error or "")}


def _guarded(handler: Handler, *, door: Door) -> Handler:
    """Let in who may come in, and answer every failure in OpenAI's form."""

    async def guarded(request: Request) -> Response:
        try:
            user = door.enter(request)
            request.state.acts_for = user or caller(request.scope)
            request.state.asker = user or asker(request.scope)
            lines.name(request.scope, user)
            return await handler(request)
        except BanyanError as error:
            return error_response(error)
        except ClientDisconnect:
            return Response(status_code=400)  # nobody is there to read it
        except Exception:
            _log.exception("%s %s failed", request.method, request.url.path)
            return error_response(BanyanError("Something went wrong here; the server's log says what."))

    return guarded
