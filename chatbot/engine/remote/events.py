"""Server-sent events read over HTTP in a way that can be stopped at any moment, also before the first byte."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from concurrent.futures import Future
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Event, Thread

import httpx

from chatbot.common.errors import EngineError, EngineUnavailable
from chatbot.engine.slot_queue import TICK

_TIMEOUT = httpx.Timeout(30.0, connect=10.0, read=600.0)  # seconds; a long prompt on a busy server takes minutes
_LONGEST_EVENT = 16 * 1024 * 1024  # bytes of one line; a server that sends more is not speaking this protocol


class Refused(Exception):
    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(status)
        self.status, self.body = status, body


class Streams:
    """Streaming requests on one event loop in one thread: only there can a wait for bytes be cut short at once."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._loop = asyncio.new_event_loop()
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=32)
        self._client = httpx.AsyncClient(headers=headers, timeout=_TIMEOUT, limits=limits)
        self._closed = False
        self._thread = Thread(target=self._loop.run_forever, name="remote-engine", daemon=True)
        self._thread.start()

    def post(self, url: str, body: object, stop: Event) -> Iterator[str]:
        """The events of the answer; ends early when `stop` is set. Raises `Refused` and httpx's errors."""
        queue: SimpleQueue[str | None] = SimpleQueue()
        task = asyncio.run_coroutine_threadsafe(self._read(url, body, queue), self._loop)
        task.add_done_callback(lambda _: queue.put(None))
        try:
            while not stop.is_set():
                with suppress(Empty):
                    item = queue.get(timeout=TICK)
                    if item is None:
                        _result(task)
                        return
                    yield item
        finally:
            task.cancel()

    async def _read(self, url: str, body: object, queue: SimpleQueue[str | None]) -> None:
        content = json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        async with self._client.stream("POST", url, content=content, headers=headers) as response:
            if response.status_code != 200:
                raise Refused(response.status_code, await response.aread())
            async for data in _events(response):
                queue.put(data)

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        asyncio.run_coroutine_threadsafe(self._shut(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _shut(self) -> None:
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self._client.aclose()


def _result(task: "Future[None]") -> None:
    if task.cancelled():
        raise EngineUnavailable(
            "The connection to the model server was closed. Please try again.", kind="remote_closed"
        )
    task.result()


async def _events(response: httpx.Response) -> AsyncIterator[str]:
    """The `data` of each server-sent event, one line each as these servers send them.

    Lines end at LF only: `httpx.Response.aiter_lines` also splits at U+2028 and U+0085, which JSON strings may hold.
    """
    rest = b""
    async for piece in response.aiter_bytes():
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            if line.startswith(b"data:"):
                yield line[5:].strip().decode("utf-8", "replace")
        if len(rest) > _LONGEST_EVENT:
            raise EngineError("The model server sent an event without an end.", kind="remote_endless_event")
    if rest.startswith(b"data:"):
        yield rest[5:].strip().decode("utf-8", "replace")
