"""Who runs the server: whoever may change, for everybody, which model answers."""

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Protocol
from urllib.parse import urlsplit

from chatbot.access.users import Users
from chatbot.common.errors import AccessDenied

FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")  # a proxy speaks for somebody else


class Client(Protocol):
    @property
    def host(self) -> str: ...


class RequestLike(Protocol):
    """What is used of a `gradio.Request`."""

    @property
    def username(self) -> str | None: ...
    @property
    def client(self) -> Client | None: ...
    @property
    def headers(self) -> Mapping[str, str]: ...


class Admins:
    """With users: those of them who are marked. Without: who sits at this very machine, which on a Space is nobody."""

    def __init__(self, users: Users | None, *, space: bool = False) -> None:
        self._users, self._space = users, space

    def __call__(self, request: RequestLike) -> bool:
        if self._users is not None:
            return self._users.is_admin(request.username or "")
        return not self._space and _is_local(request)

    def require(self, request: RequestLike) -> None:
        """Raises `AccessDenied`."""
        if not self(request):
            raise AccessDenied("Only whoever runs this server may change its models.", kind="admins_only")


def _is_local(request: RequestLike) -> bool:
    """Over the loopback address, without a proxy between, under a name of this machine (another site may give its own name
    this address), and from no page of another site."""
    headers = request.headers
    if request.client is None or any(headers.get(name) for name in FORWARDED):
        return False
    host = headers.get("host", "")
    origin = headers.get("origin")
    strange = origin is not None and urlsplit(origin).netloc.lower() != host.lower()
    return _is_loopback(request.client.host) and _is_loopback(urlsplit(f"//{host}").hostname or "") and not strange


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
