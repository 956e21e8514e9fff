"""A hub of our own on this machine: what `huggingface_hub` asks of the real one to list and fetch files."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from time import sleep

COMMIT = "a" * 40


class Hub(ThreadingHTTPServer):
    """`files` by repository and path. `breaks_at`: bytes after which a transfer ends, once; `slow`: seconds a block takes."""

    def __init__(self, files: dict[str, dict[str, bytes]]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files = files
        self.breaks_at: int | None = None
        self.slow = 0.0
        self.asked: list[tuple[str, str]] = []  # (path, range) of each transfer

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Hub

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, body: bool) -> None:
        path = self.path.partition("?")[0]
        if path.startswith("/api/models/"):
            return self._tell("/".join(path.split("/")[3:5]), about="/tree/" not in path)
        repository, _, file = (
            path.replace(f"/resolve/{COMMIT}/", "/resolve/main/").lstrip("/").partition("/resolve/main/")
        )
        content = self.server.files.get(repository, {}).get(file)
        if content is None:
            return self._refuse()
        return self._send(path, content, body)

    def _tell(self, id: str, about: bool) -> None:
        """Of a repository: what it is, or its files."""
        if id not in self.server.files:
            return self._refuse()
        tree = [
            {"type": "file", "path": name, "size": len(content), "oid": "0" * 40}
            for name, content in self.server.files[id].items()
        ]
        info = {"id": id, "sha": COMMIT, "siblings": [{"rfilename": one["path"]} for one in tree]}
        data = json.dumps(info if about else tree).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
        return None

    def _refuse(self) -> None:
        self.send_response(404)
        self.send_header("X-Error-Code", "RepoNotFound")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _send(self, path: str, content: bytes, body: bool) -> None:
        asked = self.headers.get("Range", "")
        start = int(asked.removeprefix("bytes=").split("-")[0]) if asked else 0
        self.send_response(206 if start else 200)
        self.send_header("ETag", '"0123456789"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(len(content) - start))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.end_headers()
        if not body:
            return
        self.server.asked.append((path, asked))
        end, self.server.breaks_at = self.server.breaks_at or len(content), None
        for at in range(start, end, 1 << 16):
            self.wfile.write(content[at : min(end, at + (1 << 16))])
            sleep(self.server.slow)
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def hub(files: dict[str, dict[str, bytes]]) -> Iterator[Hub]:
    with Hub(files) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()
