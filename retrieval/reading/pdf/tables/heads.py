"""The headers above the rows of numbers: which lines they are, and over which columns each of their words stands."""

from collections.abc import Sequence

from retrieval.reading.grid import is_amount
from retrieval.reading.pdf.tables.cells import Cell, Line, Place, is_in

APART = 3.5
"""Type sizes between two lines of one table."""
_MOST_HEADS = 8  # lines in which the headers of a column are looked for
_CENTRED = 0.35  # of a column: so far the middle of a header may lie from that of its columns


def head_lines(lines: Sequence[Line], first: int, places: Sequence[Place], begin: int) -> tuple[int, list[Line]]:
    """The first line of the table with its headers, and the lines of these. Titles may stand between them and the rows."""
    top = first
    over: list[Line] = []
    for k in range(first - 1, max(-1, first - 1 - _MOST_HEADS * len(places)), -1):
        line = lines[k]
        if line.start < begin or line.is_row or not _is_near(line, [lines[top], *over[-1:]]):
            break
        if _is_head(line, places):
            over.append(line)
        elif over or len(line.cells) > 1 or line.cells[0].right > places[0][0]:
            break
        top = k
    return (top, over) if over else (first, [])


def _is_near(line: Line, others: Sequence[Line]) -> bool:
    return any(abs(line.base - other.base) < APART * line.size for other in others)


def _is_head(line: Line, places: Sequence[Place]) -> bool:
    """Words over the columns, none of which begins over the labels and reaches far into them."""
    over = [cell for cell in line.cells if cell.right > places[0][0]]
    reach = places[0][0] - 0.6 * (places[-1][1] - places[0][0]) / len(places)
    return bool(over) and all(cell.left > reach for cell in over) and not any(is_amount(cell.text) for cell in over)


def levels(over: Sequence[Line], columns: int) -> list[list[Line]]:
    """Headers from above, those of one height together. A title over all columns alone tells none apart, and is none."""
    levels: list[list[Line]] = []
    for line in sorted(over, key=lambda one: -one.base):
        if levels and abs(levels[-1][0].base - line.base) < line.size / 2:
            levels[-1].append(line)
        else:
            levels.append([line])
    apart = [n for n, level in enumerate(levels) if len(level) > 1 or len(level[0].cells) > 1]
    if columns < 2:
        return levels
    return levels[max(0, apart[0] - 1) :] if apart else []


def label_of(head: Sequence[Line], places: Sequence[Place]) -> str:
    return " ".join(cell.text for line in head for cell in line.cells if cell.right <= places[0][0])


def words_over(head: Sequence[Line], places: Sequence[Place]) -> list[str]:
    """What stands over each column. Words in the middle over several columns that have no nearer ones are of all of them."""
    cells = [cell for line in head for cell in line.cells if cell.right > places[0][0]]
    nearest = (
        [min(cells, key=lambda cell: abs(cell.middle - (left + right) / 2)) for left, right in places] if cells else []
    )
    found: list[list[str]] = [[] for _ in places]
    for cell in cells:
        near = [n for n, one in enumerate(nearest) if one is cell]
        under = [n for n, place in enumerate(places) if is_in(cell, place)]
        for n in near if _is_centred(cell, [places[n] for n in near]) else under or near[:1]:
            found[n].append(cell.text)
    return [" ".join(words) for words in found]


def _is_centred(cell: Cell, places: Sequence[Place]) -> bool:
    if len(places) < 2:
        return False
    left, right = places[0][0], places[-1][1]
    return abs(cell.middle - (left + right) / 2) < _CENTRED * (right - left) / len(places)
