"""Files on their way into the library. They go on when the page is closed, and are shown again when it is opened."""

import itertools
import logging
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from threading import Event, Lock
from typing import Any, Literal

from chatbot.common.errors import AccessDenied, BanyanError, Stopped, internal_error
from chatbot.types import QUOTAS, Quotas
from chatbot.ui.documents.opening import OpeningLibrary
from retrieval.library import Library
from retrieval.store.originals import Step, heed
from retrieval.types import Document
from retrieval.web.door import Web, parsed
from retrieval.web.kinds import LONGEST

log = logging.getLogger(__name__)

AT_ONCE = 3  # files of different owners on their way: while one is embedded, others are read
PATIENCE = 600.0  # seconds a file waits for the library to open
LOOK = 0.1  # seconds between looks at a stop event


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
class _File:
    """A file and what has become of it, or the page at a web `address` that will lie at `path`. `over` is set in the end.
    `awaited`: somebody waits for it, so it does not pause with the others."""

    job: Job
    path: Path
    stop: Event
    collection: str = ""
    address: str = ""
    awaited: bool = False
    over: Event = field(default_factory=Event)


@dataclass(slots=True)
class _Line:
    """An owner's files in the order they came. `waiting`: those whose turn it is not; one is at work."""

    files: dict[int, _File] = field(default_factory=dict)
    waiting: deque[_File] = field(default_factory=deque)
    busy: bool = False
    paused: bool = False


class Intake:
    """Shared by everybody, kept apart by owner. Safe to use from any thread."""

    def __init__(
        self,
        library: OpeningLibrary,
        *,
        free: Callable[[Path], None] = lambda path: None,
        quotas: Quotas = QUOTAS,
        web: Web | None = None,
    ) -> None:
        self._library = library
        self._web = web  # None: nothing is fetched for anybody
        self._free = free  # what came of it lies in the library, or nowhere
        self._quotas = quotas
        self._lines: defaultdict[str, _Line] = defaultdict(_Line)
        self._lock = Lock()
        self._numbers = itertools.count(1)
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="intake")

    def add(
        self, owner: str, files: Sequence[tuple[Path, str]], collection: str = "", *, awaited: bool = False
    ) -> list[int]:
        """Take in files, by path and the name people call them. Returns at once. A lot that is over is forgotten."""
        stop = Event()
        new = [_File(self._job(owner, name), path, stop, collection, awaited=awaited) for path, name in files]
        return [file.job.id for file in self._added(owner, new)]

    def fetch(self, owner: str, address: str, path: Path, collection: str = "") -> None:
        """Take in a page of the web, by way of the file `path`, which is to be made. Raises `AccessDenied` and `InputError`."""
        if self._web is None:
            raise AccessDenied(
                "On this server no web addresses are fetched. Save the page and add the file.", kind="web_off"
            )
        name = str(parsed(address))[:LONGEST]
        self._added(owner, [_File(self._job(owner, name), path, Event(), collection, address)])

    @property
    def fetches(self) -> bool:
        return self._web is not None

    def take(self, owner: str, path: Path, name: str, stop: Event, collection: str = "") -> Document:
        """Take in one file and wait for it. Raises what it failed with, and `Stopped`."""
        (file,) = self._added(owner, [_File(self._job(owner, name), path, stop, collection, awaited=True)])
        try:
            while not file.over.wait(LOOK):
                heed(stop)  # not only when its turn comes
        finally:
            self._forget(owner, file)
        if file.job.document is None:
            heed(stop)
            raise file.job.error or Stopped("Indexing was stopped.", kind="indexing_stopped")
        return file.job.document

    def _job(self, owner: str, name: str) -> Job:
        return Job(next(self._numbers), owner, name)

    def _added(self, owner: str, files: Sequence[_File]) -> Sequence[_File]:
        with self._lock:
            line = self._lines[owner]
            if all(
                file.job.over for file in line.files.values()
            ):  # else these belong to the same lot, which is counted
                line.files.clear()
                line.paused = False
            line.files |= {file.job.id: file for file in files}
            line.waiting.extend(files)
            self._next(line)
        return files

    def _forget(self, owner: str, file: _File) -> None:
        with self._lock:
            line = self._lines[owner]
            line.files.pop(file.job.id, None)
            if not line.files and not line.waiting and not line.busy:
                del self._lines[owner]

    def _next(self, line: _Line) -> None:
        """Nobody has more than one of the places, so that the others' files are read meanwhile. Called under the lock."""
        file = next((file for file in line.waiting if file.awaited or not line.paused), None)
        if file and not line.busy:
            line.waiting.remove(file)
            line.busy = True
            self._pool.submit(self._run, line, file)

    def jobs(self, owner: str) -> list[Job]:
        with self._lock:
            return [file.job for file in self._lines[owner].files.values()] if owner in self._lines else []

    def busy(self, owner: str) -> bool:
        return any(not job.over for job in self.jobs(owner))

    def stop(self, owner: str) -> None:
        """Give up what is not in the library yet."""
        with self._lock:
            for file in self._lines[owner].files.values() if owner in self._lines else ():
                file.stop.set()
        self.pause(owner, paused=False)

    def pause(self, owner: str, *, paused: bool) -> None:
        """Begin with no other file, while the one at work is finished; or go on."""
        with self._lock:
            if owner in self._lines:
                self._lines[owner].paused = paused
                self._next(self._lines[owner])

    def paused(self, owner: str) -> bool:
        with self._lock:
            return owner in self._lines and self._lines[owner].paused

    def settle(self, owner: str, number: int) -> str:
        """Ask no longer whether a file replaces the one of its name. Returns the id of that one; "" where nothing was asked."""
        with self._lock:
            file = self._lines[owner].files.get(number) if owner in self._lines else None
            older = file.job.older if file else ""
            if file:
                file.job = replace(file.job, older="")
            return older

    def close(self) -> None:
        with self._lock:
            for line in self._lines.values():
                for file in line.files.values():
                    file.stop.set()
                line.waiting.clear()
        self._pool.shutdown(cancel_futures=True)

    def _run(self, line: _Line, file: _File) -> None:
        owner = file.job.owner

        def put(**news: Any) -> None:
            with self._lock:
                file.job = replace(file.job, **news)

        def report(step: Step, fraction: float | None) -> None:
            put(state="running", step=step, fraction=fraction)

        try:
            heed(file.stop)
            if file.address and self._web:
                fetched = partial(report, "fetch")
                put(name=self._web.fetch(file.address, file.path, report=fetched, stop=file.stop))
            library = self._library.get(PATIENCE).library
            before = {document.id: document for document in library.list(owner)}
            require_room(self._quotas, library, owner, file.path)
            document = library.add(
                owner, file.path, file.job.name, collection=file.collection, progress=report, stop=file.stop
            )
            known = document.id in before
            older = "" if known else _namesake(document, before.values())
            put(state="done", document=document, known=known, older=older)
        except Stopped:
            put(state="stopped")
        except BanyanError as error:
            put(state="failed", error=error)
        except Exception:
            log.exception("A document could not be added")
            put(state="failed", error=internal_error())
        finally:
            self._free(file.path)
            with self._lock:
                line.busy = False
                self._next(line)
            file.over.set()


def require_room(quotas: Quotas, library: Library, owner: str, path: Path) -> None:
    """Raises `QuotaReached` where `owner` may keep no more documents, or none of that size."""
    kept = [document for document in library.list(owner) if document.status != "rejected"]
    quotas.require("documents", len(kept) + 1)
    quotas.require("megabytes", (sum(document.size for document in kept) + path.stat().st_size) / 2**20)


def _namesake(document: Document, others: Iterable[Document]) -> str:
    """The latest of another content that people call the same."""
    same = [d for d in others if d.name == document.name and d.status != "rejected" and document.status != "rejected"]
    return max(same, key=lambda d: d.created).id if same else ""
