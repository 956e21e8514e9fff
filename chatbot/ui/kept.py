"""What is the same for everybody, compressed once: Gradio compresses each file of the page anew for each visitor, the page never."""

import asyncio
import re
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

import brotli
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chatbot.ui.spoken import ASKED

PAGES = (
    48  # addresses under which people see the page (names of the host, proxies), each in some languages, kept at a time
)
QUALITY = 9  # of brotli, of 11: the files of a visit then take half a second once; at 11 they would take seven
_HASHED = re.compile(r"/assets/.+-[\w-]{8}\.\w+\Z")  # another content has another name
# One file has one path: with dots in it there would be any number, each kept for itself.
_FILE = re.compile(r"/(?:(?:assets|static)(?:/\w[\w.-]*)+|theme)\.(?:js|css|svg|json)\Z")
_FOR_EVER, _A_DAY = "public, max-age=31536000, immutable", "public, max-age=86400"
# What the page says depends on these, and on nothing else of a request: see `gradio.route_utils.get_root_url`.
_ADDRESS = ("host", "x-forwarded-host", "x-forwarded-proto", "x-gradio-server")


@dataclass(frozen=True, slots=True)
class _Answer:
    headers: list[tuple[bytes, bytes]]
    body: bytes

    async def send(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": list(self.headers)})
        await send({"type": "http.response.body", "body": self.body})


class KeptFiles:
    """ASGI middleware: the scripts and styles of the page from memory, and browsers are told to keep them.

    It stands before what gives out cookies: an answer that a cache may keep must hold none.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._kept: dict[str, _Answer] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not _wanted(scope) or not _FILE.match(path := scope["path"]):
            await self._app(scope, receive, send)
            return
        answer = self._kept.get(path)
        if answer is None and (made := await _made(self._app, scope, receive, send)):
            lasting = _FOR_EVER if _HASHED.match(path) else _A_DAY
            kind = Headers(raw=made.headers).get("content-type", "application/octet-stream")
            answer = self._kept[path] = await _compressed(made.body, {"content-type": kind, "cache-control": lasting})
        if answer:
            await answer.send(send)


class KeptPage:
    """ASGI middleware: the page itself, which is the same for all who see it under one address in one language and sign in
    nowhere."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._kept: OrderedDict[tuple[str, ...], _Answer] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not _wanted(scope) or scope["path"] != "/" or scope["query_string"]:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        address = (
            ASKED.get(),
            scope["scheme"],
            scope.get("root_path", ""),
            *(headers.get(name, "") for name in _ADDRESS),
        )
        answer = self._kept.get(address)
        if answer is None and (made := await _made(self._app, scope, receive, send)):
            kind = {"content-type": "text/html; charset=utf-8", "cache-control": "no-cache"}
            answer = self._kept[address] = await _compressed(made.body, kind)
            if len(self._kept) > PAGES:
                self._kept.popitem(last=False)
        if answer:
            await answer.send(send)


def _wanted(scope: Scope) -> bool:
    """A plain request of somebody who reads brotli, as all browsers do."""
    if scope["type"] != "http" or scope["method"] != "GET":
        return False
    headers = Headers(scope=scope)
    return "br" in headers.get("accept-encoding", "") and "range" not in headers


async def _made(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> _Answer | None:
    """What `app` answers; None where that is no success, which is then sent as it is."""
    start: Message = {}
    body = b""

    async def collect(message: Message) -> None:
        nonlocal start, body
        if message["type"] == "http.response.start":
            start = message
        if start["status"] != 200:
            await send(message)
        elif message["type"] == "http.response.body":
            body += message.get("body", b"")

    plain = MutableHeaders(raw=list(scope["headers"]))
    for name in ("if-none-match", "if-modified-since", "accept-encoding"):
        del plain[name]
    await app({**scope, "headers": plain.raw}, receive, collect)
    return _Answer(start["headers"], body) if start["status"] == 200 else None


async def _compressed(body: bytes, headers: Mapping[str, str]) -> _Answer:
    small = await asyncio.to_thread(brotli.compress, body, quality=QUALITY)
    told = {**headers, "content-encoding": "br", "content-length": str(len(small)), "vary": "accept-encoding"}
    return _Answer([(name.encode(), value.encode()) for name, value in told.items()], small)
