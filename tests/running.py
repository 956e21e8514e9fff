"""The app as a person starts it: `python app.py` in a process of its own."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

ROOT = Path(__file__).parent.parent


class Process(Protocol):
    """As much of `subprocess.Popen` as tests need."""

    pid: int

    def poll(self) -> int | None: ...
    def kill(self) -> None: ...
    def send_signal(self, sig: int, /) -> None: ...
    def wait(self, timeout: float | None = None) -> int: ...


@dataclass(frozen=True, slots=True)
class App:
    address: str
    process: Process
    log: Path

    def health(self) -> dict[str, Any]:
        """What /health says; it answers 503 when the model could not be loaded."""
        try:
            answer = urllib.request.urlopen(f"{self.address}/health", timeout=5)
        except urllib.error.HTTPError as failed:
            answer = failed
        with answer:
            record: dict[str, Any] = json.load(answer)
            return record


@contextmanager
def running(
    *arguments: str,
    data: Path,
    environment: Mapping[str, str] | None = None,
    ready: bool = True,
    seconds: float = 120,
    start: Sequence[str] = (str(ROOT / "app.py"),),
) -> Iterator[App]:
    """Start the app on a free port and wait until it answers (`ready`: until its model is loaded). `start` is what Python is given."""
    port = free_port()
    log = data / "app.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, *start, "--port", str(port), "--data", str(data), *_small(arguments)],
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, **(environment or {})},
            cwd=ROOT,
        )
    app = App(f"http://127.0.0.1:{port}", process, log)
    try:
        wait(app, ready, seconds)
        yield app
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _small(arguments: Sequence[str]) -> Sequence[str]:
    """The model that is quickest where a test does not ask for one."""
    return arguments if "--model" in arguments or "--base-url" in arguments else ("--model", "small", *arguments)


def wait(app: App, ready: bool, seconds: float) -> None:
    """Until it answers, with `ready` until its model is loaded."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert app.process.poll() is None, f"the app ended: {app.log.read_text()}"
        try:
            if not ready or app.health()["status"] != "loading":
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise AssertionError(f"the app did not get ready: {app.log.read_text()}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
