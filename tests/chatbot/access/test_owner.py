"""Who somebody is: cookies nobody can forge, and headers on every page."""

import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket

from chatbot.access.headers import SecurityHeaders
from chatbot.access.owner import COOKIE, OwnerCookie, load_secret, owner_of
from chatbot.common.errors import SettingsError

SECRET = b"s" * 32


async def _tell(request: Request) -> Response:
    return PlainTextResponse(owner_of(SimpleNamespace(username=None, state=request.state)))


async def _tell_socket(socket: WebSocket) -> None:
    await socket.accept()
    await socket.send_text(owner_of(SimpleNamespace(username=None, state=socket.state)))
    await socket.close()


def browser(*, secret: bytes = SECRET, embedded: bool = False, https: bool = False) -> TestClient:
    app = Starlette(routes=[Route("/", _tell), Route("/gradio_api/call", _tell), WebSocketRoute("/ws", _tell_socket)])
    wrapped = OwnerCookie(app, secret=secret, embedded=embedded)
    return TestClient(wrapped, base_url="https://testserver" if https else "http://testserver")


def test_a_browser_keeps_its_id_from_the_first_request_on() -> None:
    with browser() as client:
        first = client.get("/")
        assert re.fullmatch(r"guest:[\w-]{32}", first.text)
        again = client.get("/")
        assert again.text == first.text
        assert "set-cookie" not in again.headers


def call(address: str, *, embedded: bool = False, headers: dict[str, str] | None = None) -> str:
    app = Starlette(routes=[Route("/", _tell), Route("/gradio_api/call", _tell)])
    wrapped = OwnerCookie(app, secret=SECRET, embedded=embedded)
    with TestClient(wrapped, client=(address, 5000)) as client:
        return client.get("/gradio_api/call", headers=headers).text


def test_programs_on_this_machine_find_again_what_they_added() -> None:
    assert call("127.0.0.1") == call("::1") == "guest:script"
    with TestClient(OwnerCookie(Starlette(routes=[Route("/", _tell)]), secret=SECRET), client=("127.0.0.1", 1)) as page:
        assert page.get("/").text != "guest:script"


@pytest.mark.parametrize("header", ["origin", "referer", "sec-fetch-site", "x-forwarded-for", "forwarded", "via"])
def test_no_browser_and_nobody_behind_a_proxy_is_taken_for_such_a_program(header: str) -> None:
    assert re.fullmatch(r"guest:[\w-]{32}", call("127.0.0.1", headers={header: "x"}))


def test_programs_elsewhere_are_strangers() -> None:
    assert len({call("192.168.0.7"), call("192.168.0.7"), call("127.0.0.1", embedded=True)}) == 3


def test_two_browsers_are_two_owners() -> None:
    with browser() as one, browser() as other:
        assert one.get("/").text != other.get("/").text


def test_a_forged_or_strange_cookie_is_not_believed() -> None:
    with browser() as mine, browser(secret=b"x" * 32) as other:
        owner = mine.get("/").text.removeprefix("guest:")
        signed_elsewhere = other.get("/").cookies[COOKIE]
    for forged in (owner, f"{owner}.", f"{owner}.{'0' * 64}", signed_elsewhere, "../../etc", "a.b", "é"):
        with browser() as client:
            response = client.get("/", headers=[(b"cookie", f"{COOKIE}={forged}".encode())])
        told = response.text.removeprefix("guest:")
        assert told not in {owner, forged, forged.partition(".")[0]}
        assert "set-cookie" in response.headers


def test_a_websocket_gets_the_cookie_too() -> None:
    with browser() as client:
        with client.websocket_connect("/ws") as socket:
            owner = socket.receive_text()
            headers: list[tuple[bytes, bytes]] = socket.extra_headers or []
            assert b"set-cookie" in dict(headers)
        assert owner.startswith("guest:")


@pytest.mark.parametrize(
    ("embedded", "https", "wanted", "unwanted"),
    [
        (False, False, {"HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=31536000"}, {"Secure"}),
        (False, True, {"HttpOnly", "SameSite=Lax", "Secure"}, {"Partitioned"}),
        (True, False, {"HttpOnly", "SameSite=None", "Secure", "Partitioned"}, {"SameSite=Lax"}),
    ],
)
def test_the_cookie_travels_only_where_it_should(
    embedded: bool, https: bool, wanted: set[str], unwanted: set[str]
) -> None:
    with browser(embedded=embedded, https=https) as client:
        parts = set(client.get("/").headers["set-cookie"].split("; "))
    assert wanted <= parts
    assert not unwanted & parts


def test_https_before_a_proxy_counts() -> None:
    with browser() as client:
        assert client.get("/", headers={"X-Forwarded-Proto": "https"}).headers["set-cookie"].endswith("; Secure")


def test_a_login_name_goes_before_the_cookie() -> None:
    state = SimpleNamespace(banyan_owner="A" * 32)
    assert owner_of(SimpleNamespace(username="ann", state=state)) == "user:ann"
    assert owner_of(SimpleNamespace(username=None, state=state)) == "guest:" + "A" * 32


def test_without_the_middleware_nobody_shares_an_owner() -> None:
    forged = SimpleNamespace(username=None, cookies={COOKIE: "A" * 32}, headers={COOKIE: "A" * 32})
    assert len({owner_of(forged), owner_of(forged), owner_of(None), owner_of(None)}) == 4


def test_the_secret_is_made_once_and_is_private(tmp_path: Path) -> None:
    secret = load_secret(tmp_path / "data")
    assert len(secret) == 32
    assert load_secret(tmp_path / "data") == secret
    assert (tmp_path / "data" / "secret").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["secret"]
    (tmp_path / "data" / "secret").write_bytes(b"")
    with pytest.raises(SettingsError, match="damaged"):
        load_secret(tmp_path / "data")


def test_a_secret_that_lost_a_byte_signs_nothing(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(load_secret(tmp_path)[:-1])
    with pytest.raises(SettingsError, match="damaged"):
        load_secret(tmp_path)


@pytest.mark.parametrize("embedded", [False, True])
def test_pages_carry_the_policy(embedded: bool) -> None:
    app = SecurityHeaders(Starlette(routes=[Route("/", _tell)]), embedded=embedded)
    with TestClient(app) as client:
        headers = client.get("/missing").headers
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'self'"
    assert policy["img-src"] == "'self' data: blob:"
    assert ("huggingface.co" in policy["frame-ancestors"]) is embedded
    assert headers["x-content-type-options"] == "nosniff"
