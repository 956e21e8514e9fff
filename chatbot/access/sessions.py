"""Who is signed in, and what those who are not may see: the page on which they sign in, and nothing else."""

import secrets
import time
from collections.abc import Callable
from threading import Lock

from starlette.types import ASGIApp, Receive, Scope, Send

from chatbot.access import cookies
from chatbot.access.origin import route_of
from chatbot.common.errors import AccessDenied

COOKIE = "banyan_session"
USER = "banyan_user"  # the key in the request's state: no client can write there
LONGEST = 30 * 24 * 3600  # seconds until somebody signs in anew; OWASP ASVS 4.0.3, 3.3.2, level 1
PUBLIC = ("/assets/", "/static/")  # what the page is made of
ALSO_PUBLIC = (
    "/login",
    "/health",
    "/metrics",
    "/theme.css",
    "/favicon.ico",
    "/robots.txt",
    "/gradio_api/startup-events",
)


class SignInFirst(AccessDenied):
    kind = "sign_in_first"


class Sessions:
    """Tokens of those who are signed in. In memory: a restart ends them all. `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._names: dict[str, tuple[str, float]] = {}

    def begin(self, name: str) -> str:
        """A new token of `name`."""
        token, now = secrets.token_urlsafe(32), self._clock()
        with self._lock:
            self._names = {known: (whose, end) for known, (whose, end) in self._names.items() if end > now}
            self._names[token] = (name, now + LONGEST)
        return token

    def name(self, token: str) -> str | None:
        """Whose token it is."""
        name, end = self._names.get(token, (None, 0.0))
        return name if end > self._clock() else None

    def end(self, name: str) -> None:
        """Sign `name` out everywhere."""
        with self._lock:
            self._names = {token: entry for token, entry in self._names.items() if entry[0] != name}


class SignedIn:
    """ASGI middleware: tells the handlers who asks. Who is not signed in sees `page`; anything else raises `SignInFirst`.

    `/v1` and `/metrics` ask for their own key.
    """

    def __init__(self, app: ASGIApp, *, sessions: Sessions, page: ASGIApp) -> None:
        self._app = app
        self._sessions = sessions
        self._page = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        name = self._sessions.name(cookies.read(scope, COOKIE))
        scope = {**scope, "state": {**scope.get("state", {}), USER: name}}
        route = route_of(scope)
        if name is not None or route.startswith((*PUBLIC, "/v1/")) or route in ALSO_PUBLIC:
            await self._app(scope, receive, send)
        elif route == "/":
            await self._page(scope, receive, send)
        else:
            raise SignInFirst("Please sign in first.")
