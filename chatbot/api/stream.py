"""One answer of the engine on its way to an HTTP client, whole or as server-sent events, in OpenAI's form."""

import asyncio
import json
import logging
import secrets
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from threading import Event, Thread
from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from chatbot.access.refusals import RETRY_AFTER
from chatbot.api.protocol import logprobs_body, usage_body
from chatbot.common.errors import BanyanError, EngineError
from chatbot.types import Chunk, TokenLogprob, Usage

_log = logging.getLogger(__name__)
Start = Callable[[Event], Iterator[Chunk]]
_KINDS = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}


def error_body(error: BanyanError) -> dict[str, Any]:
    kind = _KINDS.get(error.status, "invalid_request_error" if error.status < 500 else "server_error")
    return {"error": {"message": str(error), "type": kind, "code": error.code, "param": error.details.get("param")}}


def error_response(error: BanyanError) -> JSONResponse:
    headers = {"Retry-After": RETRY_AFTER} if error.status in {429, 503} else {}
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(error_body(error), error.status, headers)


class ChatAnswer(Response):
    """Runs the engine's iterator in a thread, and stops it as soon as the client is gone, even before the first token.

    A failure before the first chunk has its own HTTP status; a later one is an `error` event in the stream.
    """

    def __init__(self, start: Start, *, model: str, stream: bool, include_usage: bool) -> None:
        self.background = None
        self._start = start
        self._stream = stream
        self._include_usage = include_usage
        self._head = {"id": f"chatcmpl-{secrets.token_hex(12)}", "created": int(time.time()), "model": model}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        stop = Event()
        watcher = asyncio.create_task(_watch(receive, stop))
        chunks = _pump(self._start, stop)
        try:
            first = await anext(chunks, Chunk())
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

    async def _whole(self, first: Chunk, chunks: AsyncIterator[Chunk]) -> dict[str, Any]:
        got = [first]
        got.extend([chunk async for chunk in chunks])
        last = got[-1]
        if last.finish is None or last.usage is None:
            raise EngineError("The answer ended without a reason. Please try again.")
        logprobs = [entry for chunk in got for entry in chunk.logprobs]
        choice = {
            "index": 0,
            "message": {"role": "assistant", "content": "".join(chunk.text for chunk in got)},
            "finish_reason": _finish(last),
            "logprobs": logprobs_body(logprobs) if logprobs else None,
        }
        return {**self._head, "object": "chat.completion", "choices": [choice], "usage": usage_body(last.usage)}

    async def _send_events(self, first: Chunk, chunks: AsyncIterator[Chunk], send: Send) -> None:
        async def put(data: bytes, *, more: bool = True) -> None:
            await send({"type": "http.response.body", "body": data, "more_body": more})

        headers = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-cache")]
        headers.append((b"x-accel-buffering", b"no"))  # nginx would hold the stream back
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await put(self._event({"role": "assistant", "content": ""}) + self._events(first))
        try:
            async for chunk in chunks:
                await put(self._events(chunk))
        except BanyanError as error:
            await put(_data(error_body(error)))
        await put(b"data: [DONE]\n\n", more=False)

    def _events(self, chunk: Chunk) -> bytes:
        if chunk.place:  # a comment: clients skip it, proxies see that the stream is alive
            return f": waiting, {chunk.place} in line\n\n".encode()
        events = b""
        if chunk.text or chunk.logprobs:
            events += self._event({"content": chunk.text}, logprobs=chunk.logprobs)
        if chunk.finish is not None:
            events += self._event({}, finish=_finish(chunk))
            if self._include_usage:
                events += self._usage_event(chunk.usage)
        return events

    def _event(
        self, delta: dict[str, str], *, finish: str | None = None, logprobs: tuple[TokenLogprob, ...] = ()
    ) -> bytes:
        choice = {
            "index": 0,
            "delta": delta,
            "finish_reason": finish,
            "logprobs": logprobs_body(logprobs) if logprobs else None,
        }
        usage = {"usage": None} if self._include_usage else {}
        return _data({**self._head, "object": "chat.completion.chunk", "choices": [choice], **usage})

    def _usage_event(self, usage: Usage | None) -> bytes:
        body = usage_body(usage) if usage else None
        return _data({**self._head, "object": "chat.completion.chunk", "choices": [], "usage": body})


def _finish(chunk: Chunk) -> str:
    # OpenAI has no word for an answer that was cut short from outside, or that looped; "length" is its word for "not finished".
    return "length" if chunk.finish in ("cancelled", "loop") else str(chunk.finish)


def _data(body: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(body, ensure_ascii=False).encode("utf-8", "replace") + b"\n\n"


async def _watch(receive: Receive, stop: Event) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    stop.set()


async def _pump(start: Start, stop: Event) -> AsyncGenerator[Chunk, None]:
    """The chunks of a blocking iterator, which runs in a thread of its own until its end or until `stop` is set."""
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[Chunk | BanyanError | None] = asyncio.Queue()

    def put(item: Chunk | BanyanError | None) -> None:
        try:
            loop.call_soon_threadsafe(queue.put_nowait, item)
        except RuntimeError:  # the server shut down and took its loop along
            stop.set()

    def work() -> None:
        try:
            for chunk in start(stop):
                put(chunk)
            put(None)
        except BanyanError as error:
            put(error)
        except Exception:
            _log.exception("The engine failed")
            put(EngineError("The engine failed on this request; the server's log says why. The others go on."))

    # A daemon, and not the shared pool: waiting requests must neither starve the page nor hold up the end of the process.
    Thread(target=work, name="api-answer", daemon=True).start()
    while (item := await queue.get()) is not None:
        if isinstance(item, BanyanError):
            raise item
        yield item
