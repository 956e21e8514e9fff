"""Jobs: their line, their owners, and states that are read from folders and locks."""

import errno
import os
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatbot.common import disk, summed
from chatbot.common.child import child_environment
from chatbot.common.errors import InputError, NotFound, StoreFull
from finetune.jobs.damage import JobDamaged, JobOfAnotherVersion
from finetune.jobs.folder import JobFolder
from finetune.jobs.jobs import Jobs
from finetune.jobs.queue import new_folder, waiting
from finetune.jobs.records import Base, Meta, Result
from finetune.spec.spec import TrainingSpec
from tests.finetune.jobs_for_tests import ROWS, spec, wait_for, wait_for_end
from tests.tiny import make_model

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("model"), "llama")


@pytest.fixture
def jobs(tmp_path: Path) -> Iterator[Jobs]:
    """A manager that starts nothing until `start` is called."""
    made = Jobs(tmp_path / "jobs", adapters=tmp_path / "adapters", threads=1, poll=0.05)
    yield made
    made.close()


def create(jobs: Jobs, owner: str = "ada", name: str = "bot", folder: str = "/nowhere", **knobs: object) -> str:
    return jobs.create(owner, name, ROWS, spec(**knobs), Base(folder, "tiny"))


def folder_of(jobs: Jobs, id: str) -> JobFolder:
    return JobFolder(jobs._folder / id)


def test_a_job_keeps_what_it_was_given_and_waits_in_its_place(jobs: Jobs) -> None:
    ids = [create(jobs, name=f"bot-{n}") for n in range(3)]
    views = [jobs.get("ada", id) for id in ids]
    assert [(v.state, v.place, v.name) for v in views] == [("queued", n, f"bot-{n}") for n in range(3)]
    assert views[0].spec == spec()
    assert len(folder_of(jobs, ids[0]).data.read_text().splitlines()) == len(ROWS)
    assert [view.id for view in jobs.of("ada")] == ids[::-1]
    jobs.cancel("ada", ids[0])
    assert jobs.get("ada", ids[1]).place == 0
    counts = dict.fromkeys(("running", "succeeded", "failed", "interrupted"), 0)
    assert jobs.states() == {**counts, "queued": 2, "cancelled": 1}
    jobs.resume("ada", ids[0])
    assert jobs.get("ada", ids[0]).place == 2


@pytest.mark.parametrize("name", ["../../x; rm -rf ~", "", ".hidden", "a/b", "a\x00b", "x" * 65, "a b"])
def test_names_that_are_no_folder_names_are_refused(jobs: Jobs, name: str) -> None:
    with pytest.raises(InputError, match="cannot be an adapter's name"):
        create(jobs, name=name)
    assert jobs.of("ada") == []


def test_an_empty_data_set_makes_no_job(jobs: Jobs, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no usable row"):
        jobs.create("ada", "bot", [], spec(), Base("/nowhere"))
    assert list((tmp_path / "jobs").iterdir()) == []


def test_a_job_is_there_as_a_whole_for_its_account_alone_or_not_at_all(
    jobs: Jobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert stat.S_IMODE(folder_of(jobs, create(jobs)).path.stat().st_mode) == 0o700

    def full(path: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(disk, "sync", full)
    with pytest.raises(StoreFull, match="Free some space"):
        create(jobs)
    assert len(list((tmp_path / "jobs").iterdir())) == len(jobs.of("ada")) == 1


def test_what_a_kill_left_is_swept_when_the_app_starts(jobs: Jobs, tmp_path: Path) -> None:
    left = tmp_path / "jobs" / f"{disk.ASIDE}1"
    left.mkdir(parents=True)
    os.utime(left, (0, 0))
    jobs.start()
    wait_for(lambda: not left.exists())


def test_nobody_sees_or_touches_the_job_of_another_unless_it_is_shared(jobs: Jobs) -> None:
    id = create(jobs)
    for act in (jobs.get, jobs.progress, jobs.log, jobs.adapter, jobs.cancel, jobs.resume, jobs.remove):
        with pytest.raises(NotFound):
            act("bob", id)
    with pytest.raises(NotFound):
        jobs.share("bob", id, True)
    assert jobs.of("bob") == []
    jobs.share("ada", id, True)
    assert [(view.id, view.own) for view in jobs.of("bob")] == [(id, False)]
    with pytest.raises(NotFound):
        jobs.cancel("bob", id)
    assert jobs.get("ada", id).state == "queued"


def test_what_a_script_of_this_machine_begins_is_everybodys_where_nobody_signs_in(tmp_path: Path) -> None:
    jobs = Jobs(tmp_path / "jobs", adapters=tmp_path / "adapters", threads=1, commons=["guest:script"])
    begun, own = create(jobs, owner="guest:script"), create(jobs)
    assert [(view.id, view.own) for view in jobs.of("bob")] == [(begun, True)]
    assert jobs.get("bob", begun).shared, "its adapter, too"
    jobs.cancel("bob", begun)
    assert jobs.get("guest:script", begun).state == "cancelled"
    with pytest.raises(NotFound):
        jobs.get("bob", own)
    jobs.close()


@pytest.mark.parametrize("id", ["../../etc", "", "0" * 24, "a/b", "..", "x" * 500])
def test_ids_are_never_paths(jobs: Jobs, id: str) -> None:
    create(jobs)
    with pytest.raises(NotFound):
        jobs.get("ada", id)


def test_states_are_read_from_files_and_the_lock(jobs: Jobs) -> None:
    id = create(jobs)
    job = folder_of(jobs, id)
    lock = job.lock()
    assert lock is not None
    assert job.lock() is None
    job.begin("cpu", os.getpid())
    assert jobs.get("ada", id).state == "running"
    with pytest.raises(InputError, match="is running"):
        jobs.remove("ada", id)
    os.close(lock)
    assert jobs.get("ada", id).state == "interrupted"
    jobs.resume("ada", id, {"batch_size": 2, "accumulation": 2})
    assert jobs.get("ada", id).state == "queued"
    assert jobs.get("ada", id).spec.effective_batch == spec().effective_batch
    job.finish(Result("failed", "error", "It broke."))
    assert jobs.get("ada", id).state == "failed"
    jobs.remove("ada", id)
    assert jobs.of("ada") == []
    assert list(job.path.parent.iterdir()) == []


def test_a_half_written_line_of_progress_is_not_read(jobs: Jobs) -> None:
    id = create(jobs)
    folder_of(jobs, id).progress.write_text('{"step": 1, "loss": 2.0}\n{"step": 2, "lo')
    assert jobs.progress("ada", id) == [{"step": 1, "loss": 2.0}]


def test_one_job_runs_at_a_time_and_a_stopped_one_keeps_its_adapter(jobs: Jobs, model: Path, tmp_path: Path) -> None:
    ended: list[str] = []
    jobs._runner._ended = ended.append
    first = create(jobs, name="first", folder=str(model), steps=100_000)
    second = create(jobs, name="second", folder=str(model), steps=3)
    jobs.start()
    wait_for(lambda: len(jobs.progress("ada", first)) > 3)
    assert jobs.get("ada", second).state == "queued"
    pid = folder_of(jobs, first).started()["pid"]
    assert os.getpgid(pid) == pid
    assert os.getpriority(os.PRIO_PROCESS, pid) == 19
    jobs.cancel("ada", first)
    wait_for_end(jobs, "ada", first)
    stopped = jobs.get("ada", first)
    assert stopped.state == "cancelled"
    assert stopped.result and stopped.result.steps > 0
    assert (tmp_path / "adapters" / "first" / "adapter_model.safetensors").is_file()
    wait_for_end(jobs, "ada", second)
    assert jobs.get("ada", second).state == "succeeded"
    wait_for(lambda: ended == [first, second])


def test_a_child_that_does_not_stop_is_killed_with_its_group(tmp_path: Path, model: Path) -> None:
    jobs = Jobs(tmp_path / "jobs", adapters=tmp_path / "adapters", threads=1, poll=0.05, grace=0.0)
    try:
        id = create(jobs, folder=str(model), steps=100_000)
        jobs.start()
        wait_for(lambda: bool(folder_of(jobs, id).started().get("pid")))
        pid = folder_of(jobs, id).started()["pid"]
        folder_of(jobs, id).ask_to_stop()  # without the signal
        wait_for(lambda: jobs.get("ada", id).state == "cancelled")
        wait_for(lambda: not Path(f"/proc/{pid}").exists(), 10)
        wait_for(lambda: jobs.get("ada", id).result is not None, 10)
        result = jobs.get("ada", id).result
        assert result and result.message.startswith("It did not stop by itself and was ended.")
    finally:
        jobs.close()


def test_a_child_is_stuck_only_without_a_sign_of_life_and_never_once_it_keeps_its_work(jobs: Jobs) -> None:
    job = folder_of(jobs, create(jobs))
    past = time.time() - 600

    def aged() -> None:
        for path in job.path.rglob("*"):
            os.utime(path, (past, past))

    aged()
    assert not job.is_stuck(60.0), "nobody asked it to stop"
    job.ask_to_stop()
    assert not job.is_stuck(60.0)
    aged()
    assert job.is_stuck(60.0)
    job.live()
    assert not job.is_stuck(60.0)
    aged()
    (job.checkpoints / ".aside" / "checkpoint-3").mkdir(parents=True)
    (job.checkpoints / ".aside" / "checkpoint-3" / "optimizer.pt").touch()  # a save that takes its time
    assert not job.is_stuck(60.0)
    aged()
    job.adapter.mkdir()
    aged()
    assert not job.is_stuck(60.0)


@pytest.mark.parametrize("ahead", [-300.0, 300.0])
def test_a_clock_that_is_five_minutes_off_ends_no_child_and_changes_no_place_in_the_queue(
    jobs: Jobs, ahead: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk's clock is right, as it is where several machines share one; the first and the third job come from a machine whose is not."""
    right = time.time
    ids = []
    for off in (ahead, 0.0, ahead):
        monkeypatch.setattr(time, "time", lambda off=off: right() + off)
        ids.append(create(jobs))
        time.sleep(0.02)  # a disk dates its files to some milliseconds
    assert [job.id for job in waiting(jobs._folder)] == ids
    job = folder_of(jobs, ids[0])
    job.ask_to_stop()
    assert not job.is_stuck(60.0)
    past = right() - 61
    for path in job.path.rglob("*"):
        os.utime(path, (past, past))
    assert job.is_stuck(60.0)


def test_a_base_model_that_is_gone_is_told(jobs: Jobs) -> None:
    id = create(jobs, folder="/nowhere")
    jobs.start()
    wait_for_end(jobs, "ada", id)
    result = jobs.get("ada", id).result
    assert result and result.state == "failed"
    assert "no longer at /nowhere" in result.message


def test_only_one_app_starts_jobs_of_a_folder(tmp_path: Path) -> None:
    one, two = (Jobs(tmp_path / "jobs", adapters=tmp_path / "adapters") for _ in range(2))
    (tmp_path / "jobs").mkdir()
    assert one._runner.may_run()
    assert not two._runner.may_run()
    one.close()
    assert two._runner.may_run()
    two.close()


def test_a_child_gets_no_secrets_and_waits_in_its_own_way() -> None:
    outer = {
        "PATH": "/bin",
        "HF_TOKEN": "x",
        "BANYAN_API_KEY": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_PROFILE": "x",
        "OPENAI_API_KEY": "x",
        "GOMP_SPINCOUNT": "300",
    }
    environment = child_environment(outer, "cpu", 3)
    assert environment["PATH"] == "/bin"
    assert environment["OMP_NUM_THREADS"] == "3"
    assert environment["GOMP_SPINCOUNT"] == "1000"  # its own, whatever the app's is
    assert environment["CUDA_VISIBLE_DEVICES"] == ""
    assert "x" not in environment.values()


def test_a_job_gives_way_to_other_sessions_too(tmp_path: Path) -> None:
    """As a job is started: in a session of its own, where niceness alone would hold nothing back."""
    if not Path("/proc/self/autogroup").is_file():
        pytest.skip("this system does not share its processors by session")
    script = "import os; from finetune.train.command import give_way; give_way(); print(os.nice(0), open('/proc/self/autogroup').read())"
    told = subprocess.run(
        [sys.executable, "-c", script], start_new_session=True, capture_output=True, text=True, check=True
    )
    assert told.stdout.split()[0] == "19"
    assert told.stdout.split()[-2:] == ["nice", "5"]


@pytest.mark.parametrize(
    ("name", "was", "became"),
    [
        ("meta.json", "oaks", "oaky"),
        ("meta.json", '"name"', '"nbme'),
        ("spec.json", '"rank": 16', '"rank": 18'),
        ("result.json", "succeeded", "succeedee"),
        ("result.json", '"steps": 2', '"steps": 3'),
    ],
)
def test_a_job_that_the_disk_has_damaged_holds_up_no_other(tmp_path: Path, name: str, was: str, became: str) -> None:
    row = {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}
    meta = Meta("ada", "oaks", 0.0, Base(str(tmp_path), "tiny", "f00d"), str(tmp_path / "adapters"))
    good, bad = (new_folder(tmp_path / "jobs", meta, TrainingSpec(), [row] * 8) for _ in range(2))
    bad.finish(Result("succeeded", steps=2))
    written = (bad.path / name).read_text()
    assert was in written
    (bad.path / name).write_text(written.replace(was, became))
    jobs = Jobs(tmp_path / "jobs", adapters=tmp_path / "adapters")
    assert [job.id for job in jobs.of("ada")] == [good.id]
    assert jobs.bases() == [str(tmp_path)]
    with pytest.raises(JobDamaged):
        jobs.get("ada", bad.id)


@pytest.mark.parametrize("name", ["meta.json", "spec.json", "result.json"])
def test_a_job_of_another_version_is_called_that_and_holds_up_no_other(tmp_path: Path, name: str) -> None:
    row = {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}
    meta = Meta("ada", "oaks", 0.0, Base(str(tmp_path), "tiny", "f00d"), str(tmp_path / "adapters"))
    good, later = (new_folder(tmp_path / "jobs", meta, TrainingSpec(), [row] * 8) for _ in range(2))
    later.finish(Result("succeeded", steps=2))
    known = summed.record((later.path / name).read_text())
    (later.path / name).write_text(summed.text(known | {"made_of": "something new"}))
    jobs = Jobs(tmp_path / "jobs", adapters=tmp_path / "adapters")
    assert [job.id for job in jobs.of("ada")] == [good.id]
    with pytest.raises(JobOfAnotherVersion, match="Another version of Banyan"):
        jobs.get("ada", later.id)
    (later.path / name).write_text(summed.text(known))
    assert len(jobs.of("ada")) == 2
