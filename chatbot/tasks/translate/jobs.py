"""Files being translated. A job is a folder: what was asked, the original, its segments, and the translations as they come.

    OWNER/<id>/job.json  original  segments.json  done.jsonl        (OWNER is a hash: names of people are no paths)

Whatever is killed, whenever: the segments that were done are there, and the job goes on from them.
"""

import hashlib
import json
import re
import secrets
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path, PurePosixPath
from threading import Event
from typing import Any, TextIO

from chatbot.common import disk
from chatbot.common.errors import InputError, NotFound
from chatbot.common.rejected import shown
from chatbot.engine.base import Engine
from chatbot.tasks.translate.check import Flag
from chatbot.tasks.translate.files import child as files
from chatbot.tasks.translate.files.marked import Segment, bare
from chatbot.tasks.translate.formality import Formality
from chatbot.tasks.translate.order import AUTO, code_of, settle
from chatbot.tasks.translate.own.memory import Recall, nothing
from chatbot.tasks.translate.run import segments as run
from chatbot.tasks.translate.text import Pair, Row, changes
from chatbot.tasks.translate.work import Order, Translation, is_failed

KEPT = 20  # jobs of one owner; the oldest give way
_ID = re.compile(r"[0-9a-f]{24}")


@dataclass(frozen=True, slots=True)
class Job:
    """`done` and `total` count segments, `done` not those that the engine failed on: they are tried again when it goes on;
    `confidence` is that of the detected source, None where the person named it."""

    id: str
    owner: str
    name: str
    kind: str
    ending: str
    source: str
    target: str
    adapter: str | None
    who: str
    total: int
    created: float
    confidence: float | None = None
    doubts: str = ""
    glossary: Mapping[str, str] = field(default_factory=dict)
    width: int = 0  # characters of a line of subtitles at most; 0: what is usual
    formality: Formality = ""
    done: int = 0
    flagged: int = 0

    @property
    def complete(self) -> bool:
        return self.done == self.total

    @property
    def result_name(self) -> str:
        """`report.de.docx` for `report.docx`."""
        return f"{PurePosixPath(self.name).stem or 'translation'}.{self.target}{self.ending}"


@dataclass(frozen=True, slots=True)
class Progress:
    """`latest` is the segment that was finished last."""

    job: Job
    latest: Pair | None = None


class Translations:
    """All jobs, each under its owner; what belongs to somebody else is `NotFound`. Safe to use from any thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add(
        self,
        engine: Engine,
        owner: str,
        path: Path,
        name: str,
        *,
        target: str,
        source: str = AUTO,
        adapter: str | None = None,
        glossary: str = "",
        formality: str = "",
        width: int = 0,
        stop: Event | None = None,
    ) -> Job:
        """Read the file and keep it. Raises `RejectedFile`, `InputError` as `settle`, and what `engine.model` raises."""
        name = shown(name)
        found = files.read(path, name, stop=stop)
        settled = None
        if found.segments:
            settled = settle(
                engine, owner, found.segments, target=target, source=source, adapter=adapter, glossary=glossary,
                formality=formality,
            )  # fmt: skip
        order = settled.order if settled else Order("", code_of(target))
        job = Job(
            secrets.token_hex(12), owner, name, found.kind, found.ending, order.source, order.target, order.adapter,
            settled.support.who if settled else "", len(found.segments), time.time(),
            settled.detected.confidence if settled and settled.detected else None, found.doubts, dict(order.glossary), width,
            order.formality,
        )  # fmt: skip
        self._keep(job, path, found.segments)
        for old in self.jobs(owner)[KEPT:]:
            self.remove(owner, old.id)
        return job

    def jobs(self, owner: str) -> list[Job]:
        """The owner's, the latest first."""
        home = self._home(owner)
        found = [job for path in home.iterdir() if (job := _read(path, owner))] if home.is_dir() else []
        return sorted(found, key=lambda job: -job.created)

    def get(self, owner: str, id: str) -> Job:
        job = _read(self._home(owner) / id, owner) if _ID.fullmatch(id) else None
        if job is None:
            raise NotFound("There is no such translation. It may have been removed.", kind="no_translation")
        return job

    def run(self, engine: Engine, owner: str, id: str, stop: Event, recall: Recall = nothing) -> Iterator[Progress]:
        """Translate what is not done yet. Ends when all is, or when `stop` is set. Raises engine errors."""
        job, segments, known = self._opened(owner, id)
        order = Order(job.source, job.target, job.adapter, job.glossary, job.formality)
        known = {at: translation for at, translation in known.items() if not is_failed(translation)}
        flagged = sum(bool(translation.flags) for translation in known.values())
        memory = recall(job.source, job.target)
        yield Progress(job)
        with (
            _log(self._home(owner) / id / "done.jsonl") as log,
            closing(run(engine, segments, order, done=known, memory=memory, stop=stop)) as steps,  # type: ignore[type-var]
        ):
            for step in steps:
                latest = None
                for at, translation in step.finished.items():
                    known[at] = translation
                    flagged += bool(translation.flags)
                    log.write(_line(at, translation))
                    latest = Pair(bare(segments[at].text), bare(translation.text), translation.flags)
                if latest:
                    log.flush()
                done = sum(not is_failed(translation) for translation in known.values())
                yield Progress(replace(job, done=done, flagged=flagged), latest)

    def pairs(self, owner: str, id: str, *, flagged: bool = True, limit: int = 200) -> list[Pair]:
        """Segments that are done, in the order of the file; with `flagged` only those that something may be wrong with."""
        _, segments, known = self._opened(owner, id)
        found = [Pair(bare(segments[at].text), bare(known[at].text), known[at].flags) for at in sorted(known)]
        return [pair for pair in found if pair.flags or not flagged][:limit]

    def rows(self, owner: str, id: str, limit: int = 300) -> list[Row]:
        """What is done, the doubtful first, to be read and corrected: marked texts."""
        _, segments, known = self._opened(owner, id)
        order = sorted(known, key=lambda at: (not known[at].flags, at))
        return [Row(at, segments[at].text, known[at].text, known[at].flags) for at in order[:limit]]

    def correct(self, owner: str, id: str, texts: Mapping[int, str]) -> dict[str, str]:
        """Put these translations in the place of what was there, and give back what changed, by the segments' texts.

        Raises `InputError` as `changes`.
        """
        _, segments, known = self._opened(owner, id)
        changed = changes(dict(enumerate(segments)), {at: one.text for at, one in known.items()}, texts)
        with _log(self._home(owner) / id / "done.jsonl") as log:
            for at, text in changed.items():
                log.write(_line(at, Translation(text)))
        return {segments[at].text: text for at, text in changed.items()}

    def result(self, owner: str, id: str) -> bytes:
        """The translated file; what is not done yet stands in it as it was. Raises `RejectedFile`, `InputError`."""
        job, segments, known = self._opened(owner, id)
        if not known and segments:
            raise InputError("Nothing of this file is translated yet.", kind="nothing_done")
        texts = [known[at].text if at in known else segment.text for at, segment in enumerate(segments)]
        return files.write(self._home(owner) / id / "original", job.name, texts, job.target, width=job.width)

    def remove(self, owner: str, id: str) -> None:
        disk.discard(self._home(owner) / self.get(owner, id).id)

    def _home(self, owner: str) -> Path:
        return self._folder / hashlib.sha256(owner.encode()).hexdigest()[:24]

    def _opened(self, owner: str, id: str) -> tuple[Job, list[Segment], dict[int, Translation]]:
        job = self.get(owner, id)
        folder = self._home(owner) / id
        rows: list[Any] = json.loads((folder / "segments.json").read_text("utf-8"))
        segments = [Segment(text, frozenset(kept), ordered, room) for text, kept, ordered, room in rows]
        return job, segments, _done(folder)

    def _keep(self, job: Job, original: Path, segments: Sequence[Segment]) -> None:
        home = self._home(job.owner)
        disk.sweep(home)
        with disk.aside_folder(home / job.id) as made:
            shutil.copyfile(original, made / "original")
            rows = [(s.text, sorted(s.kept), s.ordered, s.room) for s in segments]
            (made / "segments.json").write_text(json.dumps(rows), "utf-8")
            (made / "job.json").write_text(json.dumps(asdict(job)), "utf-8")


def _read(folder: Path, owner: str) -> Job | None:
    try:
        job = Job(**json.loads((folder / "job.json").read_text("utf-8")))
    except (OSError, ValueError, TypeError):  # being made or removed just now, or no job at all
        return None
    if job.owner != owner or job.id != folder.name:
        return None
    known = _done(folder)
    done = sum(not is_failed(translation) for translation in known.values())
    return replace(job, done=done, flagged=sum(bool(translation.flags) for translation in known.values()))


def _line(at: int, translation: Translation) -> str:
    return json.dumps([at, translation.text, [asdict(flag) for flag in translation.flags]]) + "\n"


def _done(folder: Path) -> dict[int, Translation]:
    known: dict[int, Translation] = {}
    path = folder / "done.jsonl"
    for line in path.read_text("utf-8").splitlines() if path.exists() else ():
        try:
            at, text, flags = json.loads(line)
        except ValueError:  # a line that the app was killed in the middle of
            continue
        known[at] = Translation(text, tuple(Flag(**flag) for flag in flags))
    return known


@contextmanager
def _log(path: Path) -> Iterator[TextIO]:
    """Open to append, on a line of its own."""
    torn = path.exists() and path.read_bytes()[-1:] not in (b"", b"\n")
    with path.open("a", encoding="utf-8") as log:
        if torn:
            log.write("\n")
        yield log
