"""The cells of one Word table (ECMA-376, part 1, section 17.4): `gridSpan` and `vMerge` filled in, nested tables apart."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_AROUND = frozenset(f"{_W}{name}" for name in ("sdt", "sdtContent", "ins", "customXml"))
_WIDEST = 1000  # columns; Word itself stops at 63


@dataclass(frozen=True, slots=True)
class Grid:
    """`rows` of texts, each in every place that its cell covers. `heads` of them repeat on every page; None: none does.

    `nested` are the tables within its cells, each with the text of the row that it stands in.
    """

    rows: list[list[str]]
    heads: int | None
    nested: list[tuple[str, Any]]


def grid(table: Any, text_of: Callable[[Any], str]) -> Grid:
    """`text_of` says what a paragraph says."""
    rows: list[list[str]] = []
    repeated: list[bool] = []
    nested: list[tuple[str, Any]] = []
    for line in own(table, f"{_W}tr"):
        cells = [*own(line, f"{_W}tc")]
        row = [""] * _number(line, "trPr", "gridBefore", 0)
        for cell in cells:
            text = " ".join(filter(None, (text_of(p).strip() for p in cell.iter(f"{_W}p") if _table_of(p) is table)))
            if _goes_on(cell) and rows and len(row) < len(rows[-1]):
                text = rows[-1][len(row)]
            row += [text] * min(_number(cell, "tcPr", "gridSpan", 1), _WIDEST)
        label = next((cell for cell in row if cell), "")
        nested += [(label, found) for cell in cells for found in cell.iter(f"{_W}tbl") if _table_of(found) is table]
        if any(row):
            rows.append(row)
            repeated.append(line.find(f"{_W}trPr/{_W}tblHeader") is not None)
    heads = next((n for n, head in enumerate(repeated) if not head), 0)
    return Grid(rows, heads or None, nested)


def own(parent: Any, tag: str) -> Iterator[Any]:
    """Children with this tag, also through content controls, not through nested tables."""
    waiting = [*reversed(parent)]
    while waiting:
        element = waiting.pop()
        if element.tag == tag:
            yield element
        elif element.tag in _AROUND:
            waiting += reversed(element)


def _table_of(element: Any) -> Any:
    return next(element.iterancestors(f"{_W}tbl"), None)


def _number(element: Any, properties: str, name: str, otherwise: int) -> int:
    found = element.find(f"{_W}{properties}/{_W}{name}")
    value = found.get(f"{_W}val", "") if found is not None else ""
    return int(value) if value.isdecimal() and len(value) < 5 else otherwise


def _goes_on(cell: Any) -> bool:
    """Whether it belongs to the cell above it."""
    merged = cell.find(f"{_W}tcPr/{_W}vMerge")
    return merged is not None and merged.get(f"{_W}val", "continue") == "continue"
