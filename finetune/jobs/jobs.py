"""Jobs of all owners in one folder: create, queue, cancel, resume, list, remove; a thread starts the next in the queue.

What is true of a job stands in its folder (`finetune.jobs.folder`), so any number of app restarts changes nothing: children
go on by themselves, and the next app sees them by their locks. Only one app at a time starts jobs from a folder.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

from chatbot.common import disk
from chatbot.common.errors import InputError, NotFound
from chatbot.common.system import processes
from finetune.jobs import start as starts
from finetune.jobs.folder import FINAL, JobFolder, JobState, write
from finetune.jobs.queue import ID, all_jobs, meta_text, new_folder, waiting
from finetune.jobs.records import Base, Meta, Result
from finetune.jobs.runner import Runner, signal_group
from finetune.jobs.sweeps import settle
from finetune.publish.publish import check_name, share
from finetune.spec.spec import TrainingSpec

__all__ = ["Job", "Jobs", "new_folder"]

LOG_TAIL = 32_768  # bytes


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
    start: str = ""  # the adapter it goes on from
    stopping: bool = False  # asked to stop, and not yet done with it
    own: bool = True  # False: shared by somebody else
    shared: bool = False  # everybody sees it, and may use its adapter
    sweep: str = ""
    variant: str = ""  # what a run of a sweep has for itself


class Jobs:
    """All jobs under `folder`; finished adapters go to `adapters`. Every method checks the owner; safe from any thread.

    One job runs on each of `devices`: "cpu", or the index of a GPU. Children are started with `threads` compute threads
    (None: all cores) at the lowest priority, so that chats come first. A child that was told to stop and shows no life for `grace`
    seconds is ended (one piece of work took 46 s on a busy machine). `ended` is called from the runner's thread with the id of each job that ended.
    `report` is where curves are reported to besides; jobs of the owners `commons` are everybody's: seen, used, stopped and removed.
    """

    def __init__(
        self,
        folder: Path,
        *,
        adapters: Path,
        devices: Sequence[str] = ("cpu",),
        threads: int | None = None,
        grace: float = 180.0,
        poll: float = 0.5,
        ended: Callable[[str], None] | None = None,
        report: str = "",
        commons: Sequence[str] = (),
    ) -> None:
        self._folder, self._adapters = folder, adapters
        self._report, self._commons = report, frozenset(commons)
        self._runner = Runner(
            folder,
            devices=devices,
            threads=threads or processes.cores(),
            grace=grace,
            poll=poll,
            ended=ended,
        )

    def create(
        self,
        owner: str,
        name: str,
        examples: Iterable[Mapping[str, Any]],
        spec: TrainingSpec,
        base: Base,
        *,
        source: str = "",
        start: Path | None = None,
        sweep: str = "",
        variant: str = "",
    ) -> str:
        """Put a job at the end of the queue and return its id. `examples` are lines of `data.jsonl`; `start` is the folder of
        the adapter that it goes on from, whose settings `spec` has (`start.fitted`); `sweep` and `variant` are those of `Meta`.

        Raises `InputError` for a name that cannot be a folder's or when there are no examples, `StoreFull`, `StoreError`.
        """
        check_name(name)
        meta = Meta(
            owner,
            name,
            time.time(),
            base,
            str(self._adapters.resolve()),
            source[:200],
            start=starts.of(start) if start else None,
            sweep=sweep,
            variant=variant,
            report=self._report,
            shared=owner in self._commons,
        )
        job = new_folder(self._folder, meta, spec, examples, start=start)
        self._runner.wake()
        return job.id

    def get(self, owner: str, id: str) -> Job:
        job = self._readable(owner, id)
        queue = waiting(self._folder) if job.state() == "queued" else []
        return _view(job, self._is_owned(job.meta(), owner), queue)

    def of(self, owner: str) -> list[Job]:
        """The owner's jobs and those shared with everybody, the newest first."""
        queue = waiting(self._folder)
        views = []
        for job in all_jobs(self._folder):
            try:
                meta = job.meta()
                if meta.shared or self._is_owned(meta, owner):
                    views.append(_view(job, self._is_owned(meta, owner), queue))
            except NotFound:  # removed meanwhile
                continue
        return sorted(views, key=lambda view: view.created, reverse=True)

    def states(self) -> dict[str, int]:
        """How many jobs of everybody are in each state."""
        found = Counter(job.state() for job in all_jobs(self._folder))
        return {state: found[state] for state in get_args(JobState)}

    def bases(self) -> list[str]:
        """The folders of the models that jobs of anybody need still: those that are not over."""
        return [job.meta().base.folder for job in all_jobs(self._folder) if job.state() not in FINAL]

    def progress(self, owner: str, id: str) -> list[dict[str, Any]]:
        """The curve so far: one record a logged step, see `finetune.train.progress`."""
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
            raise NotFound("This job has no adapter yet. Please wait until it has finished.", kind="no_adapter_yet")
        return path

    def share(self, owner: str, id: str, shared: bool) -> None:
        """Let everybody see the job and use its adapter, or nobody else."""
        job = self._own(owner, id)
        meta, result = replace(job.meta(), shared=shared), job.result()
        write(job.path / "meta.json", meta_text(meta))
        if result and result.adapter:
            share(Path(meta.adapters) / result.adapter, id, shared)

    def cancel(self, owner: str, id: str) -> None:
        """Stop a job; a running one saves what it has learnt first. A job that has ended stays as it is."""
        job = self._own(owner, id)
        if job.state() in FINAL:
            return
        job.ask_to_stop()
        signal_group(job, processes.ask_group)
        self._runner.wake()

    def resume(self, owner: str, id: str, changes: Mapping[str, object] | None = None) -> None:
        """Queue a job again that was interrupted, cancelled or failed; it goes on from its newest complete checkpoint.

        `changes` replace settings, for instance `result.retry`. Raises `InputError` when the job is queued, running or done.
        """
        job = self._own(owner, id)
        if not job.can_go_on:
            raise InputError(
                "Only a job that was interrupted, cancelled or has failed can be resumed.", kind="job_not_ended"
            )
        if changes:
            write(job.path / "spec.json", job.spec().changed(changes).to_json())
        job.enqueue()
        self._runner.wake()

    def remove(self, owner: str, id: str) -> None:
        """Delete a job with its data and checkpoints; a published adapter stays. Raises `InputError` while it runs."""
        job = self._own(owner, id)
        if job.is_locked():
            raise InputError("This job is running. Please stop it first.", kind="job_running")
        sweep = job.meta().sweep
        disk.discard(job.path)
        if sweep:
            settle(self._folder, sweep)

    def start(self) -> None:
        """Begin to run what waits, in a thread of its own."""
        self._runner.start()

    def close(self) -> None:
        """Start no more jobs. Those that run go on by themselves. Idempotent."""
        self._runner.close()

    def _readable(self, owner: str, id: str) -> JobFolder:
        job = self._find(id)
        meta = job.meta()
        if not (meta.shared or self._is_owned(meta, owner)):
            raise _missing()
        return job

    def _own(self, owner: str, id: str) -> JobFolder:
        job = self._find(id)
        if not self._is_owned(job.meta(), owner):
            raise _missing()
        return job

    def _is_owned(self, meta: Meta, owner: str) -> bool:
        return meta.owner == owner or meta.owner in self._commons

    def _find(self, id: str) -> JobFolder:
        if not ID.fullmatch(id) or not (self._folder / id).is_dir():
            raise _missing()
        return JobFolder(self._folder / id)


def _view(job: JobFolder, own: bool, queue: Sequence[JobFolder]) -> Job:
    meta, state, lines = job.meta(), job.state(), job.read_progress()
    return Job(
        id=job.id,
        name=meta.name,
        state=state,
        created=meta.created,
        base=meta.base.name,
        spec=job.spec(),
        place=queue.index(job) if state == "queued" and job in queue else 0,
        device=str(job.started().get("device", "")),
        progress=lines[-1] if lines else None,
        result=job.result(),
        source=meta.source,
        start=meta.start.name if meta.start else "",
        stopping=state == "running" and job.asked_to_stop,
        own=own,
        shared=meta.shared,
        sweep=meta.sweep,
        variant=meta.variant,
    )


def _missing() -> NotFound:
    return NotFound("There is no such job. It may have been removed in another window.", kind="no_job")
