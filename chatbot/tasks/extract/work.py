"""The extraction task: windows of a text -> records as the model writes them -> values at their places -> one table.

The model only proposes: what it writes is looked up in the text, and what stands nowhere is no value. Where there are many
records, each is held to the sentences that name it; what was taken from another's is asked for again, of those sentences alone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from threading import Event

from chatbot.common.errors import InputError
from chatbot.engine.base import Engine
from chatbot.tasks.batch import Answered, batch
from chatbot.tasks.extract.fields import Field, Fields
from chatbot.tasks.extract.find import found
from chatbot.tasks.extract.ground import Grounded, candidates, grounded, moved, trimmed, where
from chatbot.tasks.extract.merge import distinct, merged
from chatbot.tasks.extract.prompt import Raw, parsed, prompt
from chatbot.tasks.extract.record import Extraction, Record
from chatbot.tasks.extract.span import Span
from chatbot.tasks.extract.text import Text, windows
from chatbot.tasks.extract.zones import Zones, zones
from chatbot.types import Message, Sampling

WINDOW = (
    1_000  # tokens that are read at once, about two pages: nothing longer was measured (tests/bench/tasks/extract.py)
)
SHARE = 0.4  # of the context window at most; the answer takes about as much again


@dataclass(frozen=True, slots=True)
class Working:
    """`done` of `total` parts are read, with `records` so far. `place` counts the requests before the first of ours."""

    done: int
    total: int
    place: int = 0
    records: tuple[Record, ...] = ()


Step = Working | Extraction


@dataclass(frozen=True, slots=True)
class _Part:
    """A window of the text of that number."""

    source: int
    start: int
    text: str


def extract(
    engine: Engine,
    texts: Sequence[Text],
    fields: Fields,
    *,
    rows: str = "many",
    adapter: str | None = None,
    stop: Event | None = None,
) -> Iterator[Step]:
    """Any number of `Working`, then an `Extraction`; after `stop` it holds what was done. Close it to end the work.

    `rows` "one": a row for each text; "many": as many as it tells of, named by the first field. Raises what the engine raises
    where nothing could be read at all.
    """
    yield from _Run(engine, tuple(texts), fields, rows, adapter, stop or Event()).steps()


@dataclass(frozen=True, slots=True)
class _Again:
    """Record `record` of part `part` is read again in the sentences that speak of it, which begin there in the whole text."""

    part: int
    record: int
    start: int
    text: str


class _Run:
    def __init__(
        self, engine: Engine, texts: tuple[Text, ...], fields: Fields, rows: str, adapter: str | None, stop: Event
    ) -> None:
        if rows not in ("one", "many"):
            raise InputError(f"rows is “one” or “many”, not {rows[:40]!r}.", kind="extract_rows", rows=rows[:40])
        self._engine, self._texts, self._fields = engine, texts, fields
        self._many, self._adapter, self._stop = rows == "many", adapter, stop
        size = min(WINDOW, int(SHARE * engine.context_window))
        self._parts = [
            _Part(n, start, text.text[start:end])
            for n, text in enumerate(texts)
            for start, end in windows(text.text, size, engine.count_tokens)
        ]
        self._found: dict[int, list[Record]] = {}  # by part
        self._again: list[_Again] = []
        self._dropped = 0

    def steps(self) -> Iterator[Step]:
        yield Working(0, len(self._parts))
        prompts = [prompt(part.text, self._fields, many=self._many) for part in self._parts]
        for done, place, at, answer in self._asked(prompts):
            if answer is not None:
                self._take(at, parsed(answer))
            yield Working(done, len(prompts), place, self._records())
        yield from self._second()
        yield Extraction(
            self._fields,
            self._texts,
            self._records(),
            self._engine.model,
            self._adapter or "",
            self._dropped,
            len(self._found),
            len(self._parts),
        )

    def _second(self) -> Iterator[Working]:
        again = [] if self._stop.is_set() else self._again
        prompts = [
            prompt(one.text, self._fields, many=False, anchor=self._found[one.part][one.record].cells[0][0].text)
            for one in again
        ]
        total = len(self._parts) + len(again)
        for done, place, at, answer in self._asked(prompts):
            if answer is not None:
                self._fill(again[at], parsed(answer))
            yield Working(len(self._parts) + done, total, place, self._records())

    def _asked(
        self, prompts: Sequence[tuple[Sequence[Message], Sampling]]
    ) -> Iterator[tuple[int, int, int, str | None]]:
        """(how many are done, place in line, number of the prompt, answer); what fails for all of them is raised."""
        done, failed = 0, None
        for step in batch(self._engine, prompts, adapter=self._adapter, stop=self._stop) if prompts else ():
            if not isinstance(step, Answered):
                yield done, step.place, 0, None
                continue
            done += 1
            if isinstance(step.result, Exception):
                failed = step.result
                continue
            yield done, 0, step.at, step.result.text
        if failed and not self._found:
            raise failed

    def _take(self, at: int, raw: list[Raw]) -> None:
        part = self._parts[at]
        if not self._many:
            one = grounded(raw[0] if raw else {}, self._fields, part.text)
            self._dropped += one.dropped
            self._found[at] = [self._placed(one.record, part)]
            return
        named = self._named(raw, part.text)
        where_ = zones(part.text, list(named))
        self._found[at] = []
        for n, (name, record) in enumerate(named.items()):
            one = self._grounded(record, part.text, where_, n, name)
            self._dropped += one.dropped
            self._found[at].append(self._placed(one.record, part))
            if one.record.cells[0]:
                start, end = where_.around(n, one.record.cells[0][0].start)
                again = _Again(at, n, part.start + start, part.text[start:end])
                if end - start < len(part.text) / 2 and self._missed(one, again.text):
                    self._again.append(again)

    def _missed(self, found: Grounded, text: str) -> bool:
        """Whether words of another record stood in a cell, or an empty one could be one of the days or amounts that stand there."""
        cells = enumerate(zip(self._fields, found.record.cells, strict=True))
        return any(
            (n in found.cleared and _is_free(field)) or (not cell and candidates(field, text))
            for n, (field, cell) in cells
        )

    def _named(self, raw: list[Raw], text: str) -> dict[str, Raw]:
        """Records by what they are called in the words of the text; of two of one name the fuller one."""
        named: dict[str, Raw] = {}
        for record in raw:
            first = self._fields[0]
            said = record.get(first.name) or ""
            spans = where(first, str(said[0] if isinstance(said, list) and said else said), text)
            if not spans:
                self._dropped += bool(said)
                continue
            name = text[spans[0].start : spans[0].end]
            if _size(record) > _size(named.get(name, {})):
                named[name] = {**record, first.name: name}
        return named

    def _grounded(self, record: Raw, text: str, where_: Zones, n: int, name: str) -> Grounded:
        """Its name is the one in the sentence that says most of its other values."""
        others = [str(said) for key, said in record.items() if key != self._fields[0].name and said]

        def said_beside(span: Span) -> int:
            sentence = text[slice(*where_.sentences[where_.sentence(span.start)])]
            return sum(bool(found(one, sentence)) for one in others)

        near = max(where(self._fields[0], name, text), key=said_beside).start
        return grounded(
            record, self._fields, text, lambda span: where_.allowed(n, span), near, lambda span: where_.owned(n, span)
        )

    def _placed(self, record: Record, part: _Part) -> Record:
        return replace(moved(record, part.start), source=part.source)

    def _fill(self, again: _Again, raw: list[Raw]) -> None:
        """Cells that are empty take what the second reading found."""
        old = self._found[again.part][again.record]
        read = grounded(raw[0] if raw else {}, self._fields, again.text, own=lambda span: True)
        new = moved(read.record, again.start)
        taken = {(v.start, v.end) for cell in old.cells for v in cell}
        cells = tuple(
            cell or tuple(v for v in other if (v.start, v.end) not in taken)
            for cell, other in zip(old.cells, new.cells, strict=True)
        )
        whole = self._texts[old.source].text
        self._found[again.part][again.record] = trimmed(replace(old, cells=cells), self._fields, whole)

    def _records(self) -> tuple[Record, ...]:
        found = [record for at in sorted(self._found) for record in self._found[at] if record.filled]
        return tuple(distinct(found) if self._many else merged(found))


def _is_free(field: Field) -> bool:
    """Of no kind whose values can be looked for."""
    return field.kind in ("text", "list")


def _size(record: Raw) -> int:
    return sum(bool(said) for said in record.values())
