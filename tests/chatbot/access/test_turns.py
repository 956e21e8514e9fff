"""One visitor leaves places for the others, in the line of /v1 and in that of the page."""

import asyncio
from collections import Counter

import pytest
from starlette.types import Receive, Scope, Send

from chatbot.access.owner import OwnerCookie
from chatbot.access.turns import SHARED, TooManyAtOnce, Turns, visitors
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

    async def ask(self, address: str, *headers: tuple[bytes, bytes]) -> bool:
        """Whether the request was let in; it stays then."""
        scope = {
            "type": "http", "method": "POST", "path": "/v1/chat/completions", "scheme": "http", "query_string": b"",
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
