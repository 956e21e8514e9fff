"""A second machine that trains: it takes what waits and what died, once, and tells nobody else's processes anything."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeAlias

import pytest

from chatbot.common.system import processes
from finetune import worker
from finetune.jobs import folder as folders
from finetune.jobs.folder import MACHINE, MOST_ATTEMPTS, JobFolder
from finetune.jobs.jobs import Jobs
from finetune.jobs.queue import all_jobs
from finetune.jobs.records import Base
from finetune.jobs.runner import Runner, signal_group
from tests.finetune.jobs_for_tests import ROWS, spec, wait_for
from tests.running import ROOT
from tests.tiny import make_model

Process: TypeAlias = "subprocess.Popen[bytes]"
Start: TypeAlias = Callable[..., Process]

pytestmark = pytest.mark.slow


@pytest.fixture
def jobs(tmp_path: Path) -> Iterator[Jobs]:
    """The app's, which trains nothing itself."""
    made = Jobs(tmp_path / "jobs", adapters=tmp_path / "adapters", devices=(), threads=1, poll=0.05)
    yield made
    made.close()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start workers of the app's folder under a name each; none outlives the test, nor does what it trains."""
    started = []

    def one(name: str, *more: str) -> Process:
        command = [sys.executable, "-m", "finetune.worker", str(tmp_path), "--threads", "1", "--name", name, *more]
        started.append(subprocess.Popen(command, cwd=ROOT))
        return started[-1]

    yield one
    for process in started:
        process.kill()
        process.wait()
    for job in all_jobs(tmp_path / "jobs"):
        if job.is_locked():
            os.killpg(job.started()["pid"], signal.SIGKILL)


def create(jobs: Jobs, base: str = "/nowhere", **knobs: object) -> JobFolder:
    id = jobs.create("ada", "bot", ROWS, spec(**knobs), Base(base, "tiny"))
    return JobFolder(jobs._folder / id)


def runner(jobs: Jobs, *, takes_over: bool = True) -> Runner:
    return Runner(jobs._folder, devices=["cpu"], threads=1, grace=1, poll=1, takes_over=takes_over)


def die(job: JobFolder, *, at: str = "") -> None:
    """As a child does whose machine goes: it began, and says nothing any more."""
    job.begin("cpu")
    job.begin("cpu", 4_000_000)
    if at:
        (job.checkpoints / at).mkdir(parents=True)
        (job.checkpoints / at / folders.COMPLETE).touch()


def test_a_dead_job_is_taken_over_before_what_waits_and_by_nobody_who_was_not_asked_to(jobs: Jobs) -> None:
    dead, waits = create(jobs), create(jobs)
    die(dead)
    assert dead.state() == "interrupted"
    assert runner(jobs).next() == [dead, waits]
    assert runner(jobs, takes_over=False).next() == [waits]
    lock = dead.lock()
    assert lock is not None
    assert runner(jobs).next() == [waits], "its child lives"
    os.close(lock)
    jobs.cancel("ada", dead.id)
    assert runner(jobs).next() == [waits], "nobody wants it any more"


def test_a_job_that_ends_its_machine_each_time_is_left_to_people_unless_it_comes_further(jobs: Jobs) -> None:
    job = create(jobs)
    for _ in range(MOST_ATTEMPTS):
        assert runner(jobs).next() == [job]
        die(job)
    assert runner(jobs).next() == []
    die(job, at="step-000005")
    assert runner(jobs).next() == [job]
    job.begin("cpu")
    assert job.started()["attempt"] == 1
    jobs.resume("ada", job.id)
    assert runner(jobs).next() == [job]


def test_a_process_of_another_machine_is_told_by_its_folder_alone(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    job = create(jobs)
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True) as stranger:
        monkeypatch.setenv(MACHINE, "elsewhere")
        job.begin("cpu")
        job.begin("cpu", stranger.pid)
        monkeypatch.delenv(MACHINE)
        lock = job.lock()
        assert lock is not None
        jobs.cancel("ada", job.id)
        assert stranger.poll() is None
        assert job.asked_to_stop
        monkeypatch.setenv(MACHINE, "elsewhere")
        signal_group(job, processes.ask_group)
        assert stranger.wait(10) == -signal.SIGTERM
        os.close(lock)


def test_a_device_is_one_workers(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs._folder.mkdir()
    first, second = (Runner(jobs._folder, devices=d, threads=1, grace=1, poll=1) for d in (["0"], ["0", "1"]))
    assert first.may_run()
    assert second.may_run()
    assert list(second._held) == ["1"]
    monkeypatch.setenv(MACHINE, "elsewhere")
    third = Runner(jobs._folder, devices=["0"], threads=1, grace=1, poll=1)
    assert third.may_run()
    for one in (first, second, third):
        one.close()


def test_a_job_that_many_claim_at_once_is_ones(jobs: Jobs) -> None:
    job, workers = create(jobs), [runner(jobs) for _ in range(6)]
    assert all(worker.next() == [job] for worker in workers)
    with ThreadPoolExecutor(len(workers)) as pool:
        list(pool.map(lambda worker: worker._spawn(job, "cpu"), workers))
    (child,) = [child for worker in workers for child in worker._children.values()]
    child.kill()
    child.wait()
    assert job.started()["attempt"] == 1
    assert job.state() == "interrupted", "nobody else holds it"


def test_a_worker_is_not_done_while_it_takes_over(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its lock is the new worker's, its folder still names the old one: for an instant it looks like nobody's."""
    job, taker, takes, goes_on = create(jobs), runner(jobs), threading.Event(), threading.Event()
    die(job)
    begin = JobFolder.begin

    def slowly(job: JobFolder, device: str, pid: int = 0) -> None:
        takes.set()
        assert goes_on.wait(20)
        begin(job, device, pid)

    monkeypatch.setattr(JobFolder, "begin", slowly)
    taker.start()
    taker.wake()
    assert takes.wait(20)
    with ThreadPoolExecutor() as pool:
        done = pool.submit(taker.is_done)
        with pytest.raises(TimeoutError):
            done.result(0.3)
        goes_on.set()
        assert not done.result(20)
    taker.close()
    (child,) = taker._children.values()
    child.kill()
    child.wait()


@pytest.mark.parametrize("arguments", [["/nowhere"], [".", "--devices", "0,,1"], [".", "--devices", "../x"]])
def test_what_a_worker_cannot_do_is_told(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert worker.main(arguments) == 2
    assert "worker: " in capsys.readouterr().err


@pytest.mark.timeout(300)
def test_a_worker_killed_with_its_child_is_followed_by_another_that_ends_the_job(
    jobs: Jobs, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, start: Start
) -> None:
    job = create(jobs, str(make_model(tmp_path_factory.mktemp("model"), "llama")), steps=400, save_steps=5)
    started = start("node-1")
    wait_for(lambda: job.newest_checkpoint() is not None)
    job.path.joinpath("spec.json").write_text(job.spec().changed({"steps": 40}).to_json())
    pid = job.started()["pid"]
    started.kill()
    os.killpg(pid, signal.SIGKILL)
    started.wait()
    wait_for(lambda: job.state() == "interrupted")
    saved = job.newest_checkpoint()
    assert saved
    second = start("node-2", "--once")
    assert second.wait(200) == 0
    assert job.state() == "succeeded", job.log.read_text()
    assert job.started()["machine"] == "node-2"
    steps = [line["step"] for line in job.read_progress() if "loss" in line]
    assert steps == sorted(set(steps)), "it went on where the first had saved"
    assert (tmp_path / "adapters" / "bot").is_dir()
    assert jobs.get("ada", job.id).state == "succeeded"


def test_it_ends_when_it_is_told_to(tmp_path: Path, start: Start) -> None:
    one = start("node-3")
    wait_for(lambda: any((tmp_path / "jobs").glob(".runner-node-3-*")), seconds=60)
    begin = time.monotonic()
    one.terminate()
    assert one.wait(30) == 0
    assert time.monotonic() - begin < 20
