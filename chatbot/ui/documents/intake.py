"""Files on their way into the library. They go on when the page is closed, and are shown again when it is opened."""

import itertools
import logging
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event, Lock
from typing import Literal

from chatbot.common.errors import BanyanError, Stopped, internal_error
from chatbot.types import QUOTAS, Quotas
from chatbot.ui.documents.opening import OpeningLibrary
from retrieval.library import Library
from retrieval.store.originals import Step
from retrieval.types import Document

log = logging.getLogger(__name__)

AT_ONCE = 3  # files of different owners on their way: while one is embedded, others are read
PATIENCE = 600.0  # seconds a file waits for the library to open


@dataclass(frozen=True, slots=True)
class Job:
    """One file as it is now. `known`: the library had these bytes already, as `document`. `older` is the id of another document
    of the same name, as long as nobody said whether it is to be replaced."""

    id: int
    owner: str
    name: str
    state: Literal["waiting", "running", "done", "stopped", "failed"] = "waiting"
    step: Step | None = None
    fraction: float | None = None
    document: Document | None = None
    known: bool = False
    older: str = ""
    error: BanyanError | None = None

    @property
    def over(self) -> bool:
        return self.state in ("done", "stopped", "failed")


@dataclass(slots=True)
class _Line:
    """An owner's files in the order they came, and what stops them. `waiting`: those whose turn it is not; one is at work."""

    jobs: dict[int, Job] = field(default_factory=dict)
    stop: Event = field(default_factory=Event)
    waiting: deque[tuple[Job, Path]] = field(default_factory=deque)
    busy: bool = False


class Intake:
    """Shared by everybody, kept apart by owner. Safe to use from any thread."""

    def __init__(
        self, library: OpeningLibrary, *, free: Callable[[Path], None] = lambda path: None, quotas: Quotas = QUOTAS
    ) -> None:
        self._library = library
        self._free = free  # what came of it lies in the library, or nowhere
        self._quotas = quotas
        self._lines: dict[str, _Line] = {}
        self._lock = Lock()
        self._numbers = itertools.count(1)
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="intake")

    def add(self, owner: str, files: Sequence[tuple[Path, str]]) -> list[int]:
        """Take in files, by path and the name people call them. Returns at once. What is over is forgotten."""
        with self._lock:
            line = self._lines.get(owner)
            if line is None or line.stop.is_set():
                line = self._lines[owner] = _Line()
            line.jobs = {id: job for id, job in line.jobs.items() if not job.over}
            jobs = [Job(next(self._numbers), owner, name) for _, name in files]
            line.jobs |= {job.id: job for job in jobs}
            line.waiting.extend((job, path) for job, (path, _) in zip(jobs, files, strict=True))
            self._next(line)
        return [job.id for job in jobs]

    def _next(self, line: _Line) -> None:
        """Nobody has more than one of the places, so that the others' files are read meanwhile. Called under the lock."""
        if line.waiting and not line.busy:
            line.busy = True
            self._pool.submit(self._run, line, *line.waiting.popleft())

    def jobs(self, owner: str) -> list[Job]:
        with self._lock:
            line = self._lines.get(owner)
            return list(line.jobs.values()) if line else []

    def busy(self, owner: str) -> bool:
        return any(not job.over for job in self.jobs(owner))

    def stop(self, owner: str) -> None:
        """Give up what is not in the library yet."""
        with self._lock:
            if owner in self._lines:
                self._lines[owner].stop.set()

    def settle(self, owner: str, number: int) -> str:
        """Ask no longer whether a file replaces the one of its name. Returns the id of that one; "" where nothing was asked."""
        with self._lock:
            line = self._lines.get(owner)
            job = line.jobs.get(number) if line else None
            if not line or not job:
                return ""
            line.jobs[number] = replace(job, older="")
            return job.older

    def close(self) -> None:
        with self._lock:
            for line in self._lines.values():
                line.stop.set()
                line.waiting.clear()
        self._pool.shutdown(cancel_futures=True)

    def _run(self, line: _Line, job: Job, path: Path) -> None:
        def report(step: Step, fraction: float | None) -> None:
            self._put(line, replace(job, state="running", step=step, fraction=fraction))

        try:
            if line.stop.is_set():
                raise Stopped("Indexing was stopped. Nothing was kept of this document.", kind="indexing_stopped")
            library = self._library.get(PATIENCE).library
            before = {document.id: document for document in library.list(job.owner)}
            require_room(self._quotas, library, job.owner, path)
            document = library.add(job.owner, path, job.name, progress=report, stop=line.stop)
            known = document.id in before
            older = "" if known else _namesake(document, before.values())
            self._put(line, replace(job, state="done", document=document, known=known, older=older))
        except Stopped:
            self._put(line, replace(job, state="stopped"))
        except BanyanError as error:
            self._put(line, replace(job, state="failed", error=error))
        except Exception:
            log.exception("A document could not be added")
            self._put(line, replace(job, state="failed", error=internal_error()))
        finally:
            self._free(path)
            with self._lock:
                line.busy = False
                self._next(line)

    def _put(self, line: _Line, job: Job) -> None:
        with self._lock:
            line.jobs[job.id] = job


def require_room(quotas: Quotas, library: Library, owner: str, path: Path) -> None:
    """Raises `QuotaReached` where `owner` may keep no more documents, or none of that size."""
    kept = [document for document in library.list(owner) if document.status != "rejected"]
    quotas.require("documents", len(kept) + 1)
    quotas.require("megabytes", (sum(document.size for document in kept) + path.stat().st_size) / 2**20)


def _namesake(document: Document, others: Iterable[Document]) -> str:
    """The latest of another content that people call the same."""
    same = [d for d in others if d.name == document.name and d.status != "rejected" and document.status != "rejected"]
    return max(same, key=lambda d: d.created).id if same else ""
