"""How much of the server one visitor may hold at once, so that others find a place behind them."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from chatbot.access.origin import route_of
from chatbot.access.owner import caller, is_new, owner_in
from chatbot.access.signing_in import network
from chatbot.common.errors import BanyanError

SHARED = 2  # how much more all guests of one address may hold together: a cookie is quickly got, an address is not

COUNTED = ("/v1/", "/gradio_api/mcp")


class TooManyAtOnce(BanyanError):
    kind = code = "too_many_at_once"
    status = 429


class Turns:
    """ASGI middleware: of requests to `/v1` and of MCP, which Gradio's queue does not see, each visitor has at most `most` under
    way. Raises `TooManyAtOnce`."""

    def __init__(self, app: ASGIApp, *, most: int) -> None:
        self._app = app
        self._most = most
        self._open: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST" or not route_of(scope).startswith(COUNTED):
            await self._app(scope, receive, send)
            return
        with self._held(list(visitors(scope, self._most))):
            await self._app(scope, receive, send)

    @contextmanager
    def _held(self, places: list[tuple[str, int]]) -> Iterator[None]:
        if any(self._open[who] >= most for who, most in places):
            raise refused(self._most)
        names = [who for who, _ in places]
        self._open.update(names)
        try:
            yield
        finally:
            self._open.subtract(names)
            for who in names:
                if not self._open[who]:
                    del self._open[who]


def visitors(scope: Scope, most: int) -> Iterator[tuple[str, int]]:
    """For whom a request counts, and how many each may hold: who is signed in for themselves, a guest also for the address."""
    owner = owner_in(scope)
    yield owner, most
    if owner.startswith("guest:"):
        yield network(_address(scope)), most * SHARED


def asker(scope: Scope) -> str:
    """Whose turn at the model a request takes: its owner's, or its address's, where no owner can be told from the next."""
    owner = caller(scope)
    return network(_address(scope)) if owner.startswith("guest:") and is_new(scope) else owner


def refused(most: int) -> TooManyAtOnce:
    return TooManyAtOnce(
        f"{most} requests of yours are under way already. Please wait for one of them to end.", limit=most
    )


def _address(scope: Scope) -> str:
    """Where the request comes from: what the nearest proxy says, if it is one of this network."""
    near = scope["client"][0] if scope.get("client") else ""
    told = Headers(scope=scope).get("x-forwarded-for", "").rpartition(",")[2].strip()
    try:
        return told if told and ip_address(near).is_private else near
    except ValueError:
        return near
