"""A table as text: what a row says with its headers, for the model, the checks and the search."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import zip_longest

from retrieval.text.words import is_dense
from retrieval.types import Passage, Row, Table

EMPTY = {False: "not given", True: "未给出"}
"""What stands for an empty cell, by "in a script without spaces"."""

_FIELD = 2  # cells of a row without headers that are a field and its value


def said(table: Table, row: Row, *, empty: str = "") -> str:
    """Each cell behind its header: "Product: Pumps; 2021: 361", the value of a field behind it. Empty cells are left out, or said as
    `empty`."""
    if not any(table.columns) and len(row.cells) == _FIELD and row.cells[0] and (row.cells[1] or empty):
        field = f"{row.cells[0]}: {row.cells[1] or empty}"
        return f"{row.under}; {field}" if row.under else field
    pairs = list(dict.fromkeys(zip_longest(table.columns, row.cells, fillvalue="")))
    told = [
        f"{column}: {cell or empty}" if column else cell or empty
        for column, cell in pairs
        if cell or (column and empty)
    ]
    return "; ".join([row.under, *told] if row.under and told else told)


def shown(passage: Passage) -> str:
    """The passage as it is put to a model: rows with their headers, other text as it stands."""
    empty = EMPTY[is_dense(passage.text)]
    parts: list[str] = []
    at = 0
    for table, row in rows(passage.tables):
        parts += [passage.text[at : row.start], said(table, row, empty=empty)]
        at = row.end
    return "".join([*parts, passage.text[at:]])


def rows(tables: Sequence[Table]) -> Iterator[tuple[Table, Row]]:
    """In the order of the text."""
    return ((table, row) for table in tables for row in table.rows)


def header(table: Table) -> str:
    """All headers of a table on one line; "" for a table without."""
    return " | ".join(filter(None, table.columns))


def clipped(tables: Sequence[Table], start: int, end: int) -> tuple[Table, ...]:
    """What of the tables lies between those characters, which become 0 and so on. A row that is cut stays whole in its cells."""
    found = []
    for table in tables:
        inside = tuple(
            replace(row, start=max(row.start, start) - start, end=min(row.end, end) - start)
            for row in table.rows
            if row.start < end and start < row.end
        )
        if inside:
            found.append(Table(table.columns, inside))
    return tuple(found)
