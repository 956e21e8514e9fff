"""A text that somebody typed -> its translation, as it grows and with what may be wrong in it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from threading import Event
from typing import Any

from chatbot.common.errors import InputError
from chatbot.engine.base import Engine
from chatbot.tasks.chat import MAX_CHARACTERS, clean
from chatbot.tasks.translate.check import Flag
from chatbot.tasks.translate.files import plain
from chatbot.tasks.translate.files.marked import TAG, Segment, bare, fits
from chatbot.tasks.translate.files.spans import Span
from chatbot.tasks.translate.order import AUTO, Settled, settle
from chatbot.tasks.translate.own.memory import Recall, nothing
from chatbot.tasks.translate.run import segments
from chatbot.tasks.translate.work import Translation

LISTED = 100  # doubtful segments that are kept with a result


@dataclass(frozen=True, slots=True)
class Pair:
    """One segment before and after, without tags."""

    source: str
    target: str
    flags: tuple[Flag, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """Segment number `at` with its translation; both are marked texts."""

    at: int
    source: str
    target: str
    flags: tuple[Flag, ...] = ()

    @property
    def pair(self) -> Pair:
        return Pair(bare(self.source), bare(self.target), self.flags)


@dataclass(frozen=True, slots=True)
class Writing:
    """The translation up to the first segment that is not done. `done` and `total` count segments."""

    settled: Settled
    text: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Translated:
    """The end. Where it was stopped there are fewer `rows` than the `total` of segments, and `text` ends there."""

    settled: Settled
    text: str
    rows: tuple[Row, ...]
    total: int

    @property
    def pairs(self) -> tuple[Pair, ...]:
        return tuple(row.pair for row in self.rows)

    @property
    def flagged(self) -> tuple[Pair, ...]:
        return tuple(pair for pair in self.pairs if pair.flags)

    def to_dict(self, original: str) -> dict[str, Any]:
        """As it is kept, and shown again: JSON values only."""
        detected = self.settled.detected
        return {
            "original": original,
            "text": self.text,
            "source": self.settled.order.source,
            "target": self.settled.order.target,
            "who": self.settled.support.who,
            "confidence": detected.confidence if detected else None,
            "sure": detected.sure if detected else True,
            "alternatives": [list(one) for one in detected.alternatives] if detected else [],
            "done": len(self.rows),
            "total": self.total,
            **_told(self.rows),
        }


Step = Writing | Translated


def translate(
    engine: Engine,
    owner: str,
    text: str,
    *,
    target: str,
    source: str = AUTO,
    adapter: str | None = None,
    glossary: str = "",
    formality: str = "",
    recall: Recall = nothing,
    stop: Event | None = None,
) -> Iterator[Step]:
    """Any number of `Writing`, then `Translated`. Close it to end the work; after `stop` what was done is in the last step.

    Raises `InputError` as `settle`, and engine errors.
    """
    if len(text) > MAX_CHARACTERS:
        raise InputError(
            f"The text has {len(text):,} characters; at most {MAX_CHARACTERS:,} are translated here. Add it as a file.",
            kind="long_text",
            length=f"{len(text):,}",
            limit=f"{MAX_CHARACTERS:,}",
        )
    text = clean(text)
    spans = plain.spans(text)
    given = [one.segment for one in spans]
    settled = settle(
        engine, owner, given, target=target, source=source, adapter=adapter, glossary=glossary, formality=formality
    )
    memory, stop = recall(settled.order.source, settled.order.target), stop or Event()
    known: dict[int, Translation] = {}
    yield Writing(settled, "", 0, len(given))
    with closing(segments(engine, given, settled.order, memory=memory, stop=stop)) as steps:  # type: ignore[type-var]
        for step in steps:
            known.update(step.finished)
            yield Writing(settled, _so_far(text, spans, known, step.partial), len(known), len(given))
    complete = len(known) == len(given)
    whole = _written(text, spans, known) if complete else _so_far(text, spans, known, {})
    rows = (Row(at, given[at].text, known[at].text, known[at].flags) for at in sorted(known))
    yield Translated(settled, whole, tuple(rows), len(given))


def kept(record: Mapping[str, Any]) -> list[Row]:
    """The segments of a translation that was kept, the doubtful first; none of one that was kept before these were."""
    rows = (
        Row(at, source, target, tuple(Flag(*f) for f in flags)) for at, source, target, flags in record.get("rows", [])
    )
    return sorted(rows, key=lambda row: (not row.flags, row.at))


def corrected(record: Mapping[str, Any], texts: Mapping[int, str]) -> tuple[dict[str, Any], dict[str, str]]:
    """The record with these translations in the place of what was there, by the numbers of their segments, and what changed by the
    segments' texts. Raises `InputError` as `changes`."""
    text = clean(record["original"])
    spans, rows = plain.spans(text), {row.at: row for row in kept(record)}
    segments = {at: spans[at].segment for at in rows}
    new = changes(segments, {at: row.target for at, row in rows.items()}, texts)
    rows |= {at: Row(at, rows[at].source, target) for at, target in new.items()}
    known = {at: Translation(row.target, row.flags) for at, row in rows.items()}
    whole = _written(text, spans, known) if len(known) == len(spans) else _so_far(text, spans, known, {})
    made = {**record, "text": whole, **_told([rows[at] for at in sorted(rows)])}
    return made, {segments[at].text: target for at, target in new.items()}


def changes(segments: Mapping[int, Segment], old: Mapping[int, str], texts: Mapping[int, str]) -> dict[int, str]:
    """Those of the texts that say something else than before. Raises `InputError` where one has lost a tag of its segment."""
    changed = {at: text for at, text in texts.items() if at in old and text.strip() and text != old[at]}
    for at, text in changed.items():
        if not fits(segments[at], text):
            tags = " ".join(tag[0] for tag in TAG.finditer(segments[at].text))
            raise InputError(
                f"Segment {at + 1} must keep its tags {tags}, each once.", kind="edit_tags", number=at + 1, tags=tags
            )
    return changed


def _told(rows: Sequence[Row]) -> dict[str, Any]:
    """What of a record changes with its segments."""
    flagged = [row.pair for row in rows if row.flags]
    return {
        "rows": [[row.at, row.source, row.target, _flags(row.flags)] for row in rows],
        "flagged": len(flagged),
        "doubts": [{"source": p.source, "target": p.target, "flags": _flags(p.flags)} for p in flagged[:LISTED]],
    }


def _flags(flags: Sequence[Flag]) -> list[list[str]]:
    return [[flag.code, flag.details] for flag in flags]


def _written(text: str, spans: Sequence[Span], known: Mapping[int, Translation]) -> str:
    return plain.written(text, [(span, known[at].text) for at, span in enumerate(spans)])


def _so_far(text: str, spans: Sequence[Span], known: Mapping[int, Translation], partial: Mapping[int, str]) -> str:
    """Up to the first segment that has not begun."""
    ready = next((at for at in range(len(spans)) if at not in known), len(spans))
    shown = _written(text[: spans[ready].start] if ready < len(spans) else text, spans[:ready], known)
    return shown + partial.get(ready, "")
