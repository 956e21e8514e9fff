"""What a reading child gives up before it touches a stranger's file, and how it says what it found.

Memory, processor time and file sizes are bounded by the kernel (setrlimit); starting programs and opening connections is
refused by an audit hook, which stops our libraries and not machine code that has taken over the process.
"""

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

from chatbot.common.limited import Limits
from chatbot.common.rejected import RejectedFile
from chatbot.common.system.processes import is_parent

LOOK = 1.0  # seconds between looks at the parent
_REFUSED = ("socket.connect", "socket.bind", "subprocess.Popen", "os.system", "os.exec", "os.fork", "os.posix_spawn")


def end_with_parent() -> None:
    """End this process within seconds of its parent, however that one ends: what it was asked for nobody wants any more."""
    parent = os.getppid()

    def watch() -> None:
        while is_parent(parent):
            time.sleep(LOOK)
        os._exit(1)

    Thread(target=watch, name="parent", daemon=True).start()


def confine(limits: Limits) -> None:
    """Once and for all: nothing of it can be taken back."""
    end_with_parent()
    try:
        import resource
    except ImportError:  # Windows: the parent's clock is the only limit
        pass
    else:
        for what, most, grace in (
            (resource.RLIMIT_AS, limits.memory_bytes, 0),
            (resource.RLIMIT_CPU, limits.cpu_seconds, 5),  # first SIGXCPU, which tells why; SIGKILL only then
            (resource.RLIMIT_FSIZE, 0, 0),
            (resource.RLIMIT_CORE, 0, 0),
            (resource.RLIMIT_NOFILE, 256, 0),
        ):
            _, hard = resource.getrlimit(what)
            known = hard != resource.RLIM_INFINITY
            resource.setrlimit(what, (min(most, hard), min(most + grace, hard)) if known else (most, most + grace))
    sys.addaudithook(_refuse)


def _refuse(event: str, _: object) -> None:
    if event.startswith(_REFUSED):
        raise PermissionError(f"{event} is not for a reader of files")


def say(**record: object) -> None:
    """One record to the parent: ASCII, so that no character of a document can break the line."""
    sys.stdout.write(json.dumps(record) + "\n")
    sys.stdout.flush()


@contextmanager
def rejections(limits: Limits) -> Iterator[None]:
    """Tells the parent why the file cannot be read, for every exception the libraries may raise."""
    try:
        yield
    except RejectedFile as error:
        say(rejected={**error.details, "code": error.code})
    except MemoryError:
        say(rejected={"code": "memory", "megabytes": limits.memory_bytes >> 20})
    except Exception as error:
        say(rejected={"code": "damaged", "error": type(error).__name__})
