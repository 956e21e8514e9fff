"""The log of requests says enough to count by, and nothing that a stranger could use."""

import logging
import re
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Receive, Scope, Send

from chatbot.access.owner import COOKIE, OwnerCookie
from chatbot.access.sessions import USER
from chatbot.api.keys import Door, Keys
from chatbot.api.lines import Known, Lines
from chatbot.engine.scripted import ScriptedEngine
from tests.chatbot.api.test_routes import app


async def answer(request: Request) -> Response:
    return Response(status_code=418)


class Signing:
    """Whoever asks for /page is Ann, as `SignedIn` tells it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        name = "ann" if scope["path"] == "/page" else None
        await self._app({**scope, "state": {**scope["state"], USER: name}}, receive, send)


@pytest.fixture
def http() -> TestClient:
    middleware = [Middleware(Lines), Middleware(OwnerCookie, secret=b"s" * 32), Middleware(Signing), Middleware(Known)]
    return TestClient(Starlette(routes=[Route("/{path:path}", answer)], middleware=middleware))


def test_a_line_a_request_without_what_is_secret(http: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "banyan.requests"):
        http.get("/v1/models?key=hush")
        http.get("/page")
        http.get("/a%0Ab" + "c" * 500)
    first, second, third = (record.getMessage() for record in caplog.records if record.name == "banyan.requests")
    assert re.fullmatch(r"GET /v1/models 418 \d+\.\d{3} s, guest", first)
    assert re.fullmatch(r"GET /page 418 \d+\.\d{3} s, ann", second)
    assert "\n" not in third and len(third) < 250
    cookie = http.cookies[COOKIE]
    assert not any("hush" in line or cookie.partition(".")[0] in line for line in (first, second, third))


def test_a_users_key_is_told_by_its_user(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    keys = Keys(tmp_path / "keys.json")
    sent = {"Authorization": f"Bearer {keys.make('ann', '')}"}
    served = Lines(app(ScriptedEngine(), door=Door(closed=True, keys=keys)))
    with caplog.at_level(logging.INFO, "banyan.requests"), TestClient(served) as http:
        assert [http.get("/v1/models", headers=headers).status_code for headers in (sent, {})] == [200, 401]
    lines = [record.getMessage() for record in caplog.records if record.name == "banyan.requests"]
    assert [line.rpartition(" ")[2] for line in lines] == ["ann", "guest"]
