"""What is too large or too slow is given up, and nobody waits for it."""

import asyncio
import socket
import time
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from chatbot.access.bodies import MOST, PACE, PATIENCE, UPLOAD, Bodies
from chatbot.access.refusals import Refusals
from tests.chatbot.serving import serving
from tests.loops import running_alone


async def _size(request: Request) -> Response:
    return JSONResponse(sum([len(piece) async for piece in request.stream()]))


def app(**options: Any) -> Starlette:
    routes = [Route("/v1/chat/completions", _size, methods=["POST"]), Route(UPLOAD, _size, methods=["POST"])]
    middleware = [Middleware(Refusals, words=lambda error, _: str(error)), Middleware(Bodies, **options)]
    return Starlette(routes=routes, middleware=middleware)


@pytest.mark.parametrize(("more", "status"), [(0, 200), (1, 413)])
def test_a_body_of_four_megabytes_is_read_and_no_byte_more(more: int, status: int) -> None:
    assert MOST == 4 * 2**20
    with TestClient(app()) as http:
        answer = http.post("/v1/chat/completions", content=b" " * (MOST + more))
        assert answer.status_code == status
        assert http.post(UPLOAD, content=b" " * (MOST + more)).json() == MOST + more, "an upload has its own limit"
    if more:
        assert answer.json()["error"]["code"] == "body_too_large"


@pytest.mark.parametrize("path", ["/v1/chat/completions", UPLOAD])
def test_a_body_that_stops_on_the_way_is_given_up(path: str) -> None:
    with serving(app(patience=0.3)) as url:
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=10) as slow:
            slow.sendall(f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 100\r\n\r\nhalf".encode())
            begin = time.monotonic()
            assert slow.recv(4096).startswith(b"HTTP/1.1 408")
            assert time.monotonic() - begin < 5
        assert httpx.post(url + path, content=b"whole").json() == 5


def test_who_keeps_the_pace_may_take_long() -> None:
    """The limit is Apache's: twenty seconds, and one more for each 500 bytes."""
    assert (PATIENCE, PACE) == (20.0, 500)
    now = 0.0

    async def send(bytes_a_second: int, seconds: int) -> list[int]:
        nonlocal now
        pieces = [
            {"type": "http.request", "body": b"x" * bytes_a_second, "more_body": n < seconds}
            for n in range(seconds + 1)
        ]
        statuses: list[int] = []

        async def receive() -> dict[str, object]:
            nonlocal now
            await asyncio.sleep(0)
            now += 1
            return pieces.pop(0)

        async def told(message: dict[str, object]) -> None:
            if "status" in message:
                statuses.append(int(str(message["status"])))

        scope = {"type": "http", "method": "POST", "path": "/v1/chat/completions", "headers": [], "query_string": b""}
        await app(clock=lambda: now)(scope, receive, told)  # type: ignore[arg-type]
        return statuses

    assert running_alone(send(600, 100)) == [200]
    assert running_alone(send(100, 100)) == [408]
