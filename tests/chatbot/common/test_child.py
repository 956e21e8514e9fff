"""A child with a task does not outlive the app, even in the midst of it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.running import ROOT

WORK = {
    "serve": "from chatbot.common.child import serve; import time, os; serve(lambda request, progress: (print(os.getpid(), flush=True), time.sleep(60)))",
    "confine": "from chatbot.common.confine import confine; from chatbot.common.limited import Limits; import time; confine(Limits()); time.sleep(60)",
}
PARENT = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", sys.argv[1]], stdin=subprocess.PIPE, start_new_session=True)
child.stdin.write(b"{}\\n"); child.stdin.flush()
print(child.pid, flush=True)
time.sleep(60)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("kind", WORK)
def test_a_child_ends_within_seconds_of_its_killed_parent(kind: str, tmp_path: Path) -> None:
    command = [sys.executable, "-c", PARENT, WORK[kind]]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        time.sleep(1.5)
        os.kill(child, 0)  # it is at work
        parent.send_signal(signal.SIGKILL)
    until = time.monotonic() + 10
    while alive(child) and time.monotonic() < until:
        time.sleep(0.1)
    assert not alive(child)


def alive(process: int) -> bool:
    """Whether it runs; what has ended and was not asked how does not."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{process}/status").read_text()
    except FileNotFoundError:
        return False
