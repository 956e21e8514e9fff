"""The end of a training, told to a server that listens."""

import json
import logging
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import Any

import pytest

from chatbot.training.notice import notice, teller
from finetune.jobs.folder import JobFolder
from finetune.jobs.queue import new_folder
from finetune.jobs.records import Base, Meta, Result
from tests.finetune.jobs_for_tests import ROWS, spec, wait_for


@pytest.fixture
def job(tmp_path: Path) -> JobFolder:
    meta = Meta("user:ada", "trunks", 0.0, Base("/base"), str(tmp_path / "adapters"))
    made = new_folder(tmp_path / "jobs", meta, spec(), ROWS)
    made.finish(Result("succeeded", message="Better: x.", adapter="trunks", verdict={"outcome": "better"}))
    return made


@pytest.fixture
def listener() -> Iterator[tuple[str, "Queue[Any]"]]:
    heard: Queue[Any] = Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.put(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/hook", heard
    server.shutdown()
    server.server_close()


def test_the_end_is_told_without_whose_it_is(job: JobFolder, listener: tuple[str, "Queue[Any]"]) -> None:
    url, heard = listener
    teller(job.path.parent, url)(job.id)
    said = heard.get(timeout=60)
    assert said == notice(job)
    assert (said["state"], said["adapter"], said["verdict"]) == ("succeeded", "trunks", "better")
    assert said["text"] == "trunks: succeeded. Better: x."
    assert "user:ada" not in json.dumps(said)


def test_an_address_out_of_reach_is_logged_and_not_named(job: JobFolder, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        teller(job.path.parent, "http://127.0.0.1:9/secret-token")(job.id)
        wait_for(lambda: "could not be told" in caplog.text, 60)
    assert "secret-token" not in caplog.text
