"""What POSIX has and Windows has not, or calls otherwise: cores of one's own, groups of processes, a parent that is gone."""

import contextlib
import os
import signal

import psutil

INHERITS = os.name == "posix"  # whether a child can be given an open file by its number


def cores() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def ask_group(pid: int) -> None:
    """SIGTERM to a process that leads a session of its own, and to its children; nothing on Windows, where there is none.

    Raises `PermissionError` where it is another account's.
    """
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGTERM)


def kill_group(pid: int) -> None:
    """End such a process and its children at once. Raises `PermissionError` where it is another account's."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
        return
    with contextlib.suppress(psutil.NoSuchProcess):
        leader = psutil.Process(pid)
        for process in (*leader.children(recursive=True), leader):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()


def is_parent(pid: int) -> bool:
    """Whether `pid`, which started this process, is there still: a POSIX child is given another parent, one of Windows is not."""
    return os.getppid() == pid and (os.name == "posix" or psutil.pid_exists(pid))


def give_way() -> None:
    """Come after other processes, where the system lets a process say so of itself."""
    if hasattr(os, "nice"):
        os.nice(19)
    else:
        psutil.Process().nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
