"""What a client may send, and how long it may take over it."""

import time
from collections.abc import Callable
from contextlib import suppress

import anyio
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chatbot.access.origin import route_of
from chatbot.common.errors import InputError

MOST = 4 * 1024 * 1024  # bytes of one request that is no upload: more text than any context window holds
UPLOAD = "/gradio_api/upload"
PATIENCE, PACE = 20.0, 500  # seconds, and bytes that buy one more: the defaults of Apache's mod_reqtimeout


class BodyTooLarge(InputError):
    kind = code = "body_too_large"
    status = 413


class BodyTooSlow(InputError):
    kind = code = "body_too_slow"
    status = 408


class Bodies:
    """ASGI middleware: a request is read before anybody works on it, and given up when it is too large or comes too slowly.

    An upload is not held in memory, so that it reaches its handler as it comes, at the same pace. Raises `BodyTooLarge` and
    `BodyTooSlow`.
    """

    def __init__(
        self, app: ASGIApp, *, clock: Callable[[], float] = time.monotonic, patience: float = PATIENCE
    ) -> None:
        self._app = app
        self._clock, self._patience = clock, patience

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            paced = self._paced(receive)
            with suppress(ClientDisconnect):  # nobody is there to read an answer
                receive = paced if route_of(scope) == UPLOAD else replayed(await body(paced), receive)
                await self._app(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _paced(self, receive: Receive) -> Receive:
        begin, got, over = self._clock(), 0, False

        async def paced() -> Message:
            nonlocal got, over
            if over:
                return await receive()
            with anyio.move_on_after(begin + self._patience + got / PACE - self._clock()):
                message = await receive()
                got += len(message.get("body", b""))
                over = not message.get("more_body", False)
                return message
            raise BodyTooSlow("The request took too long to arrive. Please send it again.")

        return paced


async def body(receive: Receive) -> bytes:
    """The whole body, given up as soon as it grows past `MOST`, whatever its Content-Length said. Raises `BodyTooLarge`
    and Starlette's `ClientDisconnect`."""
    got = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        got += message.get("body", b"")
        if len(got) > MOST:
            raise BodyTooLarge(
                f"The request is larger than {MOST // 2**20} MB. Please send less text.", limit=MOST // 2**20
            )
        if not message.get("more_body", False):
            return bytes(got)


def replayed(content: bytes, receive: Receive) -> Receive:
    """A `receive` that begins with a body that was read already."""
    begun = False

    async def again() -> Message:
        nonlocal begun
        if begun:
            return await receive()
        begun = True
        return {"type": "http.request", "body": content, "more_body": False}

    return again
