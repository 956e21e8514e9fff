"""One line in the log for each request, where whoever runs the server asks for it (`--log-requests on`)."""

import logging
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chatbot.access.owner import caller

_log = logging.getLogger("banyan.requests")
_LONGEST = 200  # characters of a path: it comes from strangers
_NAME = "banyan_line"  # the key in the request's state


class Lines:
    """ASGI middleware, before all others: method, path, status, seconds until the last byte was sent, and who is signed in.

    A guest's id is what their browser proves itself with, and a query may hold a key, so neither is written down.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status, name = time.monotonic(), "left", ["guest"]

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = str(message["status"])
            await send(message)

        try:
            await self._app({**scope, "state": {**scope.get("state", {}), _NAME: name}}, receive, watched)
        finally:
            path = ascii(scope["path"])[1:-1][:_LONGEST]
            _log.info(
                "%s %s %s %.3f s, %s", scope["method"], path, status, time.monotonic() - began, ascii(name[0])[1:-1]
            )


class Known:
    """ASGI middleware, behind those that find out who asks."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        name(scope, caller(scope))
        await self._app(scope, receive, send)


def name(scope: Scope, owner: str) -> None:
    """Have the line of this request, if it gets one, say that it acts for this owner."""
    kind, _, user = owner.partition(":")
    if kind == "user" and (line := scope.get("state", {}).get(_NAME)):
        line[0] = user
