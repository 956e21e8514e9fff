"""A small provider of OpenID Connect: it lets in whom the test says, and tells lies where the test says so."""

import base64
import hashlib
import secrets
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

CLIENT, SECRET = "banyan", "the client's secret"


@dataclass
class Provider:
    """`who` are the claims of the ID token besides those of the protocol, `lies` claims that replace any of them, `told` what the
    userinfo endpoint says."""

    who: dict[str, Any]
    told: dict[str, Any] = field(default_factory=dict)
    lies: dict[str, Any] = field(default_factory=dict)
    signs_with: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "1"}))
    address: str = ""
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.known = self.signs_with
        self.app = Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self.metadata),
                Route("/authorize", self.authorize),
                Route("/token", self.token, methods=["POST"]),
                Route("/keys", self.keys),
                Route("/me", self.me),
            ]
        )

    async def metadata(self, _: Request) -> Response:
        places = {
            "authorization_endpoint": "authorize",
            "token_endpoint": "token",
            "jwks_uri": "keys",
            "userinfo_endpoint": "me",
        }
        told = {key: f"{self.address}/{path}" for key, path in places.items()}
        algorithms = {"id_token_signing_alg_values_supported": ["RS256"], "response_types_supported": ["code"]}
        return JSONResponse({"issuer": self.address, **told, **algorithms})

    async def authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        assert asked["client_id"] == CLIENT and asked["response_type"] == "code" and "openid" in asked["scope"].split()
        code = secrets.token_urlsafe()
        self.codes[code] = asked
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}")

    async def token(self, request: Request) -> Response:
        """Once for each code, to the client that asked for it, with the verifier of its challenge (RFC 7636)."""
        sent = {key: values[0] for key, values in parse_qs((await request.body()).decode()).items()}
        basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        asked = self.codes.pop(sent.get("code", ""), None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(sent.get("code_verifier", "").encode()).digest()).decode()
        right = (
            asked and sent["redirect_uri"] == asked["redirect_uri"] and challenge.rstrip("=") == asked["code_challenge"]
        )
        if not asked or not right or request.headers.get("authorization") != f"Basic {basic}":
            return JSONResponse({"error": "invalid_grant"}, 400)
        now = int(time.time())
        claims = {"iss": self.address, "aud": CLIENT, "iat": now, "exp": now + 60, "nonce": asked["nonce"], **self.who}
        signed = jwt.encode({"alg": "RS256", "kid": "1"}, claims | self.lies, self.signs_with)
        return JSONResponse({"access_token": "for me", "token_type": "Bearer", "expires_in": 600, "id_token": signed})

    async def keys(self, _: Request) -> Response:
        return JSONResponse(KeySet([self.known]).as_dict(private=False))

    async def me(self, request: Request) -> Response:
        assert request.headers["authorization"] == "Bearer for me"
        return JSONResponse(self.told)
