"""The OpenAI-compatible HTTP API: `/v1` over the same engine as the page, and `/health`.

POST /v1/chat/completions, GET /v1/models and /v1/models/{id} follow OpenAI (see `chatbot.api.protocol`); an adapter's name is
a model name, as in vLLM. POST /v1/score and POST /v1/tokenize are extensions. GET /health needs no key.

Who may call: with an API key, whoever sends it as `Authorization: Bearer KEY`, from anywhere. Without one, programs that
can reach the port, and pages of this very origin (`chatbot.access.origin`). No CORS headers are ever sent.
"""

import hmac
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from functools import partial
from threading import Event
from typing import Any

from anyio.to_thread import run_sync
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from chatbot.api.protocol import ChatRequest, ScoreRequest, TokenizeRequest, conversation, parse
from chatbot.api.stream import ChatAnswer, error_response
from chatbot.common.errors import AccessDenied, AdapterNotFound, BanyanError, InputError
from chatbot.engine.adapters.folders import visible
from chatbot.engine.adapters.purpose import for_chat
from chatbot.engine.base import Engine
from chatbot.tasks.loops import begun, until_it_loops
from chatbot.types import Adapter, Chunk, LoadState, Message, Sampling

_log = logging.getLogger(__name__)
Handler = Callable[[Request], Awaitable[Response]]


def routes(
    engine: Engine,
    *,
    state: Callable[[], LoadState],
    api_key: str | None = None,
    closed: bool = False,
    versions: Mapping[str, str] | None = None,
) -> list[Route]:
    """The routes, for `demo.launch(app_kwargs={"routes": ...})` or any Starlette app.

    `closed` says that people must sign in to see the page: without an API key `/v1` then answers nobody.
    """
    api = _Api(engine)
    guard = partial(_guarded, api_key=api_key, closed=closed)
    return [
        Route("/v1/chat/completions", guard(api.chat), methods=["POST"]),
        Route("/v1/score", guard(api.score), methods=["POST"]),
        Route("/v1/tokenize", guard(api.tokenize), methods=["POST"]),
        Route("/v1/models", guard(api.models), methods=["GET"]),
        Route("/v1/models/{id:path}", guard(api.model), methods=["GET"]),
        Route("/health", partial(_health, engine, state, dict(versions or {})), methods=["GET"]),
    ]


class _Api:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def chat(self, request: Request) -> Response:
        asked = parse(ChatRequest, await request.body())
        messages = conversation(asked.messages, begun=bool(asked.continue_final_message))
        adapter = await self._adapter(asked.model)
        sampling = asked.sampling(self._engine.context_window, self._engine.traits.sampling)
        if sampling.top_logprobs is not None and not self._engine.supports_logprobs:
            raise InputError("This engine gives no log-probabilities; please leave logprobs out.", param="logprobs")
        return ChatAnswer(
            lambda stop: self._answer(messages, sampling, adapter, stop),
            model=adapter or self._engine.model,
            stream=bool(asked.stream),
            include_usage=asked.stream_options is not None and asked.stream_options.include_usage,
        )

    def _answer(
        self, messages: Sequence[Message], sampling: Sampling, adapter: str | None, stop: Event
    ) -> Iterator[Chunk]:
        """What loops is ended: without `max_tokens` it would hold its slot until the window is full."""
        chunks = self._engine.stream(messages, sampling, adapter=adapter, stop=stop)
        return until_it_loops(chunks, lambda: self._engine.count_prompt(messages), begun(messages))

    async def score(self, request: Request) -> Response:
        asked = parse(ScoreRequest, await request.body())
        messages = conversation(asked.messages)
        adapter = await self._adapter(asked.model)
        scores = await run_sync(lambda: self._engine.score(messages, asked.continuations, adapter=adapter))
        return JSONResponse({"object": "score", "model": adapter or self._engine.model, "scores": scores})

    async def tokenize(self, request: Request) -> Response:
        asked = parse(TokenizeRequest, await request.body())
        await self._adapter(asked.model)  # every adapter has the base model's tokenizer
        if asked.messages is not None:
            messages = conversation(asked.messages, begun=bool(asked.continue_final_message))
            count = await run_sync(self._engine.count_prompt, messages)
        else:
            count = await run_sync(self._engine.count_tokens, asked.prompt or "")
        return JSONResponse({"count": count, "max_model_len": self._engine.context_window})

    async def models(self, request: Request) -> Response:
        every = request.query_params.get("adapters") == "all"
        return JSONResponse({"object": "list", "data": await self._cards(every=every)})

    async def model(self, request: Request) -> Response:
        name = request.path_params["id"]
        for card in await self._cards(every=True):
            if card["id"] == name:
                return JSONResponse(card)
        raise _no_model(name)

    async def _cards(self, *, every: bool) -> list[dict[str, Any]]:
        """The adapters of tasks only with `every`: who chats with one that answers from passages is told that nothing is there."""
        shared = await run_sync(self._shared)
        adapters = shared if every else for_chat(shared)
        base = self._card(self._engine.model, parent=None, task="")
        return [base, *(self._card(known.name, parent=self._engine.model, task=known.task) for known in adapters)]

    def _card(self, name: str, *, parent: str | None, task: str) -> dict[str, Any]:
        return {
            "id": name,
            "object": "model",
            "created": 0,  # the protocol wants a number; when a model was made is not known
            "owned_by": "banyan",
            "parent": parent,
            "task": task or None,
            "context_window": self._engine.context_window,
        }

    async def _adapter(self, model: str | None) -> str | None:
        if model is None or model == self._engine.model:
            return None
        for look in (self._listed, self._shared):  # the folder is read only for a name that is not known yet
            if any(model == known.name for known in await run_sync(look)):
                return model
        raise _no_model(model)

    def _listed(self) -> list[Adapter]:
        return visible(self._engine.adapters(), "")

    def _shared(self) -> list[Adapter]:
        """Everybody's adapters as they are on disk now: a key of the API names no person, so others' stay hidden."""
        self._engine.refresh()
        return self._listed()


def _no_model(name: str) -> AdapterNotFound:
    return AdapterNotFound(
        f"There is no model or adapter “{name}”. GET /v1/models?adapters=all lists them.", name=name, param="model"
    )


async def _health(engine: Engine, state: Callable[[], LoadState], versions: dict[str, str], _: Request) -> Response:
    """Never waits for the model, so it tells from the first second how far loading is."""
    now = state()
    body: dict[str, Any] = {"status": now.status, "step": str(now), "progress": now.fraction}
    for key, read in _ENGINE_FACTS.items():
        try:
            body[key] = read(engine)
        except BanyanError:  # a model under way knows not all of itself yet
            body[key] = None
    return JSONResponse({**body, "versions": versions}, 503 if now.status == "failed" else 200)


_ENGINE_FACTS: dict[str, Callable[[Engine], object]] = {
    "engine": lambda engine: engine.name,
    "model": lambda engine: engine.model,
    "device": lambda engine: engine.device,
    "load": lambda engine: engine.load(),
}


def _guarded(handler: Handler, *, api_key: str | None, closed: bool) -> Handler:
    """Let in who may come in, and answer every failure in OpenAI's form."""

    async def guarded(request: Request) -> Response:
        try:
            if closed:
                raise AccessDenied("This server asks people to sign in; start it with --api-key to open /v1.")
            if api_key is not None:
                _check_key(request, api_key)
            return await handler(request)
        except BanyanError as error:
            return error_response(error)
        except ClientDisconnect:
            return Response(status_code=400)  # nobody is there to read it
        except Exception:
            _log.exception("%s %s failed", request.method, request.url.path)
            return error_response(BanyanError("Something went wrong here; the server's log says what."))

    return guarded


def _check_key(request: Request, api_key: str) -> None:
    scheme, _, sent = request.headers.get("authorization", "").partition(" ")
    if not hmac.compare_digest(sent.strip().encode(), api_key.encode()) or scheme.lower() != "bearer":
        raise AccessDenied("The API key is missing or wrong. Send it as “Authorization: Bearer KEY”.")
