"""Signing in at somebody else's: OpenID Connect Core 1.0 by its code flow, with PKCE (RFC 7636), state and nonce, by authlib."""

import base64
import hashlib
import hmac
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import httpx2
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from chatbot.access import cookies
from chatbot.common.errors import AccessDenied

log = logging.getLogger(__name__)

COOKIE = "banyan_oidc"
LASTS = 600  # seconds that somebody may take at the provider
PATIENCE = 10.0  # seconds for an answer of the provider
SKEW = 360  # seconds: clocks may differ by five minutes, as Kerberos has it (RFC 4120), and a minute goes by on the way
_NAMES = ("preferred_username", "nickname", "email", "name", "sub")


class SignInFailed(AccessDenied):
    kind = "sign_in_elsewhere"


@dataclass(frozen=True, slots=True)
class Person:
    """Who signed in. `marks` are what an admin may be named by: `sub`, a group, an address that the provider has verified."""

    issuer: str
    subject: str
    name: str
    groups: frozenset[str]
    marks: frozenset[str]


class Provider:
    """`secret` signs the cookie that holds a sign-in under way. `owns_names`: no two people there have one name, and nobody can take
    another's, as on the Hugging Face hub; admins may be named by it then."""

    def __init__(
        self,
        issuer: str,
        client: str,
        password: str,
        *,
        secret: bytes,
        embedded: bool = False,
        owns_names: bool = False,
    ) -> None:
        self.issuer, self._id, self._password = issuer.rstrip("/"), client, password
        self._secret, self._embedded, self._owns_names = secret, embedded, owns_names

    @property
    def title(self) -> str:
        """What people know it by."""
        return urlsplit(self.issuer).hostname or ""

    @property
    def embedded(self) -> bool:
        """Whether the page may stand in another site's frame, where no provider shows itself."""
        return self._embedded

    @property
    def _scope(self) -> str:
        return (
            "openid profile" if self._owns_names else "openid profile email"
        )  # the hub gives addresses to nobody unasked

    async def begin(self, request: Request, back: str) -> Response:
        """Send the browser to the provider, which sends it to `back`. Raises `SignInFailed`."""
        session: dict[str, Any] = {}
        request.scope["session"] = session
        try:
            answer: Response = await self._client.authorize_redirect(request, back)
        except (httpx2.HTTPError, ValueError) as error:  # no provider there, or something else
            raise self._failed(error) from error
        value = cookies.written(COOKIE, self._sealed(session), LASTS, request.scope, embedded=self._embedded)
        answer.headers.append("set-cookie", value)
        return answer

    async def end(self, request: Request) -> Person:
        """Who comes back from there. Raises `SignInFailed`."""
        from authlib.common.errors import AuthlibBaseError
        from joserfc.errors import JoseError

        request.scope["session"] = self._opened(cookies.read(request.scope, COOKIE))
        try:
            token = await self._client.authorize_access_token(request, leeway=SKEW)
            claims = dict(token.get("userinfo") or {})
            if not _says_who(claims) and "userinfo_endpoint" in await self._client.load_server_metadata():
                told = await self._client.userinfo(token=token)
                claims = {**told, **claims} if told.get("sub") == claims.get("sub") else claims
        except (AuthlibBaseError, JoseError, httpx2.HTTPError, ValueError, KeyError) as error:
            raise self._failed(error) from error
        return self._person(claims)

    def left(self, answer: Response, request: Request) -> Response:
        """The answer that also takes the cookie of the sign-in away."""
        answer.headers.append("set-cookie", cookies.written(COOKIE, "", 0, request.scope, embedded=self._embedded))
        return answer

    def _person(self, claims: Mapping[str, Any]) -> Person:
        audience = claims.get("aud")
        if not claims.get("sub") or self._id not in ([audience] if isinstance(audience, str) else audience or []):
            raise self._failed(ValueError("the token is not for this client"))
        told = claims.get("groups")
        groups = frozenset(one for one in told if isinstance(one, str)) if isinstance(told, list) else frozenset()
        own = {claims["email"]} if claims.get("email") and claims.get("email_verified") is True else set()
        own |= {claims["preferred_username"]} if self._owns_names and claims.get("preferred_username") else set()
        name = next(str(claims[key]) for key in _NAMES if claims.get(key))
        return Person(
            str(claims["iss"]), str(claims["sub"]), name, groups, frozenset({str(claims["sub"]), *groups, *own})
        )

    def _failed(self, error: Exception) -> SignInFailed:
        log.warning("Signing in at %s failed: %s: %s", self.issuer, type(error).__name__, error)
        return SignInFailed(f"Signing in at {self.title} did not work. Please try again.", name=self.title)

    @cached_property
    def _client(self) -> Any:
        from authlib.integrations.starlette_client import OAuth

        return OAuth().register(
            "provider",
            server_metadata_url=f"{self.issuer}/.well-known/openid-configuration",
            client_id=self._id,
            client_secret=self._password,
            client_kwargs={"scope": self._scope, "code_challenge_method": "S256", "timeout": PATIENCE},
        )

    def _sealed(self, session: Mapping[str, Any]) -> str:
        body = base64.urlsafe_b64encode(json.dumps(session).encode()).decode()
        return f"{body}.{self._sign(body)}"

    def _opened(self, value: str) -> dict[str, Any]:
        body, _, signature = value.partition(".")
        if not hmac.compare_digest(signature.encode(), self._sign(body).encode()):
            return {}
        session: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body))
        return session

    def _sign(self, body: str) -> str:
        return hmac.new(self._secret, b"oidc:" + body.encode(), hashlib.sha256).hexdigest()


def _says_who(claims: Mapping[str, Any]) -> bool:
    return any(claims.get(key) for key in _NAMES[:-1])


def to(address: str) -> Response:
    """The browser goes there with GET."""
    return RedirectResponse(address, 303)
