"""The door to the web, held against real servers on this machine, of which it may connect to one address."""

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from chatbot.common.errors import InputError, Stopped
from retrieval.library import Library
from retrieval.web.addresses import Address, is_public
from retrieval.web.door import Bounds, Resolve, Web, parsed

HERE, ELSEWHERE = ip_address("127.0.0.1"), ip_address("127.0.0.2")
PAGE = "<html><head><title>Orchard</title></head><body><p>The orchard was planted in 1998 by Maria.</p></body></html>"


class Site(BaseHTTPRequestHandler):
    """What one asks of it decides how it behaves."""

    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(f"{self.headers['host']}{self.path}")
        way = self.path.split("?")[0].strip("/").partition("/")[0]
        getattr(self, f"_{way or 'page'}")()

    def _say(self, type: str, body: bytes, **headers: str) -> None:
        self.send_response(200)
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        for name, value in {"content-type": type, "content-length": str(len(body)), **told}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _page(self) -> None:
        self._say("text/html; charset=utf-8", PAGE.encode())

    def _chinese(self) -> None:
        self._say("text/html; charset=gbk", f"<p>{'果园由玛丽亚于一九九八年种植。'}</p>".encode("gbk"))

    def _picture(self) -> None:
        self._say("video/mp4", b"\0")

    def _packed(self) -> None:
        self._say("text/html", b"\0", content_encoding="br")

    def _raw(self) -> None:
        self._say("application/octet-stream", b"# Orchard")

    def _gone(self) -> None:
        self.send_error(404)

    def _to(self) -> None:
        """Redirects to whatever stands behind the question mark."""
        self.send_response(302)
        self.send_header("location", self.path.partition("?")[2] or self.path)
        self.end_headers()

    def _endless(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/plain")
        self.end_headers()
        self._drip(b"word " * 2000, 0)

    def _large(self) -> None:
        self._say("text/plain", b"word", content_length=str(10**12))

    def _slow(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/plain")
        self.end_headers()
        self._drip(b"w", 0.02)

    def _header(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nx: ")
        self._drip(b"x", 0.02)

    def _drip(self, piece: bytes, pause: float) -> None:
        try:
            while not self.server.over.wait(pause):  # type: ignore[attr-defined]
                self.wfile.write(piece)
                self.wfile.flush()
        except OSError:  # the door was shut
            pass

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """The server's host and port."""
    Site.asked = []
    server = ThreadingHTTPServer(("0.0.0.0", 0), Site)
    server.over = Event()  # type: ignore[attr-defined]
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield f"127.0.0.1:{server.server_port}"
    server.over.set()  # type: ignore[attr-defined]
    server.shutdown()
    server.server_close()


def only_here(address: Address, port: int) -> bool:
    return address == HERE


class Apart(Web):
    """Asks from a thread of its own, as the app does: the browser tests leave an event loop behind in the main one."""

    def fetch(self, *asked: Any, **how: Any) -> str:
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(super().fetch, *asked, **how).result()


def web(resolve: Resolve | None = None, **bounds: float) -> Web:
    limits = Bounds(**bounds)  # type: ignore[arg-type]
    return Apart(only_here, bounds=limits, resolve=resolve) if resolve else Apart(only_here, bounds=limits)


def refusal(door: Web, address: str, folder: Path) -> str:
    with pytest.raises(InputError) as refused:
        door.fetch(address, folder / "page")
    return refused.value.kind


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255",
     "240.0.0.1", "198.18.0.1", "::1", "::", "fe80::1", "fc00::1", "fec0::1", "ff02::1", "::ffff:127.0.0.1", "64:ff9b::a9fe:a9fe",
     "2002:7f00:1::", "2001:db8::1"],
)  # fmt: skip
def test_no_address_of_our_own_network_is_public(address: str) -> None:
    assert not is_public(ip_address(address), 443)


def test_the_web_is_public_at_its_own_ports() -> None:
    for address in ("93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "64:ff9b::5db8:d70e"):
        assert is_public(ip_address(address), 443) and is_public(ip_address(address), 80)
        assert not is_public(ip_address(address), 22)
        assert not is_public(ip_address(address), 7860)


@pytest.mark.parametrize(
    "typed", ["", "file:///etc/passwd", "ftp://example.org/", "javascript:alert(1)", "http://ann:secret@example.org/", "http://", "data:text/html,x"]
)  # fmt: skip
def test_what_is_no_address_of_the_web_is_refused(typed: str) -> None:
    with pytest.raises(InputError) as refused:
        parsed(typed)
    assert refused.value.kind == "web_address"


def test_a_page_becomes_a_document_named_by_its_address(site: str, tmp_path: Path) -> None:
    heard: list[float | None] = []
    assert (
        web().fetch(f"http://{site}/page/handbook?v=2", tmp_path / "page", report=heard.append)
        == f"{site.split(':', maxsplit=1)[0]}/page/handbook?v=2.html"
    )
    assert heard[-1] == 1.0
    library = Library(tmp_path / "library", None)
    assert library.add("ada", tmp_path / "page", "handbook.html").status == "indexed"
    assert "Maria" in library.search("ada", "Who planted the orchard?")[0].passage.text
    library.close()


def test_an_encoding_that_only_the_server_tells_is_heeded(site: str, tmp_path: Path) -> None:
    web().fetch(f"http://{site}/chinese", tmp_path / "page")
    assert "玛丽亚" in (tmp_path / "page").read_text("utf-8-sig")


def test_a_file_whose_type_the_server_does_not_know_is_told_by_its_name(site: str, tmp_path: Path) -> None:
    assert web().fetch(f"http://{site}/raw/notes.md", tmp_path / "page").endswith("/raw/notes.md")
    assert refusal(web(), f"http://{site}/raw/notes", tmp_path) == "web_type"


@pytest.mark.parametrize(
    ("path", "kind"),
    [("picture", "web_type"), ("packed", "web_type"), ("gone", "web_status"), ("large", "web_large"), ("to", "web_redirects"),
     ("to?ftp://example.org/", "web_address"), ("to?http://[", "web_unreachable")],
)  # fmt: skip
def test_what_is_no_page_is_refused_with_a_reason(site: str, tmp_path: Path, path: str, kind: str) -> None:
    assert refusal(web(), f"http://{site}/{path}", tmp_path) == kind


def test_a_body_without_end_is_given_up(site: str, tmp_path: Path) -> None:
    assert refusal(web(bytes=100_000), f"http://{site}/endless", tmp_path) == "web_large"
    assert (tmp_path / "page").stat().st_size <= 100_000


@pytest.mark.parametrize("path", ["slow", "header"])
def test_a_server_that_drips_is_given_up_and_stopped(site: str, tmp_path: Path, path: str) -> None:
    begin = time.monotonic()
    assert refusal(web(seconds=0.2), f"http://{site}/{path}", tmp_path) == "web_slow"
    stop = Event()
    threading.Timer(0.1, stop.set).start()
    with pytest.raises(Stopped):
        web().fetch(f"http://{site}/{path}", tmp_path / "page", stop=stop)
    assert time.monotonic() - begin < 10


def answering(*answers: Sequence[Address]) -> tuple[Resolve, list[str]]:
    """A name server, and what it was asked. Its last answer stands."""
    asked: list[str] = []

    async def resolve(host: str, port: int) -> Sequence[Address]:
        asked.append(host)
        return answers[min(len(asked), len(answers)) - 1]

    return resolve, asked


def test_no_redirect_leads_into_our_own_network(site: str, tmp_path: Path) -> None:
    port = site.rpartition(":")[2]
    for target in (
        f"http://127.0.0.2:{port}/page",
        f"//127.0.0.2:{port}/page",
        f"http://0x7f000002:{port}/page",
        f"http://2130706434:{port}/",
    ):
        before = len(Site.asked)
        assert refusal(web(), f"http://{site}/to?{target}", tmp_path) == "web_private"
        assert len(Site.asked) == before + 1, "nothing was sent there"
    assert web().fetch(f"http://{site}/to?/page", tmp_path / "page").endswith("/page.html")


def test_a_name_that_stands_for_both_is_refused(site: str, tmp_path: Path) -> None:
    port, before = site.rpartition(":")[2], len(Site.asked)
    for addresses in ([HERE, ELSEWHERE], [ELSEWHERE, HERE], []):
        assert refusal(web(answering(addresses)[0]), f"http://both.example:{port}/", tmp_path) == "web_private"
    assert len(Site.asked) == before


def test_the_address_that_was_checked_is_the_one_that_is_connected_to(site: str, tmp_path: Path) -> None:
    """The name leads elsewhere the next time it is asked; it is not."""
    port = site.rpartition(":")[2]
    resolve, asked = answering([HERE], [ELSEWHERE])
    assert web(resolve).fetch(f"http://changing.example:{port}/page", tmp_path / "page") == "changing.example/page.html"
    assert asked == ["changing.example"]
    assert Site.asked[-1] == f"changing.example:{port}/page", "the server is told its own name"


def test_a_server_that_is_not_there_is_said_to_be(tmp_path: Path) -> None:
    assert refusal(web(answering([HERE])[0]), "http://nobody.example:1/", tmp_path) == "web_unreachable"
    assert refusal(web(), "http://nobody.invalid/", tmp_path) == "web_unreachable"


def test_without_a_permission_of_its_own_this_machine_is_out_of_reach(site: str, tmp_path: Path) -> None:
    before, door = len(Site.asked), Apart()
    kinds = {
        refusal(door, address, tmp_path)
        for address in (f"http://{site}/", "http://127.0.0.1/", "http://localhost/", "http://[::1]/")
    }
    assert kinds == {"web_private"}
    assert len(Site.asked) == before
