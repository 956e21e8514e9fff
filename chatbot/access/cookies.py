"""Cookies of ours: read, and written with what keeps them from strangers."""

from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.types import Scope


def read(scope: Scope, name: str) -> str:
    """The value of the cookie; empty without one."""
    return cookie_parser("; ".join(Headers(scope=scope).getlist("cookie"))).get(name, "")


def written(name: str, value: str, age: int, scope: Scope, *, embedded: bool) -> str:
    """The `Set-Cookie` header; `age` in seconds, 0 takes the cookie away.

    `embedded` is for Hugging Face Spaces, where the page sits in another site's frame: only a `SameSite=None; Secure;
    Partitioned` cookie comes back there, and `SameOrigin` keeps that site from using it.
    """
    head = f"{name}={value}; HttpOnly; Path=/; Max-Age={age}"
    if embedded:
        return f"{head}; SameSite=None; Secure; Partitioned"
    return f"{head}; SameSite=Lax" + ("; Secure" if is_https(scope) else "")


def is_https(scope: Scope) -> bool:
    """Whether the browser came by https, which a proxy may have taken off."""
    forwarded = Headers(scope=scope).get("x-forwarded-proto", "").split(",")[0].strip()
    return (forwarded or scope["scheme"]) in {"https", "wss"}
