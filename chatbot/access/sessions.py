"""Who is signed in, and what those who are not may see: the page on which they sign in, and nothing else."""

import hashlib
import re
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

import anyio
from anyio.to_thread import run_sync
from starlette.types import ASGIApp, Receive, Scope, Send

from chatbot.access import cookies
from chatbot.access.origin import route_of
from chatbot.access.users import Users
from chatbot.common.errors import AccessDenied

COOKIE = "banyan_session"
USER = "banyan_user"  # the key in the request's state: no client can write there
LONGEST = 30 * 24 * 3600  # seconds until somebody signs in anew; OWASP ASVS 4.0.3, 3.3.2, level 1
A_DAY = 24 * 3600  # of those who signed in at a provider: whom it lets in no more is out here by then
FRESH = 1.0  # seconds for which an answer of the database counts: a sign-out elsewhere is noticed within two
MOST_KNOWN = 10_000  # such answers
AT_ONCE = 8  # looks into the database, apart from the threads that others may have filled
TOKEN = re.compile(r"[\w-]{43}")  # token_urlsafe(32)
FOR_PROGRAMS = "/gradio_api/"  # endpoints and MCP
PUBLIC = ("/assets/", "/static/")  # what the page is made of
ALSO_PUBLIC = (
    "/login",
    "/login/oidc",
    "/login/oidc/done",
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
    """Tokens of those who are signed in, kept as hashes. One ends with its month, a sign-out, or another password."""

    def __init__(self, users: Users) -> None:
        self._users, self._database = users, users.database
        self._lock = Lock()
        self._known: OrderedDict[str, tuple[str, float]] = OrderedDict()  # token -> whose, and until when that counts

    def begin(self, name: str, lasting: float = LONGEST) -> str:
        """A new token of `name`."""
        token, now = secrets.token_urlsafe(32), self._users.now()
        with self._database.writing() as database:
            database.execute("DELETE FROM sessions WHERE until <= ?", (now,))
            database.execute(
                "INSERT INTO sessions VALUES (?, ?, ?, ?)",
                (_hash(token), name, self._users.proof(name), now + lasting),
            )
        return token

    def remembered(self, token: str) -> str | None:
        """Whose token it was a moment ago; None: nobody has looked."""
        name, until = self._known.get(token, (None, 0.0))
        return name if time.monotonic() < until else None

    def name(self, token: str) -> str | None:
        """Whose token it is."""
        if not TOKEN.fullmatch(token):
            return None
        rows = self._database.read("SELECT name, proof, until FROM sessions WHERE token = ?", (_hash(token),))
        if not rows or rows[0][1] != self._users.proof(rows[0][0]) or rows[0][2] <= self._users.now():
            return None
        with self._lock:
            self._known[token] = (rows[0][0], time.monotonic() + FRESH)
            if len(self._known) > MOST_KNOWN:
                self._known.popitem(last=False)
        return str(rows[0][0])

    def end(self, name: str) -> None:
        """Sign `name` out everywhere."""
        with self._database.writing() as database:
            database.execute("DELETE FROM sessions WHERE name = ?", (name,))
        with self._lock:
            for token in [token for token, (whose, _) in self._known.items() if whose == name]:
                del self._known[token]


def _hash(token: str) -> str:
    """There is nothing to guess in 256 bits of chance, so a plain hash will do."""
    return hashlib.sha256(token.encode()).hexdigest()


class SignedIn:
    """ASGI middleware: tells the handlers who asks. Who is not signed in sees `page`; anything else raises `SignInFirst`.

    `/v1` and `/metrics` ask for their own key. `keyed` says whose key a request carries: programs call the endpoints and MCP with it.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        sessions: Sessions,
        page: ASGIApp,
        keyed: Callable[[Scope], str | None] = lambda scope: None,
    ) -> None:
        self._app = app
        self._sessions = sessions
        self._keyed = keyed
        self._page = page
        self._places = anyio.CapacityLimiter(AT_ONCE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        token = cookies.read(scope, COOKIE)
        name = self._sessions.remembered(token) or await run_sync(self._sessions.name, token, limiter=self._places)
        route = route_of(scope)
        if name is None and route.startswith(FOR_PROGRAMS):
            name = self._keyed(scope)
        scope = {**scope, "state": {**scope.get("state", {}), USER: name}}
        if name is not None or route.startswith((*PUBLIC, "/v1/")) or route in ALSO_PUBLIC:
            await self._app(scope, receive, send)
        elif route == "/":
            await self._page(scope, receive, send)
        else:
            raise SignInFirst("Please sign in first.")
