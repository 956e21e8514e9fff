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
from chatbot.tasks.translate.files.marked import bare
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
class Writing:
    """The translation up to the first segment that is not done. `done` and `total` count segments."""

    settled: Settled
    text: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Translated:
    """The end. Where it was stopped there are fewer `pairs` than the `total` of segments, and `text` ends there."""

    settled: Settled
    text: str
    pairs: tuple[Pair, ...]
    total: int

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
            "done": len(self.pairs),
            "total": self.total,
            "flagged": len(self.flagged),
            "doubts": [
                {"source": pair.source, "target": pair.target, "flags": [[f.code, f.details] for f in pair.flags]}
                for pair in self.flagged[:LISTED]
            ],
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
    settled = settle(engine, owner, given, target=target, source=source, adapter=adapter, glossary=glossary)
    memory, stop = recall(settled.order.source, settled.order.target), stop or Event()
    known: dict[int, Translation] = {}
    yield Writing(settled, "", 0, len(given))
    with closing(segments(engine, given, settled.order, memory=memory, stop=stop)) as steps:  # type: ignore[type-var]
        for step in steps:
            known.update(step.finished)
            yield Writing(settled, _so_far(text, spans, known, step.partial), len(known), len(given))
    complete = len(known) == len(given)
    whole = _written(text, spans, known) if complete else _so_far(text, spans, known, {})
    yield Translated(settled, whole, _pairs(spans, known), len(given))


def _written(text: str, spans: Sequence[Span], known: Mapping[int, Translation]) -> str:
    return plain.written(text, [(span, known[at].text) for at, span in enumerate(spans)])


def _so_far(text: str, spans: Sequence[Span], known: Mapping[int, Translation], partial: Mapping[int, str]) -> str:
    """Up to the first segment that has not begun."""
    ready = next((at for at in range(len(spans)) if at not in known), len(spans))
    shown = _written(text[: spans[ready].start] if ready < len(spans) else text, spans[:ready], known)
    return shown + partial.get(ready, "")


def _pairs(spans: Sequence[Span], known: Mapping[int, Translation]) -> tuple[Pair, ...]:
    return tuple(
        Pair(bare(span.segment.text), bare(known[at].text), known[at].flags)
        for at, span in enumerate(spans)
        if at in known
    )
