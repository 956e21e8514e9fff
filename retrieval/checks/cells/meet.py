"""The cells in which the row and the column that a question names meet.

A row is named by its cells, whichever column they stand in, a column by the headers above it. Words of names and numbers weigh
as in all checks (`retrieval.checks.evidence.WEIGHTS`); what a label says beyond the question counts against it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from retrieval.checks.cells.implied import implied
from retrieval.checks.cells.naming import Asked, Named, holds, is_number
from retrieval.checks.claims import Item, read
from retrieval.text.tables import rows
from retrieval.text.words import language
from retrieval.types import Passage, Row, Table

NAMED = 0.6
"""Share of a row's label that a question must say. "Accounts receivable, net" is named by "accounts receivable"; of two words
one is not enough."""
_WHOLE, _UNSAID, _ABOVE, _UNSAID_ABOVE, _AROUND = 0.5, 0.75, 0.75, 0.1, 0.5
"""What it weighs that the question says all of a label; what a word does that only the label says; that the title of its group
says; that only this title says; that only what stands around the table says. Chosen so that "net sales of iPad" is iPad's row, not "Total net sales"."""
_ALIKE = 1e-6


@dataclass(frozen=True, slots=True)
class Cell:
    """Row and column of `passages[passage]`; `keys` are the columns whose cells name the row."""

    passage: int
    table: Table
    row: Row
    column: int
    keys: tuple[int, ...]

    @property
    def text(self) -> str:
        return self.row.cells[self.column]

    @property
    def header(self) -> str:
        return self.table.columns[self.column] if self.column < len(self.table.columns) else ""


@dataclass(frozen=True, slots=True)
class Met:
    """`cells` are those that fit best, equally well. `by_header`: the question names their columns, else each is the only one
    that its row leaves. `whole`: it says all of their rows' names, not only most. `left` is what of the question neither they
    nor their passage say; `unnamed` what neither row nor column does. `share` is how much of it they all say, 0 to 1."""

    cells: tuple[Cell, ...]
    by_header: bool
    whole: bool
    share: float
    left: tuple[Item, ...]
    unnamed: tuple[Item, ...]

    @property
    def strange(self) -> bool:
        """Whether the question speaks of a number or a name that is not there."""
        return any((item.number and item.number.firm) or item.kind == "name" for item in self.left)


@dataclass(frozen=True, slots=True)
class _Place:
    """A row that is named, with the columns that fit best."""

    passage: int
    table: Table
    row: Row
    keys: tuple[int, ...]
    columns: tuple[int, ...]
    by_header: bool
    whole: bool
    taken: frozenset[int]
    score: float = field(compare=False)


def meet(
    question: str, passages: Sequence[Passage], *, titles: Sequence[str] = (), by_amount: bool = True
) -> Met | None:
    """None where no row is named. No cells: the row is, but no column, and it leaves several.

    `titles` are what else the passages stand under, such as a document's name. `by_amount`: a number of the question may name
    a row, too ("Which product sold 737?").
    """
    if not any(passage.tables for passage in passages):
        return None
    tongue = language("\n".join(passage.text for passage in passages))
    asked = Asked.of(question, tongue)
    around = [_around(asked, passage, title) for passage, title in _titled(passages, titles)]
    found = [place for n, passage in enumerate(passages) for place in _places(asked, n, passage, around[n], by_amount)]
    if not found:
        return None
    most = max(place.score for place in found)
    best = [place for place in found if place.score > most - _ALIKE]
    cells = [Cell(p.passage, p.table, p.row, column, p.keys) for p in best for column in p.columns]
    first = best[0]
    left = asked.left(first.taken | around[first.passage])
    total = asked.weight(item.start for item in asked.said.items) or 1.0
    share = 1 - asked.weight(item.start for item in left) / total
    whole = all(place.whole for place in best)
    return Met(tuple(cells), first.by_header, whole, share, tuple(left), tuple(asked.left(first.taken)))


def _titled(passages: Sequence[Passage], titles: Sequence[str]) -> Iterator[tuple[Passage, str]]:
    return zip(passages, [*titles, *[""] * (len(passages) - len(titles))], strict=True)


def _around(asked: Asked, passage: Passage, title: str) -> frozenset[int]:
    """Where the question's words stand that are said beside the rows."""
    text, at = f"{title}\n{passage.heading}\n", 0
    for _, row in rows(passage.tables):
        text += passage.text[at : row.start]
        at = row.end
    columns = " ; ".join(column for table in passage.tables for column in table.columns)
    return asked.heard(read(f"{text}{passage.text[at:]}\n{columns}", asked.tongue))


def _places(asked: Asked, number: int, passage: Passage, around: frozenset[int], by_amount: bool) -> Iterator[_Place]:
    for table in passage.tables:
        columns = [asked.named(column) for column in table.columns]
        for row in table.rows:
            keys = _keys(asked, table, row, by_amount)
            if keys:
                yield _place(asked, number, table, row, keys, columns, around)


def _keys(asked: Asked, table: Table, row: Row, by_amount: bool) -> dict[int, Named]:
    """The row's cells that the question names. Those of one text count once."""
    found: dict[int, Named] = {}
    for n, cell in enumerate(row.cells):
        if not cell or cell in row.cells[:n]:
            continue
        if is_number(cell, asked.tongue) and not (by_amount and _is_asked(asked, cell, table)):
            continue
        named = asked.named(cell)
        if named.share >= NAMED:
            found[n] = named
    return found


def _is_asked(asked: Asked, cell: str, table: Table) -> bool:
    """Whether a number stands in the question for itself, and not for a header."""
    numbers = [item for item in read(cell, asked.tongue).items if item.number]
    return not any(holds(column, numbers, asked.tongue) for column in table.columns)


def _place(
    asked: Asked,
    number: int,
    table: Table,
    row: Row,
    keys: dict[int, Named],
    columns: Sequence[Named],
    around: frozenset[int],
) -> _Place:
    own = frozenset().union(*(key.taken for key in keys.values()))
    whole = any(key.whole for key in keys.values())
    above = asked.named(row.under).taken - own
    weights = {
        n: asked.weight(columns[n].taken - own) if n < len(columns) else 0.0
        for n in range(len(row.cells))
        if n not in keys
    }
    most = max(weights.values(), default=0.0)
    meant = None if most else implied(asked.text, table.columns)
    if meant and meant[0] in weights and whole:
        chosen = [meant[0]]
        said = asked.within(*meant[1]) - own
    else:
        chosen = [n for n, one in weights.items() if one > most - _ALIKE] if most else _only(row, [*weights])
        said = frozenset().union(*(columns[n].taken for n in chosen)) if most else frozenset()
    unsaid = sum(key.unsaid for key in keys.values())
    named = asked.weight(own) + _WHOLE * whole - _UNSAID * unsaid
    named += _ABOVE * asked.weight(above) - _UNSAID_ABOVE * asked.named(row.under).unsaid
    score = named + most + _AROUND * asked.weight(around - own - above - said)
    heads = frozenset().union(*(columns[n].taken for n in keys if n < len(columns)))
    return _Place(
        number,
        table,
        row,
        tuple(keys),
        tuple(chosen),
        most > 0 or chosen == [meant and meant[0]],
        whole,
        own | above | said | heads,
        score,
    )


def _only(row: Row, columns: Sequence[int]) -> list[int]:
    """The one column that is left, or the only one of them with something in it."""
    filled = [n for n in columns if row.cells[n]]
    return [*columns] if len(columns) == 1 else filled if len(filled) == 1 else []
