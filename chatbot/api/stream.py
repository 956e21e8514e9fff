"""Answers of the engine on their way to an HTTP client, whole or as server-sent events, in the form of a protocol."""

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence
from threading import Event, Thread
from typing import Any, Protocol

from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from chatbot.access.refusals import RETRY_AFTER
from chatbot.common.errors import BanyanError, EngineError
from chatbot.types import Chunk

_log = logging.getLogger(__name__)
Start = Callable[[Event], Iterator[Chunk]]
Piece = tuple[int, Chunk]
"""Which of the answers of a request, and what came of it."""
_KINDS = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}


def error_body(error: BanyanError) -> dict[str, Any]:
    kind = _KINDS.get(error.status, "invalid_request_error" if error.status < 500 else "server_error")
    return {"error": {"message": str(error), "type": kind, "code": error.code, "param": error.details.get("param")}}


def error_response(error: BanyanError) -> JSONResponse:
    headers = {"Retry-After": RETRY_AFTER} if error.status in {429, 503} else {}
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(error_body(error), error.status, headers)


class Form(Protocol):
    """How a protocol writes an answer down. One for each request: it may count."""

    def whole(self, choices: Sequence[Sequence[Chunk]]) -> dict[str, Any]: ...
    def opening(self) -> bytes: ...
    def events(self, choice: int, chunk: Chunk) -> bytes: ...
    def failed(self, error: BanyanError) -> bytes: ...
    def closing(self) -> bytes: ...


class Answer(Response):
    """Runs the engine's iterators in threads, and stops them as soon as the client is gone, even before the first token.

    A failure before the first chunk has its own HTTP status; a later one is an event in the stream.
    """

    def __init__(self, starts: Sequence[Start], form: Form, *, stream: bool) -> None:
        self.background = None
        self._starts, self._form, self._stream = starts, form, stream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        stop = Event()
        watcher = asyncio.create_task(_watch(receive, stop))
        chunks = _pump(self._starts, stop)
        try:
            first = await anext(chunks, (0, Chunk()))
            if self._stream:
                await self._send_events(first, chunks, send)
            else:
                await JSONResponse(await self._whole(first, chunks))(scope, receive, send)
        except BanyanError as error:
            await error_response(error)(scope, receive, send)
        finally:
            stop.set()
            watcher.cancel()
            await chunks.aclose()

    async def _whole(self, first: Piece, chunks: AsyncIterator[Piece]) -> dict[str, Any]:
        choices: list[list[Chunk]] = [[] for _ in self._starts]
        choices[first[0]].append(first[1])
        async for choice, chunk in chunks:
            choices[choice].append(chunk)
        if not all(got and got[-1].finish and got[-1].usage for got in choices):
            raise EngineError("The answer ended without a reason. Please try again.")
        return self._form.whole(choices)

    async def _send_events(self, first: Piece, chunks: AsyncIterator[Piece], send: Send) -> None:
        async def put(data: bytes, *, more: bool = True) -> None:
            await send({"type": "http.response.body", "body": data, "more_body": more})

        headers = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-cache")]
        headers.append((b"x-accel-buffering", b"no"))  # nginx would hold the stream back
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await put(self._form.opening() + self._events(*first))
        try:
            async for choice, chunk in chunks:
                await put(self._events(choice, chunk))
        except BanyanError as error:
            await put(self._form.failed(error), more=False)
        else:
            await put(self._form.closing(), more=False)

    def _events(self, choice: int, chunk: Chunk) -> bytes:
        if chunk.place:  # a comment: clients skip it, proxies see that the stream is alive
            return f": waiting, {chunk.place} in line\n\n".encode()
        return self._form.events(choice, chunk)


def finish_reason(chunk: Chunk) -> str:
    # OpenAI has no word for an answer that was cut short from outside, or that looped; "length" is its word for "not finished".
    return "length" if chunk.finish in ("cancelled", "loop") else str(chunk.finish)


def data(body: dict[str, Any], event: str = "") -> bytes:
    """A server-sent event."""
    name = f"event: {event}\n".encode() if event else b""
    return name + b"data: " + json.dumps(body, ensure_ascii=False).encode("utf-8", "replace") + b"\n\n"


async def _watch(receive: Receive, stop: Event) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    stop.set()


async def _pump(starts: Sequence[Start], stop: Event) -> AsyncGenerator[Piece, None]:
    """The chunks of blocking iterators, each of which runs in a thread of its own until its end or until `stop` is set."""
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[Piece | BanyanError | None] = asyncio.Queue()

    def put(item: Piece | BanyanError | None) -> None:
        try:
            loop.call_soon_threadsafe(queue.put_nowait, item)
        except RuntimeError:  # the server shut down and took its loop along
            stop.set()

    def work(choice: int, start: Start) -> None:
        try:
            for chunk in start(stop):
                put((choice, chunk))
            put(None)
        except BanyanError as error:
            put(error)
        except Exception:
            _log.exception("The engine failed")
            put(EngineError("The engine failed on this request; the server's log says why. The others go on."))

    # Daemons, and not the shared pool: waiting requests must neither starve the page nor hold up the end of the process.
    for choice, start in enumerate(starts):
        Thread(target=work, args=(choice, start), name="api-answer", daemon=True).start()
    left = len(starts)
    while left:
        item = await queue.get()
        if isinstance(item, BanyanError):
            raise item
        if item is None:
            left -= 1
        else:
            yield item
