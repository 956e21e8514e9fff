"""The app in a fork of a process that has imported all of it: who starts it again and again waits a second instead of six.

    with host() as fork, fork("--engine", "scripted", data=folder) as app:
        ...

The host has one thread, so that its forks begin as a new process does. They end with it, and it with who began it.
"""

import gc
import json
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import NoReturn

import psutil

from tests.running import ROOT, App, free_port, wait

Fork = Callable[..., AbstractContextManager[App]]
HEAVY = (
    *("app", "chatbot.ui.page", "chatbot.ui.entrance", "chatbot.ui.mcp_tools", "chatbot.ui.sign_in.usage"),
    *("chatbot.engine.local.engine", "transformers.models.llama.modeling_llama", "chatbot.training.training"),
    *("chatbot.tasks.answer.work", "retrieval.library", "retrieval.search.available", "onnxruntime", "faiss"),
)
WITHOUT = {"GRADIO_ANALYTICS_ENABLED": "False"}  # read when gradio is imported, as `app.serve` has it


class Forked:
    """Nobody's child here, so that it is known by its id only; the host waits for none."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._process = psutil.Process(pid)

    def poll(self) -> int | None:
        return None if self._process.is_running() else -signal.SIGKILL

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def send_signal(self, sig: int, /) -> None:
        with suppress(psutil.NoSuchProcess):
            self._process.send_signal(sig)

    def wait(self, timeout: float | None = None) -> int:
        self._process.wait(timeout)
        return 0


@contextmanager
def host() -> Iterator[Fork]:
    """What starts the app as `tests.running.running` does, and kills it in the end."""
    command, pipe = [sys.executable, "-m", "tests.bench.attacks.forked"], subprocess.PIPE
    environment = {**os.environ, **WITHOUT}
    with subprocess.Popen(command, cwd=ROOT, env=environment, text=True, stdin=pipe, stdout=pipe) as process:

        @contextmanager
        def fork(*arguments: str, data: Path, seconds: float = 120) -> Iterator[App]:
            assert process.stdin and process.stdout
            port, log = free_port(), data / "app.log"
            asked = [str(log), "--port", str(port), "--data", str(data), *arguments]
            process.stdin.write(json.dumps(asked) + "\n")
            process.stdin.flush()
            app = App(f"http://127.0.0.1:{port}", Forked(int(process.stdout.readline())), log)
            try:
                wait(app, True, seconds)
                yield app
            finally:
                app.process.kill()
                app.process.wait()

        yield fork


def main() -> None:
    """The host: for each line a fork, whose id it tells."""
    for name in HEAVY:
        import_module(name)
    gc.collect()
    gc.freeze()  # or each fork looks through all that was imported, and copies the memory in which it marks it
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # no zombies: who asks whether a fork lives is told the truth
    for line in sys.stdin:
        log, *arguments = json.loads(line)
        if pid := os.fork():
            print(pid, flush=True)
        else:
            _begin(log, arguments)


def _begin(log: str, arguments: list[str]) -> NoReturn:
    from app import main as banyan
    from chatbot.common.confine import end_with_parent

    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # it waits for children of its own
    written, nothing = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), os.open(os.devnull, os.O_RDONLY)
    for given, own in ((nothing, 0), (written, 1), (written, 2)):
        os.dup2(given, own)
    end_with_parent()
    try:
        os._exit(banyan(arguments))
    except BaseException:
        traceback.print_exc()
        os._exit(1)


if __name__ == "__main__":
    main()
