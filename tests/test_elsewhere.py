"""What POSIX alone has is not needed, nor what a light install leaves out: the app starts, reads a document and locks its
folder without it, as on Windows."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.running import ROOT, free_port

pytestmark = pytest.mark.slow

WITHOUT = """
import asyncio, builtins, fcntl, multiprocessing, os, subprocess, sys, types  # those that look for msvcrt look now
sys.path.insert(0, os.getcwd())
every = builtins.__import__

def ours(name, globals=None, *rest, **named):  # libraries ask on which system they are, and it is not Windows
    if name in ("fcntl", "resource", "pwd", "grp", "termios") and (globals or {}).get("__file__", "").startswith(OURS):
        raise ImportError(name)
    return every(name, globals, *rest, **named)

OURS = tuple(os.path.join(os.getcwd(), room) for room in ("app.py", "chatbot", "retrieval", "finetune"))
builtins.__import__ = ours
for name in ("sched_getaffinity", "killpg", "nice", "O_CLOEXEC"):
    delattr(os, name)

def locking(descriptor, how, size):  # Windows' own, of the bytes where the descriptor stands
    fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, size, 0, os.SEEK_CUR)

sys.modules["msvcrt"] = types.SimpleNamespace(locking=locking, LK_NBLCK=2)
"""
LIGHT = """
import tomllib
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions
from packaging.requirements import Requirement

def brought(line, found):  # by a requirement, and by those of what it names
    asked = Requirement(line)
    name = asked.name.lower().replace("_", "-").replace(".", "-")
    extras = frozenset(asked.extras)
    if (name, extras) in found:
        return
    try:
        needs = distribution(name).requires or ()
    except PackageNotFoundError:
        return  # of another system, or not needed here
    found.add((name, extras))
    for need in needs:
        marker = Requirement(need).marker
        if not marker or any(marker.evaluate({"extra": extra}) for extra in extras or ("",)):
            brought(need, found)

found = set()
for line in tomllib.load(open("pyproject.toml", "rb"))["project"]["dependencies"]:
    brought(line, found)
names = {name for name, _ in found}
for module, packages in packages_distributions().items():
    if not names & {package.lower().replace("_", "-").replace(".", "-") for package in packages}:
        sys.modules.setdefault(module, None)
assert sys.modules["torch"] is sys.modules["transformers"] is sys.modules["peft"] is None
"""
PAGE = """
import threading, time, urllib.request
from pathlib import Path
import gradio_client
import app

folder, port = sys.argv[1:]

def look():
    address = f"http://127.0.0.1:{port}"
    while True:
        try:
            urllib.request.urlopen(f"{address}/health")
            break
        except OSError:
            time.sleep(0.2)
    page = urllib.request.urlopen(address).read().decode()
    Path(folder, "oak.md").write_text("The oak has 93 rings.")
    client = gradio_client.Client(address, verbose=False)
    added = client.predict(gradio_client.handle_file(str(Path(folder, "oak.md"))), api_name="/add_document")
    print("SAW", "by-composer" in page, added["passages"], flush=True)

def looked():
    try:
        look()
    finally:
        os._exit(0)

threading.Thread(target=looked, daemon=True).start()
app.main(["--engine", "scripted", "--data", folder, "--port", port])
"""
HOLD = """
from pathlib import Path
from chatbot.common.errors import StoreError
from chatbot.store.home import hold
from finetune.jobs.folder import JobFolder
folder = Path(sys.argv[1])
if len(sys.argv) == 3:
    with hold(folder):
        job = JobFolder(folder)
        assert not job.is_locked()
        held = job.lock()
        print("held", flush=True)
        sys.stdin.read()
else:
    try:
        hold(folder)
    except StoreError as error:
        print(error, JobFolder(folder).is_locked())
"""


def run(code: str, *arguments: str, **options: object) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", WITHOUT + code, *arguments]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, **options)  # type: ignore[call-overload, no-any-return]


def test_the_page_and_a_document(models_folder: Path, bundled_embedder: Path, tmp_path: Path) -> None:
    (tmp_path / "models").symlink_to(models_folder)
    with run(LIGHT + PAGE, str(tmp_path), str(free_port()), stderr=subprocess.PIPE) as process:
        said, log = process.communicate(timeout=200)
    assert "SAW True 1" in said, log[-3000:]


def test_a_folder_and_a_job_are_held_by_one_process(tmp_path: Path) -> None:
    with run(HOLD, str(tmp_path), "first", stdin=subprocess.PIPE) as first:
        assert first.stdout and first.stdout.readline() == "held\n"
        told, _ = run(HOLD, str(tmp_path)).communicate(timeout=60)
        assert f"process {first.pid}, since" in told and told.endswith("True\n")
        first.communicate("")
    assert json.loads((tmp_path / "lock").read_text())["process"] == first.pid
    told, _ = run(HOLD, str(tmp_path)).communicate(timeout=60)
    assert told == "", "the second takes it once the first has ended"
