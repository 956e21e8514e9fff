"""What of the page is compressed once and kept, by us and by browsers; and that nothing of a visitor is in it."""

from collections import Counter
from collections.abc import Awaitable, Callable

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from chatbot.access.owner import OwnerCookie
from chatbot.ui.kept import PAGES, KeptFiles, KeptPage
from tests.loops import running_alone

SCRIPT = "export const tree = 'banyan';\n" * 200
HASHED, PLAIN = "/assets/index-DphvyggB.js", "/static/js/frame.min.js"


class Inner:
    """What Gradio would answer, counted by path."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.app = Starlette(routes=[Route("/{path:path}", self._answer)])

    async def _answer(self, request: Request) -> Response:
        self.asked[request.url.path] += 1
        if "missing" in request.url.path:
            return PlainTextResponse("no", 404)
        if request.url.path == "/":
            return PlainTextResponse(f"the page at {request.headers['host']}", media_type="text/html")
        return PlainTextResponse(SCRIPT, media_type="text/javascript", headers={"set-cookie": "stranger=1"})


def asking(app: ASGIApp, act: Callable[[httpx.AsyncClient], Awaitable[None]], **headers: str) -> None:
    async def run() -> None:
        given = {"accept-encoding": "gzip, br", **headers}
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://tree.example", headers=given) as client:
            await act(client)

    running_alone(run())


def test_a_file_is_compressed_once_and_for_ever_without_anybodys_cookie() -> None:
    inner = Inner()

    async def act(client: httpx.AsyncClient) -> None:
        for path, lasting in ((HASHED, "immutable"), (PLAIN, "max-age=86400"), ("/theme.css?v=1", "max-age=86400")):
            for _ in range(3):
                answer = await client.get(path)
                assert answer.text == SCRIPT
                assert (answer.headers["content-encoding"], answer.headers["content-type"]) == (
                    "br",
                    "text/javascript; charset=utf-8",
                )
                assert int(answer.headers["content-length"]) < len(SCRIPT) / 20
                assert lasting in answer.headers["cache-control"] and "set-cookie" not in answer.headers

    asking(KeptFiles(inner.app), act)
    assert inner.asked == {HASHED: 1, PLAIN: 1, "/theme.css": 1}


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/assets/missing.js", {}),
        ("/assets/.x/index.js", {}),  # dots and double strokes give one file any number of names
        ("/assets//index.js", {}),
        ("/gradio_api/info.json", {}),
        (HASHED, {"accept-encoding": "gzip"}),
        (HASHED, {"range": "bytes=0-9"}),
    ],
)
def test_everything_else_is_asked_for_each_time(path: str, headers: dict[str, str]) -> None:
    inner = Inner()

    async def act(client: httpx.AsyncClient) -> None:
        for _ in range(2):
            answer = await client.get(httpx.URL("http://tree.example").copy_with(raw_path=path.encode()))
            assert "content-encoding" not in answer.headers
            assert answer.status_code == (404 if "missing" in path else 200)

    asking(KeptFiles(inner.app), act, **headers)
    assert inner.asked.total() == 2


def test_the_page_is_made_once_for_each_address_and_tells_nobodys_cookie_to_another() -> None:
    inner, cookies = Inner(), set()

    async def act(client: httpx.AsyncClient) -> None:
        for host in ("one.example", "two.example", "one.example"):
            client.cookies.clear()
            answer = await client.get("/", headers={"host": host})
            assert answer.text == f"the page at {host}"
            cookies.add(answer.headers["set-cookie"])
        assert (await client.get("/?deep_link=x", headers={"host": "one.example"})).text == "the page at one.example"
        await client.head("/")

    asking(OwnerCookie(KeptPage(inner.app), secret=b"s" * 32), act)
    assert len(cookies) == 3
    assert inner.asked["/"] == 4


def test_sixteen_addresses_are_kept() -> None:
    inner = Inner()

    async def act(client: httpx.AsyncClient) -> None:
        for at in [*range(PAGES), *range(PAGES), PAGES, 0]:
            await client.get("/", headers={"host": f"{at}.example"})

    asking(KeptPage(inner.app), act)
    assert inner.asked["/"] == PAGES + 2
