"""Work in a process of its own: requests and answers as JSON, one object a line, over the child's stdin and stdout.

The app stays quick and alive whatever a stranger's file, torch or the memory does to the child. A child answers one request
after another, says its progress between, and ends when its stdin closes, or within seconds of the app, however that ends.
"""

import json
import os
import queue
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from chatbot.common.confine import end_with_parent
from chatbot.common.errors import BanyanError, Stopped
from chatbot.common.step import Progress, Step

HOME = Path(__file__).resolve().parents[2]
LOOK = 0.2  # seconds between looks at the stop event
QUIET = 0.1  # seconds between two reports of progress

SECRETS = re.compile(r"TOKEN|SECRET|PASSWORD|API_KEY|^BANYAN_|^AWS_")
WAITING = {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "1000"}
"""How threads wait for each other, where several compute one piece: they spin for some 30 microseconds, then sleep. Tokens/s
when all did, quiet / beside a busy process: 410 / 223; asleep at once 320 / 270, ten times as long 450 / 83."""


class Child:
    """The parent's end of `python -m module`. One request at a time, others wait; safe from any thread.

    The process starts with the first request and ends after `idle` seconds without one.
    """

    def __init__(self, module: str, *, device: str = "cpu", threads: int = 1, idle: float = 300.0) -> None:
        self._module, self._device, self._threads, self._idle = module, device, threads, idle
        self._process: subprocess.Popen[bytes] | None = None
        self._said: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None

    def ask(
        self,
        request: dict[str, Any],
        progress: Progress = lambda step, fraction: None,
        stop: threading.Event | None = None,
    ) -> Any:
        """The child's answer. Raises the child's `BanyanError`; one of its own when it died; `Stopped` with `stop`."""
        while not self._lock.acquire(timeout=LOOK):
            progress(Step("waiting"), None)
            if stop is not None and stop.is_set():
                raise Stopped("It was stopped.")
        try:
            if self._timer:
                self._timer.cancel()
            return self._converse(self._alive(), request, progress, stop)
        except BaseException:
            self._end()
            raise
        finally:
            self._timer = threading.Timer(self._idle, self.close)
            self._timer.daemon = True
            self._timer.start()
            self._lock.release()

    def close(self) -> None:
        """End the process. Idempotent; a request under way fails."""
        self._end()

    def _alive(self) -> "subprocess.Popen[bytes]":
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", self._module],
                cwd=HOME,
                env=child_environment(os.environ, self._device, self._threads),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            self._said = queue.SimpleQueue()
            threading.Thread(target=_read, args=(self._process, self._said), name="child", daemon=True).start()
        return self._process

    def _converse(
        self,
        process: "subprocess.Popen[bytes]",
        request: dict[str, Any],
        progress: Progress,
        stop: threading.Event | None,
    ) -> Any:
        assert process.stdin
        try:
            process.stdin.write(json.dumps(request).encode() + b"\n")
            process.stdin.flush()
        except OSError as error:
            raise _died() from error
        while True:
            if stop is not None and stop.is_set():
                raise Stopped("It was stopped.")
            try:
                line = self._said.get(timeout=LOOK)
            except queue.Empty:
                continue
            if not line.endswith(b"\n"):
                raise _died()
            said = json.loads(line)
            if "step" in said:
                progress(Step(said["step"], **said["figures"]), said["fraction"])
            elif "error" in said:
                raise _CLASSES.get(said["code"], BanyanError)(said["error"], kind=said["kind"], **said["details"])
            else:
                return said["answer"]

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()


def _read(process: "subprocess.Popen[bytes]", said: "queue.SimpleQueue[bytes]") -> None:
    """Its lines, and at its end one that is none: a pipe cannot be waited for with a time everywhere."""
    assert process.stdout
    for line in process.stdout:
        said.put(line)
    said.put(b"")


def serve(handle: Callable[[dict[str, Any], Progress], Any]) -> None:
    """The child's end: answer each request with what `handle` returns, until stdin closes."""
    end_with_parent()  # also in the midst of an answer, when nobody reads stdin
    own = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)  # what libraries print is no answer
    last = 0.0

    def say(**values: object) -> None:
        own.write(json.dumps(values) + "\n")

    def progress(step: Step, fraction: float | None) -> None:
        nonlocal last
        if time.monotonic() - last >= QUIET:
            last = time.monotonic()
            say(step=step.code, figures=step.figures, fraction=fraction)

    for line in sys.stdin:
        try:
            say(answer=handle(json.loads(line), progress))
        except BanyanError as error:
            say(**_record(error))
        except Exception as error:  # whatever it is, the one who waits is told
            reason = f"{type(error).__name__}: {error}"[:300]
            failed = f"The work failed ({reason}). Please try again."
            say(**_record(BanyanError(failed, kind="child_failed", reason=reason)))


def _record(error: BanyanError) -> dict[str, object]:
    return {"error": str(error), "code": error.code, "kind": error.kind, "details": error.figures}


def _died() -> BanyanError:
    return BanyanError(
        "The work ended unexpectedly, perhaps for lack of memory. Please try again with less data.", kind="child_died"
    )


def _tree(root: type[BanyanError]) -> dict[str, type[BanyanError]]:
    found = {root.code: root}
    for child in root.__subclasses__():
        found |= {code: kind for code, kind in _tree(child).items() if code not in found}
    return found


_CLASSES = _tree(BanyanError)


def child_environment(outer: Mapping[str, str], device: str, threads: int) -> dict[str, str]:
    """What a child needs and no more: no secrets, no network, its own way of waiting instead of the app's."""
    kept = {name: value for name, value in outer.items() if not SECRETS.search(name)}
    return kept | {
        "CUDA_VISIBLE_DEVICES": "" if device == "cpu" else device,
        "OMP_NUM_THREADS": str(threads),
        **WAITING,
        "HF_HUB_OFFLINE": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "PYTHONUNBUFFERED": "1",
    }
