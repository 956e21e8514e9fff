"""From what a model wrote to values that stand in the text: each at its place, and a place is the value of one field only."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from chatbot.tasks.extract.amounts import money, numbers
from chatbot.tasks.extract.dates import dates
from chatbot.tasks.extract.fields import Field, Fields
from chatbot.tasks.extract.find import folded, found, snapped
from chatbot.tasks.extract.record import Cell, Record, Value
from chatbot.tasks.extract.said import concepts
from chatbot.tasks.extract.said.evidence import named, says, touched
from chatbot.tasks.extract.said.shapes import sole
from chatbot.tasks.extract.span import Span

BEFORE = 48  # characters in front of a value in which its label is looked for
_WORDS = re.compile(r"[\u3400-\u9fff]|[^\W_\u3400-\u9fff]+")
_JOINS = re.compile(
    r"(?:\s(?:by|on|until|before|for|at|from|in|since|to|of|is)|[\s,;:(，；：（]|[在于至])+\Z", re.IGNORECASE
)
_PARTED = re.compile(r"[,(，（、;；]\s*\Z")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")

Allowed = Callable[[Span], bool]
"""Whether a value of a record may stand there."""


def candidates(field: Field, text: str) -> list[Span]:
    """All that `text` offers for a field of that kind; nothing for free text."""
    if field.kind == "date":
        return dates(text)
    if field.kind == "money":
        return money(text) or _counts(text)
    if field.kind == "number":
        return _counts(text)
    if field.kind == "choice":
        return sorted(span for option in field.options for span in found(option, text))
    return []


def _counts(text: str) -> list[Span]:
    """Numbers that are part of no day and of no sum of money that names its currency."""
    others = [*dates(text), *(one for one in money(text) if " " in one.normal)]
    return [n for n in numbers(text) if not any(one.start < n.end and n.start < one.end for one in others)]


@dataclass(frozen=True, slots=True)
class Grounded:
    """`cleared` are fields whose value stands where it may not; `dropped` counts values that stand nowhere."""

    record: Record
    cleared: frozenset[int] = frozenset()
    dropped: int = 0


def grounded(
    raw: Mapping[str, Any],
    fields: Fields,
    text: str,
    allowed: Allowed = lambda span: True,
    near: int | None = None,
    own: Allowed | None = None,
) -> Grounded:
    """The record with its values' places in `text`. Those with the clearest label choose first, then those that cannot be anything
    else; `near` is where the record stands, `own` tells what speaks of it alone where there are several. What the text calls
    something else is no value, and one that the model missed is where the text says so."""
    places, dropped = _places(raw, fields, text)
    choosing = _Choosing(fields, text, allowed, near, own)
    for n in sorted(places, key=lambda n: (-_clearest(fields[n], text, places[n], allowed), fields[n].kind == "text")):
        choosing.choose(n, places[n])
    for n in range(len(fields)):
        choosing.fill(n)
    return Grounded(trimmed(Record(tuple(choosing.cells)), fields, text), frozenset(choosing.cleared), dropped)


class _Choosing:
    """The cells of one record, one field after the other: a place is taken once."""

    def __init__(self, fields: Fields, text: str, allowed: Allowed, near: int | None, own: Allowed | None) -> None:
        self._fields, self._text, self._allowed, self._near, self._own = fields, text, allowed, near, own
        self._taken: list[Span] = []
        self.cells: list[Cell] = [()] * len(fields)
        self.cleared: set[int] = set()

    def choose(self, n: int, places: Sequence[Sequence[Span]]) -> None:
        """Each value at the best of its places."""
        field, others = self._fields[n], candidates(self._fields[n], self._text)
        values: list[Value] = []
        for spans in places:
            free = [span for span in spans if self._is_free(span) and self._says(field, span, others)]
            if free:
                span = min(
                    free, key=lambda span: (-_label(field, self._text, span), _far(span, self._near), span.start)
                )
                self._taken.append(span)
                values.append(value(self._text, span))
            else:
                self.cleared.add(n)
        self.cells[n] = tuple(sorted(values, key=lambda one: one.start))

    def fill(self, n: int) -> None:
        """What is named and was missed, where there is no doubt."""
        field, concept = self._fields[n], concepts.of(self._fields[n])
        if not self.cells[n] and (mail := sole(field, self._text)) and self._is_mine(mail):
            self._take(n, mail)
        if self.cells[n] or concept is None or field.kind not in ("date", "money"):
            return
        others = candidates(field, self._text)
        mine = [span for span in others if self._is_mine(span)]
        told = [
            span
            for span in mine
            if named(concept, self._text, span, others, outright=True) or touched(concept, self._text, span)
        ]
        if len(told) == 1:
            self._take(n, told[0])

    def _take(self, n: int, span: Span) -> None:
        self._taken.append(span)
        self.cells[n] = (value(self._text, span),)

    def _is_mine(self, span: Span) -> bool:
        return self._is_free(span) and (self._own is None or self._own(span))

    def _is_free(self, span: Span) -> bool:
        return self._allowed(span) and not any(_same(span, one) for one in self._taken)

    def _says(self, field: Field, span: Span, others: Sequence[Span]) -> bool:
        return says(field, self._text, span, others, own=self._own is not None and self._own(span))


def trimmed(record: Record, fields: Fields, text: str) -> Record:
    """Its free values end where those of other fields begin, of free ones behind a comma."""
    told = [(v, field.kind == "text") for cell, field in zip(record.cells, fields, strict=True) for v in cell]
    others = [v for v, free in told if not free or _PARTED.search(text[max(0, v.start - 3) : v.start])]
    return replace(record, cells=tuple(tuple(_trimmed(v, others, text) for v in cell) for cell in record.cells))


def _trimmed(given: Value, others: Sequence[Value], text: str) -> Value:
    """Without the value of another field at its end: of "books the hall by 12 April" the day is told beside it."""
    for other in others:
        if given.start < other.start and given.end == other.end:
            words = _JOINS.sub("", text[given.start : other.start])
            return value(text, Span(given.start, given.start + len(words))) if words else given
    return given


def _places(raw: Mapping[str, Any], fields: Fields, text: str) -> tuple[dict[int, list[list[Span]]], int]:
    """For each field the places of each of its values; how many values have none."""
    places: dict[int, list[list[Span]]] = {}
    dropped = 0
    for n, field in enumerate(fields):
        said = raw.get(field.name, "")
        words = [str(one) for one in (said if isinstance(said, list) else [said]) if str(one or "").strip()]
        spans = [where(field, one, text) for one in dict.fromkeys(words)]
        places[n] = [one for one in spans if one]
        dropped += len(spans) - len(places[n])
    return places, dropped


def where(field: Field, said: str, text: str) -> list[Span]:
    """Where a value of the field stands."""
    if field.kind in ("text", "list"):
        return snapped(said, text)
    wanted, offered = folded(said).text, candidates(field, text)
    exact = [one for one in offered if folded(text[one.start : one.end]).text == wanted]
    return exact or [one for one in offered if _is_worth(field, said, one)]


def _is_worth(field: Field, said: str, place: Span) -> bool:
    """Whether a model wrote the day or amount of that place in another form: 4961.00 for $4,961.00, 2024-10-09 for 9 October 2024."""
    told = candidates(field, said) if field.kind != "choice" and place.normal else []
    if len(told) != 1 or field.kind == "date":
        return len(told) == 1 and told[0].normal == place.normal
    (amount, _, currency), (other, _, unit) = told[0].normal.partition(" "), place.normal.partition(" ")
    return _bare(amount) == _bare(other) and (currency == unit or not (currency and unit))


def _bare(amount: str) -> str:
    return amount.rstrip("0").rstrip(".") if "." in amount else amount


def value(text: str, span: Span) -> Value:
    return Value(" ".join(text[span.start : span.end].split()), span.start, span.end, span.normal)


def moved(record: Record, by: int) -> Record:
    """The same in a text that has `by` more characters in front."""
    cells = tuple(tuple(replace(v, start=v.start + by, end=v.end + by) for v in cell) for cell in record.cells)
    return replace(record, cells=cells)


def _clearest(field: Field, text: str, places: Sequence[Sequence[Span]], allowed: Allowed) -> float:
    return max((_label(field, text, span) for spans in places for span in spans if allowed(span)), default=0.0)


def _label(field: Field, text: str, span: Span) -> float:
    """Which share of the words of the field's name stand right before it."""
    before = text[max(0, span.start - BEFORE) : span.start]
    near = {word.casefold() for word in _WORDS.findall(before.rpartition("\n\n")[2])}
    name = [word.casefold() for word in _WORDS.findall(_CAMEL.sub(" ", field.name.replace("_", " ")))]
    return sum(word in near for word in name) / max(1, len(name))


def _far(span: Span, near: int | None) -> int:
    return 0 if near is None else abs(span.start - near)


def _same(one: Span, other: Span) -> bool:
    """Whether they cannot be values of two fields: one place, or two readings of one figure."""
    overlap = one.start < other.end and other.start < one.end
    return overlap and ((one.start, one.end) == (other.start, other.end) or bool(one.normal and other.normal))
