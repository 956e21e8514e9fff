"""What the items of an enumeration have of what is measured: a column of their rows, or a number behind a word."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from chatbot.tasks.answer.routes.asking import holds, missing
from chatbot.tasks.answer.routes.dates import clock, dates
from chatbot.tasks.answer.routes.enumerated.extremes import End, Wanted
from chatbot.tasks.answer.routes.enumerated.items import Group, Item
from retrieval.checks.numbers import numbers
from retrieval.checks.sentences import spans
from retrieval.text.words import is_dense

_NEGATIVE = re.compile(r"\s*(?:\([^)]*\d[^)]*\)|[$€£¥]?\s*[-−–]\s*[$€£¥]?\s*\d)")
_SPACED = 2  # characters that a word weighs against one without spaces


@dataclass(frozen=True, slots=True)
class Value:
    item: Item
    number: float
    unit: str
    words: str


@dataclass(frozen=True, slots=True)
class Measured:
    """`values` are of one unit. `lacking` are items whose cell says no number. `end`: which of them is wanted, the largest or
    the smallest."""

    values: tuple[Value, ...]
    lacking: tuple[Item, ...]
    end: End

    @property
    def ranked(self) -> list[Value]:
        """The wanted one first."""
        return sorted(self.values, key=lambda value: value.number, reverse=self.end == "max")


def measured(group: Group, items: Sequence[Item], wanted: Wanted, words: Sequence[str]) -> Measured | None:
    """None where it is not told which of their figures is meant, or where they have several units."""
    if group.header:
        column = _column(group, wanted, words)
        found = [value for item in items if column and (value := _cell(item, column))]
        end = wanted.end_of(column)
    else:
        keys = [*words, *wanted.keys] if wanted.telling else words
        found = [value for item in items if (value := _said(item, keys))]
        end = wanted.end
    if not found or len({value.unit for value in found} - {""}) > 1:
        return None
    having = {value.item for value in found}
    return Measured(tuple(found), tuple(item for item in items if item not in having), end)


def is_numeric(group: Group, header: str) -> bool:
    """Whether most cells of the column say numbers."""
    cells = _cells(group, header)
    return bool(cells) and sum(_amount(cell) is not None for cell in cells) * 2 > len(cells)


def _cells(group: Group, header: str) -> list[str]:
    return [cell for item in group.items if (cell := dict(item.cells).get(header, ""))]


def _column(group: Group, wanted: Wanted, words: Sequence[str]) -> str:
    """By what the extreme is of and by the question's own words, whichever tells more; else the only one with numbers that are
    no years. "" where several fit."""
    headers = [h for h in dict.fromkeys(group.header.split(" | ")[1:]) if h and is_numeric(group, h)]
    said = {header: _said_of(header, words) for header in headers}
    most = max(said.values(), default=0)
    named = [header for header in headers if most and said[header] == most]
    by_key = ([h for h in headers if holds(h, key)] for key in (*wanted.keys, *wanted.turned))
    keyed = next((fitting for fitting in by_key if fitting), [])
    both = [header for header in named if header in keyed]
    ways = (both, keyed, named) if wanted.telling else (named, both, keyed)
    fitting = next((way for way in ways if way), [])
    if not fitting and not wanted.telling:
        fitting = [header for header in headers if not _years(group, header)]
    if len(fitting) > 1 and len(both) == 1:
        fitting = both
    return fitting[0] if len(fitting) == 1 else ""


def _said_of(header: str, words: Sequence[str]) -> int:
    """How much of the words a header says."""
    return sum(
        len(word) - len(missing(header, word)) if is_dense(word) else _SPACED * holds(header, word) for word in words
    )


def _years(group: Group, header: str) -> bool:
    return all(cell.isdigit() and 1000 <= int(cell) <= 2100 for cell in _cells(group, header))


def _cell(item: Item, header: str) -> Value | None:
    cell = dict(item.cells).get(header, "")
    found = _amount(cell)
    where = ", ".join(header.split(" > "))
    return Value(item, *found, f"{item.label}: {where} {cell}") if found else None


def _amount(cell: str) -> tuple[float, str] | None:
    """The number that a cell says, with its unit: a date and a time by the clock are one number each."""
    if days := dates(cell):
        return days[0].order, "date" if days[0].year else "day"
    if times := clock(cell):
        return times[0], "clock"
    found = numbers(cell)
    if not found:
        return None
    return found[0].value * (-1 if _NEGATIVE.match(cell) else 1), found[0].unit or found[0].measure


def _said(item: Item, keys: Sequence[str]) -> Value | None:
    """The first number behind one of the words, in the sentence that says it."""
    for start, end in spans(item.text):
        sentence = item.text[start:end]
        places = [at for key in keys if (at := sentence.casefold().find(key.casefold())) >= 0]
        behind = [number for number in numbers(sentence) if places and number.start > min(places)]
        if behind:
            number = behind[0]
            return Value(item, number.value, number.unit or number.measure, f"{item.label}: {sentence}")
    return None
