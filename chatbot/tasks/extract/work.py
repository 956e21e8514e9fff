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
from chatbot.tasks.extract.fields import Fields
from chatbot.tasks.extract.find import found
from chatbot.tasks.extract.ground import Grounded, grounded, moved, where
from chatbot.tasks.extract.prompt import Raw, parsed, prompt
from chatbot.tasks.extract.record import Cell, Extraction, Record
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
        self._again: list[
            tuple[int, int, list[tuple[int, int]]]
        ] = []  # (part, record, where in the part it is spoken of)
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
        again = [one for one in self._again if not self._stop.is_set()]
        asked = [self._narrow(part, record, stretches) for part, record, stretches in again]
        total = len(self._parts) + len(asked)
        for done, place, at, answer in self._asked([one for _, one in asked]):
            if answer is not None:
                self._fill(*again[at][:2], asked[at][0], parsed(answer))
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
            stretches = where_.text(n, part.text)
            if one.cleared and sum(end - start for start, end in stretches) < len(part.text) / 2:
                self._again.append((at, n, stretches))

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
        return grounded(record, self._fields, text, lambda span: where_.allowed(n, span), near)

    def _placed(self, record: Record, part: _Part) -> Record:
        return replace(moved(record, part.start), source=part.source)

    def _narrow(
        self, part: int, record: int, stretches: list[tuple[int, int]]
    ) -> tuple[tuple[str, int], tuple[Sequence[Message], Sampling]]:
        """((what is read, where it begins in the whole text), the prompt): the first stretch, which is the one that names it."""
        start, end = stretches[0]
        text = self._parts[part].text[start:end]
        name = self._found[part][record].cells[0][0].text
        return (text, self._parts[part].start + start), prompt(text, self._fields, many=False, anchor=name)

    def _fill(self, part: int, at: int, read: tuple[str, int], raw: list[Raw]) -> None:
        """Cells that are empty take what the second reading found."""
        text, start = read
        old = self._found[part][at]
        new = moved(grounded(raw[0] if raw else {}, self._fields, text).record, start)
        taken = {(v.start, v.end) for cell in old.cells for v in cell}
        cells = tuple(
            cell or tuple(v for v in other if (v.start, v.end) not in taken)
            for cell, other in zip(old.cells, new.cells, strict=True)
        )
        self._found[part][at] = replace(old, cells=cells)

    def _records(self) -> tuple[Record, ...]:
        found = [record for at in sorted(self._found) for record in self._found[at] if record.filled]
        return tuple(_distinct(found) if self._many else _merged(found))


def _size(record: Raw) -> int:
    return sum(bool(said) for said in record.values())


def _distinct(found: Sequence[Record]) -> list[Record]:
    """Records of one name that say nothing different are one; bare names go where others are told of."""
    kept: list[Record] = []
    for record in found:
        twin = next((n for n, one in enumerate(kept) if _agree(one, record)), None)
        if twin is None:
            kept.append(record)
        else:
            cells = tuple(a or b for a, b in zip(kept[twin].cells, record.cells, strict=True))
            kept[twin] = replace(kept[twin], cells=cells)
    most = max((record.filled for record in kept), default=0)
    return [record for record in kept if record.filled > 1 or most < 3]


def _agree(one: Record, other: Record) -> bool:
    """Whether both are called the same and no cell of theirs differs."""
    if one.source != other.source or _words(one, 0) != _words(other, 0):
        return False
    pairs = ((_words(one, n), _words(other, n)) for n in range(len(one.cells)))
    return all(a == b for a, b in pairs if a and b)


def _words(record: Record, at: int) -> tuple[str, ...]:
    return tuple((v.normal or v.text).casefold() for v in record.cells[at])


def _merged(found: Sequence[Record]) -> list[Record]:
    """One of each text: what its first part that says it says; of a list, all that is said."""
    merged: dict[int, Record] = {}
    for record in found:
        old = merged.get(record.source)
        if old is None:
            merged[record.source] = record
            continue
        cells = tuple(_joined(a, b) for a, b in zip(old.cells, record.cells, strict=True))
        merged[record.source] = replace(old, cells=cells)
    return [merged[source] for source in sorted(merged)]


def _joined(one: Cell, other: Cell) -> Cell:
    if len(one) < 2 and len(other) < 2:
        return one or other
    known = {value.text.casefold() for value in one}
    return (*one, *(value for value in other if value.text.casefold() not in known))
