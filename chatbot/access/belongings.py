"""What Gradio would give to whoever names it belongs to somebody: sessions, events, and files.

A session is named by its client, so one who knows the name would read what its owner is told, leave in their place and stop
their work. Here each name is made the owner's own: the mark of the owner goes before it, and another's name is just a new one.
"""

import hashlib
import hmac
import json
import re
from collections import Counter, OrderedDict
from collections.abc import Callable, Collection, Iterator
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chatbot.access.bodies import UPLOAD, body, replayed
from chatbot.access.origin import route_of
from chatbot.access.owner import API, owner_in
from chatbot.access.turns import refused, visitors
from chatbot.access.uploads import Uploads
from chatbot.common.errors import InputError, NotFound

HASH = re.compile(r"[\w-]{1,64}\Z")
BEGINS = re.compile(rf"{API}(?:queue/join|call/(?:v2/)?\w+/?)")  # an event
NAMED = re.compile(rb'\s*\{"event_id":\s*"(\w+)"\}\s*')
MOST_EVENTS = 16_384  # whose owner is known: thirty times what may wait
CANCEL = f"{API}cancel"
HEARTBEAT = f"{API}heartbeat/"
EVENT = re.compile(rf"{API}call/(?:v2/)?\w+/(\w+)")
FILE = f"{API}file="


class Belongings:
    """ASGI middleware before Gradio's routes. Of events that are `under_way`, by their ids, one visitor has at most `most`.

    Raises `InputError`, `NotFound` and `TooManyAtOnce`.
    """

    def __init__(
        self, app: ASGIApp, *, secret: bytes, uploads: Uploads, under_way: Callable[[], Collection[str]], most: int
    ) -> None:
        self._app = app
        self._under_way, self._most = under_way, most
        self._secret = secret
        self._uploads = uploads
        self._events: OrderedDict[str, tuple[str, ...]] = OrderedDict()  # event -> for whom it counts, the latest last

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (route := route_of(scope)).startswith(API) and route != UPLOAD:
            owner = owner_in(scope)
            scope = self._owned(scope, route, owner)
            if scope["method"] == "POST":
                scope, receive = await self._sent(scope, receive, owner)
                if BEGINS.fullmatch(route):
                    self._require_place(scope)
                    send = self._told(send, scope)
        await self._app(scope, receive, send)

    def _owned(self, scope: Scope, route: str, owner: str) -> Scope:
        if route.startswith(FILE) and not self._uploads.belongs(route.removeprefix(FILE), owner):
            raise _nothing()
        if scope["method"] == "GET" and (found := EVENT.fullmatch(route)):
            self._require_event(found[1], owner)
        if route.startswith(HEARTBEAT):
            scope = _at(
                scope, str(scope["path"]).removesuffix(route) + HEARTBEAT + self._own(route[len(HEARTBEAT) :], owner)
            )
        asked = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        if any(name == "session_hash" for name, _ in asked):
            own = [(name, self._own(value, owner) if name == "session_hash" else value) for name, value in asked]
            scope = {**scope, "query_string": urlencode(own).encode()}
        return scope

    async def _sent(self, scope: Scope, receive: Receive, owner: str) -> tuple[Scope, Receive]:
        """The body, with a session of its owner and with nobody else's files."""
        try:
            given = json.loads(await body(receive) or b"{}")
        except (ValueError, RecursionError) as error:
            raise InputError("The request is no JSON that can be read.", kind="bad_json") from error
        for path in _paths(given):
            if not self._uploads.belongs(path, owner):
                raise InputError("Please upload a file of your own.", kind="no_upload")
        if isinstance(given, dict):
            if route_of(scope) == CANCEL:
                self._require_event(str(given.get("event_id")), owner)
            if given.get("session_hash") is not None:
                given["session_hash"] = self._own(str(given["session_hash"]), owner)
        content = json.dumps(given, ensure_ascii=False).encode("utf-8", "surrogatepass")
        return _sized(scope, len(content)), replayed(content, receive)

    def _own(self, session: str, owner: str) -> str:
        if not HASH.match(session):
            raise InputError("This is no name of a session.", kind="bad_session")
        return f"{self._mark(owner)}-{session}"

    def _mark(self, owner: str) -> str:
        name = b"session:" + owner.encode("utf-8", "surrogatepass")
        return hmac.new(self._secret, name, hashlib.sha256).hexdigest()[:32]

    def _require_place(self, scope: Scope) -> None:
        waiting = Counter(who for event in self._under_way() for who in self._events.get(event, ()))
        for who, most in visitors(scope, self._most):
            if waiting[who] >= most:
                raise refused(self._most)

    def _told(self, send: Send, scope: Scope) -> Send:
        """Notes whose the event is that the answer names."""

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.body" and (found := NAMED.fullmatch(message.get("body", b""))):
                self._events[found[1].decode()] = tuple(who for who, _ in visitors(scope, self._most))
                while len(self._events) > MOST_EVENTS:
                    self._events.popitem(last=False)
            await send(message)

        return noting

    def _require_event(self, event: str, owner: str) -> None:
        if owner not in self._events.get(event, ()):
            raise _nothing()


def _nothing() -> NotFound:
    return NotFound("This is not there, or it belongs to somebody else.", kind="not_yours")


def _paths(given: Any) -> Iterator[str]:
    """Every path of a file that the request names, as Gradio's `FileData` has it."""
    waiting = [given]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            if isinstance(path := one.get("path"), str):
                yield path
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one


def _at(scope: Scope, path: str) -> Scope:
    return {**scope, "path": path, "raw_path": quote(path).encode()}


def _sized(scope: Scope, length: int) -> Scope:
    kept = [(name, value) for name, value in Headers(scope=scope).raw if name != b"content-length"]
    return {**scope, "headers": [*kept, (b"content-length", str(length).encode())]}
