"""Runs one of our own modules in a child process that may not do much: see `chatbot.common.confine` for what it gives up.

The child is an argument list without a shell, in a session of its own, with next to no environment. It writes one JSON
object a line on its standard output and is killed, with all it started, when it takes too long or is no longer wanted.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from threading import Event, Thread

from chatbot.common.rejected import RejectedFile
from chatbot.common.system.processes import kill_group

Record = dict[str, object]
BUSY = 6  # times as long may the same work take on a machine that does other things, too

_ROOT = Path(__file__).resolve().parents[2]
_KEPT = ("PATH", "HOME", "TMPDIR", "SYSTEMROOT", "LD_LIBRARY_PATH", "PYTHONPATH", "VIRTUAL_ENV")
_LINE = 256 << 20  # bytes: no honest record is longer
_TICK = 0.05  # seconds between two looks at the clock and the stop event


@dataclass(frozen=True, slots=True)
class Limits:
    """What reading one file may cost. Whatever is over ends in `RejectedFile`, except `cells`, which ends in a warning."""

    file_bytes: int = 100 << 20
    seconds: float = 180.0  # of wall clock
    cpu_seconds: int = 30  # what a stranger's file may cost; a workbook of 100,000 rows of five takes 18
    memory_bytes: int = 2 << 30  # of address space
    characters: int = 20_000_000
    pages: int = 10_000
    cells: int = 2_000_000  # of a workbook; the rest is left out and named in a warning
    entries: int = 10_000  # files in a zip container
    unpacked_bytes: int = 1 << 30  # of a zip container
    ratio: int = 250  # unpacked to packed bytes, of entries above 8 MB

    def lasting(self, seconds: int) -> "Limits":
        """The same with so much work."""
        return replace(self, cpu_seconds=seconds, seconds=float(BUSY * seconds))


def run(
    module: str, arguments: Sequence[str], limits: Limits, *, stop: Event | None = None, given: Mapping[str, object]
) -> Iterator[Record]:
    """The records that `python -m module LIMITS *arguments` writes, until one with the key "end".

    A record with the key "rejected" ends it with `RejectedFile`, as does every other way to end. `given` are details of
    the rejections (`name`). Closing the iterator kills the child.
    """
    command = [sys.executable, "-X", "utf8", "-m", module, json.dumps(asdict(limits)), *arguments]
    process = subprocess.Popen(  # start_new_session: a group of its own to kill; nothing runs between fork and exec
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        cwd=_ROOT, env=_environment(), start_new_session=True, close_fds=True,
    )  # fmt: skip
    with process, _watched(process, limits.seconds, stop) as killed_for:
        assert process.stdout is not None
        ended = False
        while not ended and (line := process.stdout.readline(_LINE)):
            record = _parsed(line)
            if record is None:
                break
            if isinstance(why := record.get("rejected"), dict):
                raise RejectedFile(why.pop("code"), **{**why, **given})
            ended = "end" in record
            yield record
        if not ended:
            _kill(process)
            raise _broken_off(process.wait(), killed_for, limits, given)


@contextmanager
def _watched(process: subprocess.Popen[bytes], seconds: float, stop: Event | None) -> Iterator[list[str]]:
    """Kills the process when its time is up or `stop` is set, and at the end in any case. Yields the reasons it killed for."""
    reasons: list[str] = []
    over = Event()
    deadline = time.monotonic() + seconds

    def watch() -> None:
        while not over.wait(_TICK):
            if (stop is not None and stop.is_set()) or time.monotonic() > deadline:
                reasons.append("stopped" if stop is not None and stop.is_set() else "timeout")
                _kill(process)
                return

    watcher = Thread(target=watch, name="reading-limits", daemon=True)
    watcher.start()
    try:
        yield reasons
    finally:
        over.set()
        watcher.join()
        _kill(process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        kill_group(process.pid)


def _parsed(line: bytes) -> Record | None:
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) else None


def _broken_off(status: int, killed_for: list[str], limits: Limits, given: Mapping[str, object]) -> RejectedFile:
    out_of_time = status == -getattr(signal, "SIGXCPU", 0) != 0
    code = "timeout" if out_of_time else killed_for[0] if killed_for else "crashed"
    seconds = limits.cpu_seconds if out_of_time else round(limits.seconds)
    return RejectedFile(code, **{"seconds": seconds, "megabytes": limits.memory_bytes >> 20, **given})


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return kept | {"OMP_NUM_THREADS": "1", "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}
