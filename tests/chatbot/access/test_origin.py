"""Pages of another site reach nothing, by whatever a browser can be made to send."""

from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from chatbot.access.origin import SameOrigin
from chatbot.access.refusals import Refusals
from tests.chatbot.serving import serving

HERE = "http://testserver"
STRANGE = "https://evil.example"


async def _tell(_: Request) -> Response:
    return PlainTextResponse("secret")


def app(**options: Any) -> Refusals:
    paths = ["/", "/config", "/v1/models", "/gradio_api/mcp/", "/gradio_api/queue/join"]
    routes = [Route(path, _tell, methods=["GET", "POST"]) for path in paths]
    return Refusals(SameOrigin(Starlette(routes=routes), **options), words=lambda error, _: str(error))


@pytest.mark.parametrize("path", ["/", "/config", "/v1/models", "/gradio_api/mcp/", "/gradio_api/queue/join"])
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
@pytest.mark.parametrize(
    "origin", [STRANGE, "null", "http://testserver.evil.example", "http://testserver:81", "http://["]
)
def test_another_origin_is_refused_under_every_route(path: str, method: str, origin: str) -> None:
    with TestClient(app(), base_url=HERE) as http:
        answer = http.request(method, path, headers={"Origin": origin})
        assert answer.status_code == 403
        assert "secret" not in answer.text
        assert http.post(path, headers={"Origin": HERE}).text == "secret"


@pytest.mark.parametrize(
    ("path", "mode", "status"),
    [
        ("/config", "no-cors", 403),  # a picture, a script
        ("/", "no-cors", 403),
        ("/config", "navigate", 403),  # a frame, a link
        ("/", "navigate", 200),  # the page itself may be linked to
    ],
)
@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_what_carries_no_origin_is_known_by_its_site(path: str, mode: str, site: str, status: int) -> None:
    with TestClient(app(), base_url=HERE) as http:
        assert http.get(path, headers={"Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode}).status_code == status
        assert http.get(path, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 200
        assert http.post("/", headers={"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate"}).status_code == 403


def test_a_name_rebound_to_this_machine_is_refused() -> None:
    with serving(app()) as url:
        for path in ("/", "/v1/models", "/gradio_api/mcp/"):
            assert httpx.get(url + path, headers={"Host": "evil.example"}).status_code == 403
            assert httpx.get(url + path, headers={"Host": "localhost:7860"}).status_code == 200
    with serving(app(hosts=["banyan.example"])) as url:
        assert httpx.get(url, headers={"Host": "banyan.example"}).status_code == 200
        assert httpx.get(url, headers={"Host": "evil.example"}).status_code == 403


def test_a_proxy_may_keep_its_own_name_for_us() -> None:
    """nginx sends its own `Host` unless it is told otherwise, and the browser's page has another origin then."""
    with serving(app(hosts=["banyan.example"])) as url:
        assert httpx.post(url, headers={"Origin": "https://banyan.example"}).status_code == 200
    with serving(app()) as url:
        named = {"Origin": "https://banyan.example", "X-Forwarded-Host": "banyan.example"}
        assert httpx.post(url, headers=named).status_code == 200
        assert httpx.post(url, headers={"Origin": STRANGE, "X-Forwarded-Host": "banyan.example"}).status_code == 403


def test_with_a_key_v1_and_nothing_else_is_open_to_all() -> None:
    with serving(app(keyed=True)) as url:
        strange = {"Origin": STRANGE, "Host": "evil.example"}
        assert httpx.get(f"{url}/v1/models", headers=strange).status_code == 200
        assert httpx.get(f"{url}/config", headers=strange).status_code == 403
