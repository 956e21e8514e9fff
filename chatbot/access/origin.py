"""Which pages and names may reach the server: its own. Whatever another site makes a browser send is refused."""

from collections.abc import Collection
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from chatbot.common.errors import AccessDenied

OPENED = ("/", "/login/oidc/done")


class StrangeOrigin(AccessDenied):
    code = "origin_refused"
    status = 403


class SameOrigin:
    """ASGI middleware for every route. Raises `StrangeOrigin`.

    A browser tells where a request comes from: `Origin` with what is sent by script or form (RFC 6454), `Sec-Fetch-Site` also
    with pictures, frames and links (Fetch Metadata). Only the page itself may be opened from elsewhere, and where the provider of a sign-in sends somebody back to. `Host` must be a name
    of this server, else a page could rebind its own name to this address and pass for one of ours: over a loopback connection
    a loopback name or one of `hosts`, from elsewhere one of `hosts` where there are any. With an API key (`keyed`), `/v1` is
    open to whoever sends it, from anywhere.
    """

    def __init__(self, app: ASGIApp, *, hosts: Collection[str] = (), keyed: bool = False) -> None:
        self._app = app
        self._hosts = frozenset(hosts)
        self._keyed = keyed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in {"http", "websocket"} and not (self._keyed and route_of(scope).startswith("/v1/")):
            self._check(scope, Headers(scope=scope))
        await self._app(scope, receive, send)

    def _check(self, scope: Scope, headers: Headers) -> None:
        host = headers.get("host", "")
        if not self._is_ours(scope, _name(host)):
            raise StrangeOrigin(
                f"“{host[:80]}” is not a name of this server. Start it with --hosts to name it.",
                kind="strange_host",
                name=host[:80],
            )
        origin = headers.get("origin")
        own = {host.lower(), headers.get("x-forwarded-host", host).split(",")[0].strip().lower()}
        page = (origin or "").rpartition("://")[2].lower()
        strange = origin is not None and page not in own and _name(page) not in self._hosts
        if strange or (
            headers.get("sec-fetch-site") in {"cross-site", "same-site"} and not _opens_page(scope, headers)
        ):
            raise StrangeOrigin("Pages of another site may not call this server.", kind="strange_origin")

    def _is_ours(self, scope: Scope, name: str) -> bool:
        here = scope.get("server")
        if is_loopback(name) or name in self._hosts:
            return True
        return not self._hosts and not (here and is_loopback(here[0]))


def route_of(scope: Scope) -> str:
    """The path without what a proxy put before it."""
    path, root = str(scope["path"]), str(scope.get("root_path", ""))
    return path.removeprefix(root) if root and path.startswith(f"{root}/") else path


def is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _name(address: str) -> str:
    """The host in `name:port`; empty where there is none that can be read."""
    try:
        return (urlsplit(f"//{address}").hostname or "").lower()
    except ValueError:
        return ""


def _opens_page(scope: Scope, headers: Headers) -> bool:
    return scope.get("method") == "GET" and headers.get("sec-fetch-mode") == "navigate" and route_of(scope) in OPENED
