"""Jobs of all owners in one folder: create, queue, cancel, resume, list, remove; a thread starts the next in line.

What is true of a job stands in its folder (`finetune.folder`), so any number of app restarts changes nothing: children
go on by themselves, and the next app sees them by their locks. Only one app at a time starts jobs from a folder.
"""

import fcntl
import json
import logging
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from chatbot.errors import BanyanError, InputError, NotFound
from finetune.folder import FINAL, Base, JobFolder, JobState, Meta, Result, sync, told, write
from finetune.publish import check_name, share
from finetune.spec import TrainingSpec

ID = re.compile(r"[0-9a-f]{24}")
HOME = Path(__file__).resolve().parent.parent
SECRETS = re.compile(r"TOKEN|SECRET|PASSWORD|API_KEY|^BANYAN_")
LOG_TAIL = 32_768  # bytes

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """A job as people see it. `place` counts the jobs of everybody that start before this one, while it is queued."""

    id: str
    name: str
    state: JobState
    created: float
    base: str
    spec: TrainingSpec
    place: int = 0
    device: str = ""
    progress: dict[str, Any] | None = None  # the latest line of progress.jsonl
    result: Result | None = None
    source: str = ""
    stopping: bool = False  # asked to stop, and not yet done with it
    own: bool = True  # False: shared by somebody else
    shared: bool = False  # everybody sees it, and may use its adapter


class Jobs:
    """All jobs under `folder`; finished adapters go to `adapters`. Every method checks the owner; safe from any thread.

    One job runs on each of `devices`: "cpu", or the index of a GPU. Children are started with `threads` compute threads
    (None: all cores) at the lowest priority, so that chats come first. A child that was told to stop gets `grace` seconds to save its
    work. `ended` is called from the runner's thread with the id of each job that ended.
    """

    def __init__(
        self,
        folder: Path,
        *,
        adapters: Path,
        devices: Sequence[str] = ("cpu",),
        threads: int | None = None,
        grace: float = 60.0,
        poll: float = 0.5,
        ended: Callable[[str], None] | None = None,
    ) -> None:
        self._folder, self._adapters = folder, adapters
        self._devices, self._threads = tuple(devices), threads or len(os.sched_getaffinity(0))
        self._grace, self._poll, self._ended = grace, poll, ended
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._closed, self._wake = False, threading.Event()
        self._thread: threading.Thread | None = None
        self._runner_lock: int | None = None

    # What an owner may do

    def create(
        self,
        owner: str,
        name: str,
        examples: Iterable[Mapping[str, Any]],
        spec: TrainingSpec,
        base: Base,
        *,
        source: str = "",
    ) -> str:
        """Put a job at the end of the line and return its id. `examples` are lines of `data.jsonl`.

        Raises `InputError` for a name that cannot be a folder's or when there are no examples, `StoreFull`, `StoreError`.
        """
        check_name(name)
        meta = Meta(owner, name, time.time(), base, str(self._adapters.resolve()), source[:200])
        job = new_folder(self._folder, meta, spec, examples)
        self._wake.set()
        return job.id

    def get(self, owner: str, id: str) -> Job:
        job = self._readable(owner, id)
        line = self._line() if job.state() == "queued" else []
        return _view(job, owner, line)

    def of(self, owner: str) -> list[Job]:
        """The owner's jobs and those shared with everybody, the newest first."""
        line = self._line()
        views = []
        for job in self._all():
            try:
                if _may_read(job.meta(), owner):
                    views.append(_view(job, owner, line))
            except NotFound:  # removed meanwhile
                continue
        return sorted(views, key=lambda view: view.created, reverse=True)

    def progress(self, owner: str, id: str) -> list[dict[str, Any]]:
        """The curve so far: one record a logged step, see `finetune.train_progress`."""
        return self._readable(owner, id).read_progress()

    def log(self, owner: str, id: str) -> str:
        """The end of what the child printed."""
        path = self._readable(owner, id).log
        if not path.exists():
            return ""
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - LOG_TAIL))
            return file.read().decode("utf-8", "replace")

    def adapter(self, owner: str, id: str) -> Path:
        """The trained adapter's folder. Raises `NotFound` while there is none."""
        path = self._readable(owner, id).adapter
        if not (path / "adapter_model.safetensors").is_file():
            raise NotFound("This job has no adapter yet. Please wait until it has finished.")
        return path

    def share(self, owner: str, id: str, shared: bool) -> None:
        """Let everybody see the job and use its adapter, or nobody else."""
        job = self._own(owner, id)
        meta, result = replace(job.meta(), shared=shared), job.result()
        write(job.path / "meta.json", _meta_text(meta))
        if result and result.adapter:
            share(Path(meta.adapters) / result.adapter, id, shared)

    def cancel(self, owner: str, id: str) -> None:
        """Stop a job; a running one saves what it has learnt first. A job that has ended stays as it is."""
        job = self._own(owner, id)
        if job.state() in FINAL:
            return
        job.ask_to_stop()
        _signal(job, signal.SIGTERM)
        self._wake.set()

    def resume(self, owner: str, id: str, changes: Mapping[str, object] | None = None) -> None:
        """Queue a job again that was interrupted, cancelled or failed; it goes on from its newest complete checkpoint.

        `changes` replace settings, for instance `result.retry`. Raises `InputError` when the job is queued, running or done.
        """
        job = self._own(owner, id)
        if job.state() not in ("interrupted", "cancelled", "failed"):
            raise InputError("Only a job that was interrupted, cancelled or has failed can be resumed.")
        if changes:
            write(job.path / "spec.json", job.spec().changed(changes).to_json())
        job.enqueue()
        self._wake.set()

    def remove(self, owner: str, id: str) -> None:
        """Delete a job with its data and checkpoints; a published adapter stays. Raises `InputError` while it runs."""
        job = self._own(owner, id)
        if job.is_locked():
            raise InputError("This job is running. Please stop it first.")
        aside = self._folder / f".removed-{id}"
        job.path.rename(aside)
        shutil.rmtree(aside, ignore_errors=True)

    # The runner

    def start(self) -> None:
        """Begin to run what waits, in a thread of its own."""
        if self._thread is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._thread = threading.Thread(target=self._run, name="finetune-jobs", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Start no more jobs. Those that run go on by themselves. Idempotent."""
        self._closed = True
        self._wake.set()
        if self._thread:
            self._thread.join()
        if self._runner_lock is not None:
            os.close(self._runner_lock)
            self._runner_lock = None

    def _run(self) -> None:
        seen: dict[str, JobState] = {job.id: job.state() for job in self._all()}
        while not self._closed:
            self._wake.wait(self._poll)
            self._wake.clear()
            try:
                self._reap()
                states = {job.id: job.state() for job in self._all()}
                for id, state in states.items():
                    if state not in ("queued", "running") and seen.get(id) in (None, "queued", "running"):
                        self._tell(id)
                seen = states
                if not self._closed and self._may_run():
                    self._tick()
            except (BanyanError, OSError):  # the disk is full, or the folder out of reach: the next round may do better
                log.exception("jobs under %s cannot be looked after now", self._folder)

    def _tick(self) -> None:
        running = [job for job in self._all() if job.is_locked()]
        for job in running:
            if _overdue(job, self._grace):
                _signal(job, signal.SIGKILL)
        busy = {job.started().get("device") for job in running}
        free = [device for device in self._devices if device not in busy]
        for job, device in zip(self._line(), free, strict=False):
            self._spawn(job, device)

    def _spawn(self, job: JobFolder, device: str) -> None:
        """The lock is taken here and inherited, so that there is no moment at which the job seems to be dead."""
        lock = job.lock(patience=1.0)
        if lock is None:
            return
        try:
            if job.state() != "running":  # it ended while the line was read
                return
            job.begin(device)
            with job.log.open("ab") as output:
                self._children[job.id] = subprocess.Popen(
                    [sys.executable, "-m", "finetune.train", str(job.path.resolve()), "--lock", str(lock)],
                    cwd=HOME,
                    env=child_environment(os.environ, device, self._threads),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    pass_fds=[lock],
                )
        finally:
            os.close(lock)

    def _reap(self) -> None:
        for id, child in list(self._children.items()):
            if child.poll() is not None:
                del self._children[id]

    def _may_run(self) -> bool:
        """Whether this process is the one that starts jobs from the folder; the first is, until it ends."""
        if self._runner_lock is None:
            descriptor = os.open(self._folder / ".runner", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                return False
            self._runner_lock = descriptor
            _sweep(self._folder)
        return True

    def _tell(self, id: str) -> None:
        if self._ended:
            self._ended(id)

    def _all(self) -> Iterator[JobFolder]:
        if not self._folder.is_dir():
            return
        for path in self._folder.iterdir():
            if ID.fullmatch(path.name):
                yield JobFolder(path)

    def _line(self) -> list[JobFolder]:
        """Queued jobs of everybody, the next one first."""
        return sorted((job for job in self._all() if job.state() == "queued"), key=lambda job: (job.queued_at, job.id))

    def _readable(self, owner: str, id: str) -> JobFolder:
        job = self._find(id)
        if not _may_read(job.meta(), owner):
            raise _missing()
        return job

    def _own(self, owner: str, id: str) -> JobFolder:
        job = self._find(id)
        if job.meta().owner != owner:
            raise _missing()
        return job

    def _find(self, id: str) -> JobFolder:
        if not ID.fullmatch(id) or not (self._folder / id).is_dir():
            raise _missing()
        return JobFolder(self._folder / id)


def new_folder(
    folder: Path, meta: Meta, spec: TrainingSpec, examples: Iterable[Mapping[str, Any]], *, locked: bool = False
) -> JobFolder:
    """Write a whole job folder under a random id. With `locked` the caller's process holds its lock from the start.

    Raises `InputError` when there are no examples, `StoreFull` or `StoreError`.
    """
    id = secrets.token_hex(12)
    job = JobFolder(folder / f".new-{id}")
    try:
        job.path.mkdir(parents=True, mode=0o700)
        if not _write_examples(job.data, examples):
            raise InputError("There is nothing to train on: the data set has no usable row.")
        write(job.path / "spec.json", spec.to_json())
        write(job.path / "meta.json", _meta_text(meta))
        job.enqueue()
        if locked:
            job.lock()
        job.path.rename(folder / id)
        sync(folder)
    except OSError as error:
        raise told(error, folder) from error
    finally:
        shutil.rmtree(job.path, ignore_errors=True)  # gone already when all went well
    return JobFolder(folder / id)


def child_environment(outer: Mapping[str, str], device: str, threads: int) -> dict[str, str]:
    """What a child needs and no more: no secrets, no network, threads that sleep instead of spinning."""
    kept = {name: value for name, value in outer.items() if not SECRETS.search(name)}
    return kept | {
        "CUDA_VISIBLE_DEVICES": "" if device == "cpu" else device,
        "OMP_NUM_THREADS": str(threads),
        "OMP_WAIT_POLICY": "PASSIVE",
        "HF_HUB_OFFLINE": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "PYTHONUNBUFFERED": "1",
    }


def _write_examples(path: Path, examples: Iterable[Mapping[str, Any]]) -> int:
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for example in examples:
            file.write(json.dumps(dict(example), ensure_ascii=False) + "\n")
            count += 1
        file.flush()
        os.fsync(file.fileno())
    return count


def _meta_text(meta: Meta) -> str:
    return json.dumps(asdict(meta), ensure_ascii=False, indent=2)


def _view(job: JobFolder, owner: str, line: Sequence[JobFolder]) -> Job:
    meta, state, lines = job.meta(), job.state(), job.read_progress()
    return Job(
        id=job.id,
        name=meta.name,
        state=state,
        created=meta.created,
        base=meta.base.name,
        spec=job.spec(),
        place=line.index(job) if state == "queued" and job in line else 0,
        device=str(job.started().get("device", "")),
        progress=lines[-1] if lines else None,
        result=job.result(),
        source=meta.source,
        stopping=state == "running" and job.asked_to_stop,
        own=meta.owner == owner,
        shared=meta.shared,
    )


def _may_read(meta: Meta, owner: str) -> bool:
    return meta.shared or meta.owner == owner


def _missing() -> NotFound:
    return NotFound("There is no such job. It may have been removed in another window.")


def _overdue(job: JobFolder, grace: float) -> bool:
    try:
        return time.time() - (job.path / "cancel").stat().st_mtime > grace
    except FileNotFoundError:
        return False


def _signal(job: JobFolder, number: signal.Signals) -> None:
    """To the whole process group of a living child: it leads a session of its own."""
    pid = int(job.started().get("pid", 0))
    if pid > 1 and job.is_locked():
        try:
            os.killpg(pid, number)
        except ProcessLookupError:
            pass
        except PermissionError:
            log.warning("job %s belongs to another user of this machine and cannot be stopped", job.id)


def _sweep(folder: Path) -> None:
    """Remove what a crash left half written or half removed; what is an hour old nobody writes any more."""
    for path in [*folder.glob(".new-*"), *folder.glob(".removed-*")]:
        if time.time() - path.stat().st_mtime > 3600:
            shutil.rmtree(path, ignore_errors=True)
