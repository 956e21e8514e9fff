"""Where in the passages a statement may stand: the stretch of one or two sentences that says most of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from retrieval.checks.claims import Item, Statement, join, read
from retrieval.checks.sentences import spans
from retrieval.text.tables import rows, said
from retrieval.types import Passage, Row, Table

WEIGHTS = {"name": 1.5, "number": 1.5, "word": 1.0, "pair": 0.5, "link": 0.2}
PAIRS = ("pair", "link")
_PREFIX = 5  # letters two long words must share to count as forms of one another


@dataclass(frozen=True, slots=True)
class Stretch:
    """`start` to `end` of passage number `passage`: one sentence or two, or a `row` of a table, which says its headers too.
    `around` is what the whole passage says."""

    passage: int
    start: int
    end: int
    sentences: tuple[Statement, ...]
    said: Statement
    around: frozenset[str]
    row: tuple[Table, Row] | None = None


def stretches(passages: Sequence[Passage], language: str) -> list[Stretch]:
    """Every sentence of every passage, and every two that follow each other; of tables each row by itself."""
    return [
        replace(stretch, passage=number)
        for number, passage in enumerate(passages)
        for stretch in _within(passage.text, passage.tables, language)
    ]


@lru_cache(maxsize=128)
def _within(text: str, tables: tuple[Table, ...], language: str) -> tuple[Stretch, ...]:
    bounds = _bounds(text, tables)
    each = [read(said(*row) if row else text[start:end], language) for start, end, row in bounds]
    around = frozenset().union(*(one.keys for one in each))
    found: list[Stretch] = []
    for index, (start, end, row) in enumerate(bounds):
        found.append(Stretch(0, start, end, (each[index],), each[index], around, row))
        if index + 1 < len(bounds) and not row and not bounds[index + 1][2]:
            two = (each[index], each[index + 1])
            found.append(Stretch(0, start, bounds[index + 1][1], two, join(two), around))
    return tuple(found)


def _bounds(text: str, tables: tuple[Table, ...]) -> list[tuple[int, int, tuple[Table, Row] | None]]:
    """Sentences, and between them the rows as they stand."""
    found: list[tuple[int, int, tuple[Table, Row] | None]] = []
    at = 0
    for table, row in rows(tables):
        found += [(at + start, at + end, None) for start, end in spans(text[at : row.start])]
        found.append((row.start, row.end, (table, row)))
        at = row.end
    return found + [(at + start, at + end, None) for start, end in spans(text[at:])]


def says(said: Statement, item: Item) -> bool:
    """Whether `said` holds the item: the same key, an agreeing number, or a longer form of a long word."""
    if item.number:
        return any(item.number.agrees(number) for number in said.numbers)
    if item.key in said.keys:
        return True
    return item.kind == "word" and len(item.key) >= _PREFIX and any(_kin(item.key, key) for key in said.keys)


@lru_cache(maxsize=65536)
def _kin(one: str, other: str) -> bool:
    shorter = min(len(one), len(other))
    if shorter < _PREFIX or abs(len(one) - len(other)) > 4:
        return False
    return one[: max(_PREFIX, shorter - 2)] == other[: max(_PREFIX, shorter - 2)]


def weight(items: Sequence[Item]) -> float:
    return sum(WEIGHTS[item.kind] for item in items)


def covered(items: Sequence[Item], said: Statement) -> list[bool]:
    """Item by item. A pair of characters also counts where both its neighbours do: a particle came between."""
    plain = [says(said, item) for item in items]
    pairs = {item.start: found for item, found in zip(items, plain, strict=True) if item.kind in PAIRS}
    return [
        found or (item.kind in PAIRS and pairs.get(item.start - 1, False) and pairs.get(item.start + 1, False))
        for item, found in zip(items, plain, strict=True)
    ]


def share(items: Sequence[Item], said: Statement) -> float:
    """The weighted share of `items` that `said` holds, 0 to 1; 1 for no items."""
    total = weight(items)
    if not total:
        return 1.0
    return sum(WEIGHTS[i.kind] for i, found in zip(items, covered(items, said), strict=True) if found) / total
