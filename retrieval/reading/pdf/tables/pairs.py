"""Fields and their values in two columns of a page ("Invoice number   INV-204"), or in several pairs of them side by side, without rules."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from retrieval.reading.fields import SHEET, is_form, is_sheet
from retrieval.reading.pdf.tables.cells import GAP, Cell, Line
from retrieval.types import Row, Table

_APART = 3.0  # type sizes between two lines of one sheet
_LABEL, _VALUE = 5, 12  # words at most: what is longer is prose
_MARKED = 2  # rows from which labels with colons are told to be fields
_WIDEST = 8  # cells of a line
_COLONS = ":："


@dataclass(frozen=True, slots=True)
class Sheet:
    """`last`: the number of its last line."""

    table: Table
    start: int
    end: int
    last: int


def sheet(text: str, lines: Sequence[Line], first: int) -> Sheet | None:
    """That begins with line number `first`, or None."""
    width = len(lines[first].cells)
    if width % SHEET or not 0 < width <= _WIDEST or (first and _belongs_above(lines, first)):
        return None
    groups = _groups(lines, first, width)
    last = first + sum(map(len, groups)) - 1
    if last + 1 < len(lines) and _near(lines[last], lines[last + 1]) and len(lines[last + 1].cells) > width:
        return None
    rows = [_cells(group) for group in groups]
    if not _are_fields(rows, width):
        return None
    made = tuple(row for group, cells in zip(groups, rows, strict=True) for row in _rows(text, group, cells))
    return Sheet(Table(("", ""), made), lines[first].start, lines[last].end, last)


def _belongs_above(lines: Sequence[Line], first: int) -> bool:
    """Whether the line before is a row with more cells: this one has empty ones."""
    return _near(lines[first - 1], lines[first]) and len(lines[first - 1].cells) > len(lines[first].cells)


def _near(above: Line, line: Line) -> bool:
    return 0 < above.base - line.base < _APART * max(above.size, line.size)


def _groups(lines: Sequence[Line], first: int, width: int) -> list[list[Line]]:
    """The lines of each row: a value that goes on stands alone below its beginning."""
    groups = [[lines[first]]]
    for above, line in pairwise(lines[first:]):
        if not _near(above, line):
            break
        whole = line if len(line.cells) == width else _whole(line)
        if len(whole.cells) == width and _aligned(lines[first], whole):
            groups.append([whole])
        elif width == SHEET and len(line.cells) == 1 and _left(line.cells[0], lines[first].cells[1], line.size):
            groups[-1].append(line)
        else:
            break
    return groups


def _whole(line: Line) -> Line:
    """With numbers that stand close to each other in one cell: "+47 555 01"."""
    cells: list[Cell] = []
    for cell in line.cells:
        if cells and cell.left - cells[-1].right < GAP * line.size:
            cells[-1] = replace(cells[-1], text=f"{cells[-1].text} {cell.text}", right=cell.right)
        else:
            cells.append(cell)
    return replace(line, cells=tuple(cells))


def _aligned(one: Line, other: Line) -> bool:
    size = max(one.size, other.size)
    return all(
        _left(a, b, size) or (n % SHEET == 1 and abs(a.right - b.right) < size)
        for n, (a, b) in enumerate(zip(one.cells, other.cells, strict=True))
    )


def _left(one: Cell, other: Cell, size: float) -> bool:
    return abs(one.left - other.left) < size / 2


def _cells(group: Sequence[Line]) -> tuple[str, ...]:
    head, *rest = group
    texts = [cell.text for cell in head.cells]
    return (*texts[:-1], " ".join([texts[-1], *(line.cells[0].text for line in rest)]))


def _are_fields(rows: Sequence[tuple[str, ...]], width: int) -> bool:
    labels = [cell for row in rows for cell in row[::SHEET]]
    values = [cell for row in rows for cell in row[1::SHEET]]
    if any(len(label.split()) > _LABEL for label in labels) or any(len(value.split()) > _VALUE for value in values):
        return False
    if len(rows) >= _MARKED and all(label[-1:] in _COLONS for label in labels):
        return True
    bare = [tuple(cell.rstrip(_COLONS) if n % SHEET == 0 else cell for n, cell in enumerate(row)) for row in rows]
    return is_sheet(bare) if width == SHEET else is_form(bare)


def _rows(text: str, group: Sequence[Line], cells: tuple[str, ...]) -> Iterator[Row]:
    """A field and its value each, with their place in the text."""
    at = group[0].start
    for n in range(0, len(cells), SHEET):
        label, value = cells[n : n + SHEET]
        later = cells[n + SHEET] if n + SHEET < len(cells) else ""
        found = text.find(later, at + len(label)) if later else -1
        end = found if found > at else group[-1].end
        yield Row(at, at + len(text[at:end].rstrip()), (label.rstrip(_COLONS), value))
        at = end
