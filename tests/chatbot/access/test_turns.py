"""One visitor leaves places for the others, in the line of /v1 and in that of the page."""

import asyncio
from collections import Counter
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from chatbot.access.owner import OwnerCookie
from chatbot.access.turns import SHARED, TooManyAtOnce, Turns, asker, visitors
from tests.loops import running_alone

MOST = 3


class Line:
    """Requests that stay until they are let go."""

    def __init__(self) -> None:
        self.open: Counter[str] = Counter()
        self.go = asyncio.Event()
        self.tasks: list[asyncio.Task[None]] = []
        self.app = OwnerCookie(Turns(self._stay, most=MOST), secret=b"s" * 32)

    async def _stay(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.open[scope["client"][0]] += 1
        await self.go.wait()

    async def ask(self, address: str, *headers: tuple[bytes, bytes], path: str = "/v1/chat/completions") -> bool:
        """Whether the request was let in; it stays then."""
        scope = {
            "type": "http", "method": "POST", "path": path, "scheme": "http", "query_string": b"",
            "headers": list(headers), "client": (address, 1),
        }  # fmt: skip

        async def nothing(*_: object) -> dict[str, object]:
            return {}

        task = asyncio.create_task(self.app(scope, nothing, nothing))  # type: ignore[arg-type]
        await asyncio.sleep(0.01)
        if task.done():
            assert isinstance(task.exception(), TooManyAtOnce)
            return False
        self.tasks.append(task)
        return True


def test_who_holds_many_places_leaves_some_to_others() -> None:
    async def look() -> None:
        line = Line()
        one = [await line.ask("203.0.113.1") for _ in range(10)]
        assert one.count(True) == MOST * SHARED, "cookies are cheap: an address has so many at most"
        assert await line.ask("203.0.113.2")
        line.go.set()
        await asyncio.sleep(0.05)
        line.go.clear()
        assert await line.ask("203.0.113.1"), "a place that was left is free again"

    running_alone(look())


def test_behind_a_proxy_of_ours_the_visitor_counts_and_elsewhere_no_header_helps() -> None:
    async def look() -> None:
        line = Line()
        via = [await line.ask("10.0.0.2", (b"x-forwarded-for", f"1.2.3.4, 203.0.113.{n}".encode())) for n in range(10)]
        assert all(via)
        lied = [await line.ask("9.9.9.9", (b"x-forwarded-for", f"1.2.3.{n}".encode())) for n in range(10)]
        assert lied.count(True) == MOST * SHARED
        line.go.set()

    running_alone(look())


@pytest.mark.parametrize(("state", "places"), [({"banyan_user": "ann"}, 1), ({"banyan_owner": "x" * 32}, 2)])
def test_who_is_signed_in_counts_for_themselves(state: dict[str, str], places: int) -> None:
    scope = {"type": "http", "headers": [], "client": ("203.0.113.1", 1), "state": state}
    assert len(list(visitors(scope, MOST))) == places


def test_tools_called_by_mcp_count_too() -> None:
    async def look() -> None:
        line = Line()
        called = [await line.ask("203.0.113.1", path="/gradio_api/mcp/") for _ in range(10)]
        assert called.count(True) == MOST * SHARED
        assert await line.ask("203.0.113.1", path="/gradio_api/info"), (
            "what Gradio's own queue counts is not counted here"
        )
        line.go.set()

    running_alone(look())


def test_who_keeps_no_cookie_is_known_by_the_address() -> None:
    """With each request somebody new, such a visitor would be first at every turn."""
    found: list[str] = []

    async def handler(scope: Scope, receive: Receive, send: Send) -> None:
        found.append(asker(scope))
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def ask(*cookie: tuple[bytes, bytes]) -> bytes:
        sent: list[Any] = []

        async def send(message: Any = None) -> Any:
            sent.append(message)

        scope = {
            "type": "http",
            "path": "/v1/score",
            "scheme": "http",
            "headers": list(cookie),
            "client": ("9.9.9.9", 1),
        }
        await OwnerCookie(handler, secret=b"s" * 32)(scope, send, send)
        headers: dict[bytes, bytes] = dict(sent[0]["headers"])
        return headers.get(b"set-cookie", b"").partition(b";")[0]

    async def look() -> None:
        cookie = await ask()
        await ask()
        await ask((b"cookie", cookie))
        assert found[:2] == ["9.9.9.9"] * 2
        assert found[2].startswith("guest:")

    running_alone(look())
