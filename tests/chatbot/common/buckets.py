"""An S3 server of the tests' own: moto's, in this process, which can be told to fail."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Thread
from typing import Any, TypeAlias
from wsgiref.types import StartResponse, WSGIEnvironment

import httpx

Fault: TypeAlias = Callable[[WSGIEnvironment], tuple[int, str] | None]
"""A status and a code of S3's in place of an answer; None for the answer."""

NAME = "banyan-tests"
LOOK = "a look from outside"


@dataclass(slots=True)
class Server:
    """`asked` are the requests so far; `fault` answers in its place, after `silence` seconds."""

    address: str = ""
    fault: Fault = lambda asked: None
    silence: float = 0.0
    asked: list[str] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        """By which AWS's tools find it."""
        return {
            "AWS_ENDPOINT_URL": self.address,
            "AWS_ACCESS_KEY_ID": "ann",
            "AWS_SECRET_ACCESS_KEY": "correct-horse",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def url(self, prefix: str) -> str:
        return f"s3://{NAME}/{prefix}"

    def keys(self) -> set[str]:
        """What the bucket holds. Who looks in this way meets no faults."""
        text = httpx.get(f"{self.address}/{NAME}?list-type=2", headers={"user-agent": LOOK}).text
        return {part.split("</Key>")[0] for part in text.split("<Key>")[1:]}

    def failing(self, status: int, code: str, times: int = 10**9, method: str = "") -> None:
        """Answer so many requests (of that method) like that."""
        left = [times]

        def fault(asked: WSGIEnvironment) -> tuple[int, str] | None:
            if left[0] <= 0 or (method and asked["REQUEST_METHOD"] != method):
                return None
            left[0] -= 1
            return status, code

        self.fault = fault

    def well(self) -> None:
        self.fault, self.silence = (lambda asked: None), 0.0


@contextmanager
def serving() -> Iterator[Server]:
    """With an empty bucket."""
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import make_server

    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # a line a request
    backend, server = DomainDispatcherApplication(create_backend_app), Server()

    def seen(asked: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        answered: Iterable[bytes] = backend(asked, start)
        return answered

    def answer(asked: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        if asked["HTTP_USER_AGENT"] == LOOK:
            return seen(asked, start)
        server.asked.append(f"{asked['REQUEST_METHOD']} {asked['PATH_INFO']}")
        if server.silence:
            time.sleep(server.silence)
        if fault := server.fault(asked):
            return refused(*fault, start)
        return seen(asked, start)

    http: Any = make_server("127.0.0.1", 0, answer, threaded=True)
    server.address = f"http://127.0.0.1:{http.server_port}"
    Thread(target=http.serve_forever, daemon=True).start()
    try:
        httpx.put(f"{server.address}/{NAME}").raise_for_status()
        yield server
    finally:
        http.shutdown()


def refused(status: int, code: str, start: StartResponse) -> Iterable[bytes]:
    start(f"{status} {code}", [("Content-Type", "application/xml")])
    return [f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>told to</Message></Error>".encode()]


def emptied(server: Server) -> None:
    """As new, for the next test."""
    server.well()
    httpx.post(f"{server.address}/moto-api/reset").raise_for_status()
    httpx.put(f"{server.address}/{NAME}").raise_for_status()
    server.asked.clear()
