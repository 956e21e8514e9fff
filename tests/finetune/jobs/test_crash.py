"""Whatever is killed, whenever: at most `save_steps` updates are lost, the state is told truly, nothing is left behind.

Seven kills: two of the child in the middle of a save, three of it at random moments, two of the app; `pytest -m long` has thrice as many.
Most children are forked from a server that has imported torch already, since importing it each time is most of the
time and none of the point; the app's children are started as the app starts them.
"""

import multiprocessing
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from safetensors.numpy import load_file

from finetune.jobs.folder import JobFolder
from finetune.jobs.jobs import Jobs
from finetune.jobs.records import Base
from tests.finetune.jobs_for_tests import ROWS, make_job, spec, wait_for
from tests.tiny import make_model

pytestmark = pytest.mark.slow

STEPS, SAVE_STEPS = 160, 4
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["finetune.train.run"])


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("model"), "llama")


def child(folder: str) -> None:
    os.setsid()
    os.environ["OMP_NUM_THREADS"] = "1"
    from finetune.train.command import main

    output = os.open(f"{folder}/log.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os._exit(main([folder]))


def start(job: JobFolder) -> multiprocessing.process.BaseProcess:
    process = FORKS.Process(target=child, args=(str(job.path),))
    process.start()
    return process


def steps_done(job: JobFolder) -> int:
    return max((line["step"] for line in job.read_progress() if "loss" in line), default=0)


def saved_step(job: JobFolder) -> int:
    newest = job.newest_checkpoint()
    return int(newest.name.removeprefix("step-")) if newest else 0


def kill(process: multiprocessing.process.BaseProcess) -> None:
    assert process.pid
    os.kill(process.pid, signal.SIGKILL)
    process.join(10)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("kills", [5, pytest.param(15, marks=pytest.mark.long)])
def test_a_killed_child_goes_on_from_its_checkpoints_and_learns_the_same(
    kills: int, tmp_path: Path, model: Path
) -> None:
    settings = spec(steps=STEPS, save_steps=SAVE_STEPS, dropout=0.1, eval_steps=100)
    job = make_job(tmp_path, model, settings)
    chance = random.Random(0)
    aimed, in_a_save = kills // 2 + 1, 0
    for attempt in range(kills):
        process = start(job)
        saved_before = saved_step(job)
        if attempt < aimed:
            wait_for(partial(has_saved_more, job, saved_before))
            wait_for_tight(lambda: is_saving(job))
            time.sleep(chance.uniform(0.0, 0.015))
        else:
            wait_for(job.is_locked)
            at = time.monotonic() + chance.uniform(0.0, 2.5)  # but early enough that steps are left for the other kills
            while time.monotonic() < at and steps_done(job) < saved_before + 3 * SAVE_STEPS:
                time.sleep(0.005)
        kill(process)
        in_a_save += is_saving(job)
        assert job.state() == "interrupted"
        assert saved_step(job) >= saved_before
        assert steps_done(job) - saved_step(job) <= SAVE_STEPS
    assert in_a_save >= aimed // 2, "the kills did not hit the saves"
    process = start(job)
    process.join(180)
    assert job.state() == "succeeded", job.log.read_text()
    assert [line["step"] for line in job.read_progress() if "loss" in line] == list(range(1, STEPS + 1))

    undisturbed = make_job(tmp_path / "calm", model, settings)
    process = start(undisturbed)
    process.join(180)
    assert undisturbed.state() == "succeeded"
    ours, theirs = (load_file(j.adapter / "adapter_model.safetensors") for j in (job, undisturbed))
    assert all(abs(ours[name] - theirs[name]).max() < 1e-5 for name in theirs)


def has_saved_more(job: JobFolder, than: int) -> bool:
    return saved_step(job) > than


def is_saving(job: JobFolder) -> bool:
    try:
        return any(path.name.startswith("checkpoint-") for path in (job.checkpoints / ".aside").iterdir())
    except FileNotFoundError:
        return False


def wait_for_tight(what: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not what():
        assert time.monotonic() < until, "it did not happen in time"


APP = """
import sys, time
from pathlib import Path
from finetune.jobs.jobs import Jobs
jobs = Jobs(Path(sys.argv[1]) / "jobs", adapters=Path(sys.argv[1]) / "adapters", threads=1)
jobs.start()
print("up", flush=True)
time.sleep(600)
"""


def app(folder: Path) -> subprocess.Popen[bytes]:
    process = subprocess.Popen([sys.executable, "-c", APP, str(folder)], stdout=subprocess.PIPE)
    assert process.stdout
    assert process.stdout.readline() == b"up\n"
    return process


@pytest.mark.timeout(600)
@pytest.mark.parametrize("kills", [2, pytest.param(6, marks=pytest.mark.long)])
def test_a_killed_app_loses_no_job_and_leaves_no_orphan(kills: int, tmp_path: Path, model: Path) -> None:
    jobs = Jobs(tmp_path / "jobs", adapters=tmp_path / "adapters", threads=1)  # looks on; it starts nothing
    first = jobs.create("ada", "first", ROWS, spec(steps=4000), Base(str(model), "tiny"))
    second = jobs.create("ada", "second", ROWS, spec(steps=3), Base(str(model), "tiny"))
    chance = random.Random(1)
    pids = set()
    for _ in range(kills):
        running = app(tmp_path)
        wait_for(lambda: bool(JobFolder(tmp_path / "jobs" / first).started().get("pid")))
        time.sleep(chance.uniform(0.0, 1.0))
        running.kill()
        running.wait()
        pids.add(JobFolder(tmp_path / "jobs" / first).started()["pid"])
        assert jobs.get("ada", first).state == "running"
        assert jobs.get("ada", second).state == "queued"
    assert len(pids) == 1, "the child went on by itself, and no app started a second one"
    running = app(tmp_path)
    wait_for(lambda: steps_done(JobFolder(tmp_path / "jobs" / first)) > 2)
    jobs.cancel("ada", first)
    wait_for(lambda: jobs.get("ada", first).state == "cancelled")
    wait_for(lambda: jobs.get("ada", second).state == "succeeded")
    running.kill()
    running.wait()
    wait_for(lambda: not alive(tmp_path), 10)


def alive(folder: Path) -> list[int]:
    """Processes that have the folder in their command line."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if str(folder).encode() in path.read_bytes():
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found
