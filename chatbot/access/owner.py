"""Who somebody is.

Owner = login name, else an unguessable id issued by us: a cookie `ID.SIGNATURE`, where only this server's secret makes
the signature. A Gradio `session_hash` is chosen by the client and identifies nobody. Programs that run on this very
machine and keep no cookies, as `gradio_client` does, are one owner together, so that what one call adds the next one finds.
"""

import hashlib
import hmac
import re
import secrets
from ipaddress import ip_address
from pathlib import Path
from typing import Protocol

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chatbot.access import cookies
from chatbot.access.sessions import USER
from chatbot.common import disk
from chatbot.common.errors import SettingsError

COOKIE = "banyan_owner"
SCRIPT = "script"  # the owner of what programs on this machine add
API, V1 = "/gradio_api/", "/v1/"  # what programs ask
_YEAR = 365 * 24 * 3600  # seconds
_STATE = "banyan_owner"  # the key in the request's state: no client can write there
_NEW = "banyan_owner_new"
_ID = re.compile(r"[A-Za-z0-9_-]{32}\Z")  # token_urlsafe(24)


class RequestLike(Protocol):
    """What is used of a `gradio.Request`: `username` and `state` (as Starlette's request has it)."""

    @property
    def username(self) -> str | None: ...


def owner_of(request: RequestLike | None) -> str:
    """`user:NAME`, else `guest:ID` of this browser, else a fresh `guest:` that nobody will ever be again."""
    state = getattr(request, "state", None)
    name = getattr(request, "username", None) or getattr(state, USER, None)  # Gradio tells tools of MCP no name
    if name:
        return f"user:{name}"
    owner = getattr(state, _STATE, None)
    return f"guest:{owner if isinstance(owner, str) else secrets.token_urlsafe(24)}"


def owner_in(scope: Scope) -> str:
    """The owner whom the middleware has found, as `owner_of` tells it."""
    state = scope.get("state", {})
    return f"user:{name}" if (name := state.get(USER)) else f"guest:{state[_STATE]}"


def is_new(scope: Scope) -> bool:
    """Whether the owner was made up for this very request: whoever keeps no cookie is somebody else each time."""
    return bool(scope.get("state", {}).get(_NEW))


def caller(scope: Scope) -> str:
    """`owner_in`, or "" where no middleware has looked: nobody, who owns nothing."""
    state = scope.get("state", {})
    return owner_in(scope) if state.get(USER) or state.get(_STATE) else ""


def load_secret(folder: Path) -> bytes:
    """The key of the owner cookies, made on first use in `folder`/secret, readable by this account only."""
    path = folder / "secret"
    folder.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        disk.create(path, secrets.token_bytes(32), mode=0o600)
    secret = path.read_bytes()
    if len(secret) < 32:
        raise SettingsError(f"{path} is damaged. Remove it; visitors who are not signed in then start anew.")
    return secret


class OwnerCookie:
    """ASGI middleware: gives each browser an id and tells it to the handler, from the very first request on.

    `embedded`: see `cookies.written`.
    """

    def __init__(self, app: ASGIApp, *, secret: bytes, embedded: bool = False) -> None:
        self._app = app
        self._secret = secret
        self._embedded = embedded

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        known = self._read(scope)
        script = not known and not self._embedded and _is_script_here(scope)
        owner = known or (SCRIPT if script else secrets.token_urlsafe(24))
        new = not known and not script
        scope = {**scope, "state": {**scope.get("state", {}), _STATE: owner, _NEW: new}}

        async def send_with_cookie(message: Message) -> None:
            if message["type"] in {"http.response.start", "websocket.accept"}:
                value = f"{owner}.{self._sign(owner)}"
                cookie = cookies.written(COOKIE, value, _YEAR, scope, embedded=self._embedded)
                MutableHeaders(scope=message).append("set-cookie", cookie)
            await send(message)

        await self._app(scope, receive, send_with_cookie if new else send)

    def _read(self, scope: Scope) -> str | None:
        owner, _, signature = cookies.read(scope, COOKIE).partition(".")
        signed = _ID.match(owner) and hmac.compare_digest(signature.encode(), self._sign(owner).encode())
        return owner if signed else None

    def _sign(self, owner: str) -> str:
        return hmac.new(self._secret, b"owner:" + owner.encode(), hashlib.sha256).hexdigest()


def _is_script_here(scope: Scope) -> bool:
    """Whether a program on this machine calls the API. Browsers say where a request comes from, and proxies for whom."""
    headers, client = Headers(scope=scope), scope.get("client")
    try:
        near = client is not None and ip_address(client[0]).is_loopback
    except ValueError:
        near = False
    elsewhere = ("origin", "referer", "sec-fetch-site", "forwarded", "x-forwarded-for", "x-real-ip", "via")
    api = (
        API in scope["path"] or V1 in scope["path"] or scope["path"].endswith("/config")
    )  # from which gradio_client would keep a cookie
    return near and api and not any(name in headers for name in elsewhere)
