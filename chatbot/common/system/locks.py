"""Locks on files that the kernel lets go of, however their holder ends: `flock`, and on Windows a locked byte."""

import importlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

try:
    import fcntl
except ImportError:
    fcntl = None  # type: ignore[assignment]

_FAR = 1 << 30
"""Where Windows locks: nobody else may read a locked byte, and what these files say stands at their beginning."""


def take(descriptor: int, *, shared: bool = False) -> bool:
    """Lock the open file until the descriptor, and every copy of it, is closed. False where another has it.

    `shared`: beside others who share it. Windows has no such lock of a byte, and none is taken there.
    """
    if fcntl is None:
        return shared or _take_far(descriptor)
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_taken(descriptor: int) -> bool:
    """Whether another has it. Looks at the same time do not see each other where the system tells a look from a lock."""
    return not (_take_far(descriptor) if fcntl is None else take(descriptor, shared=True))


@contextmanager
def turn(path: Path) -> Iterator[None]:
    """One at a time, of all threads and processes, between reading something and writing it anew; the others wait."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        while not take(descriptor):
            time.sleep(0.01)
        yield
    finally:
        os.close(descriptor)


def _take_far(descriptor: int) -> bool:
    msvcrt: Any = importlib.import_module("msvcrt")
    os.lseek(descriptor, _FAR, os.SEEK_SET)
    try:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    except OSError:
        return False
    finally:
        os.lseek(descriptor, 0, os.SEEK_SET)
    return True
