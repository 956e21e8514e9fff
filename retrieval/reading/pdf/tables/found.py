"""Tables of a PDF page, told by where its words stand: rows of numbers below each other, and the headers above them.

Numbers of one column overlap from row to row; a gap wider than between words parts two cells. A header belongs to the columns
that it stands over, one that reaches over several to all of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from retrieval.reading.grid import TOTAL, headers
from retrieval.reading.pdf.lines import Word
from retrieval.reading.pdf.tables.cells import Line, Place, is_in, labelled, lines_of
from retrieval.reading.pdf.tables.heads import APART, head_lines, label_of, levels, words_over
from retrieval.reading.pdf.tables.pairs import sheet
from retrieval.types import Block, Row, Table

_MOST_TITLES = 3  # lines without a number, one after the other, within a table
_TORN = 2.2  # type sizes between the two lines of a label that was broken


@dataclass(frozen=True, slots=True)
class Found:
    """A table with the places of its columns, left and right, by which it may go on on the next page; none of fields and values."""

    table: Table
    start: int
    end: int
    columns: tuple[Place, ...]
    headed: bool


def tables(text: str, words: Sequence[Word]) -> list[Found]:
    """In the order of the text. `words` are all that were drawn there, in order."""
    lines = lines_of(text, words)
    found: list[Found] = []
    k = 0
    while k < len(lines):
        if of_fields := sheet(text, lines, k):
            found.append(Found(of_fields.table, of_fields.start, of_fields.end, (), False))
            k = of_fields.last + 1
            continue
        last = _last_row(lines, k) if lines[k].is_row else k
        lines[k : last + 1] = labelled(lines[k : last + 1])
        if made := _table(lines, k, last, found[-1].end if found else 0):
            found.append(made)
        k = last + 1
    return found


def going_on(before: Sequence[Found], after: Sequence[Found]) -> list[Found]:
    """The tables of a page, the first with the headers of the last one before it where it has none and its columns go on."""
    if (
        not before
        or not after
        or after[0].headed
        or not after[0].columns
        or len(before[-1].columns) != len(after[0].columns)
    ):
        return [*after]
    same = all(a < d and c < b for (a, b), (c, d) in zip(before[-1].columns, after[0].columns, strict=True))
    first = replace(after[0].table, columns=before[-1].table.columns)
    return [replace(after[0], table=first, headed=before[-1].headed) if same else after[0], *after[1:]]


def blocks_with(blocks: Sequence[Block], found: Sequence[Found], text: str) -> list[Block]:
    """The blocks of a page with its tables among them, which take their place."""
    made = [Block("table", one.start, one.end, int(one.headed)) for one in found]
    for block in blocks:
        at = block.start
        for one in found:
            if one.start < block.end and at < one.end:
                made += _trimmed(block, at, one.start, text)
                at = one.end
        made += _trimmed(block, at, block.end, text)
    return sorted(made, key=lambda block: block.start)


def _trimmed(block: Block, start: int, end: int, text: str) -> list[Block]:
    piece = text[start:end]
    start += len(piece) - len(piece.lstrip())
    return [replace(block, start=start, end=start + len(piece.strip()))] if piece.strip() else []


def _last_row(lines: Sequence[Line], first: int) -> int:
    """The last line of the table whose first row that is; without numbers may be titles of groups and broken labels."""
    last, without = first, 0
    for k in range(first + 1, len(lines)):
        apart = abs(lines[k].base - lines[k - 1].base) > APART * lines[k].size or lines[k].base > lines[k - 1].base + 1
        if apart or without > _MOST_TITLES or lines[k].size > 1.3 * lines[first].size:
            break
        if _is_prose(lines[k], _columns([line for line in lines[first : last + 1] if line.is_row])):
            break
        if lines[k].is_row:
            last, without = k, 0
        elif len(lines[k].cells) == 1 and not lines[k].cells[0].is_value:
            without += 1
        else:
            break
    return last


def _table(lines: Sequence[Line], first: int, last: int, begin: int) -> Found | None:
    """`begin`: where the table before ends."""
    rows = [line for line in lines[first : last + 1] if line.is_row]
    while len(rows) > 1 and _is_prose(rows[0], _columns(rows[1:])):
        rows = rows[1:]
    if len(rows) < 2:
        return None
    first, places = lines.index(rows[0]), _columns(rows)
    top, over = head_lines(lines, first, places, begin)
    heads = levels(over, len(places))
    if len(rows) < 2 + (len(places) < 2 and not heads):
        return None
    above = [[label_of(head, places), *words_over(head, places)] for head in heads]
    body = [line for line in lines[top:first] if line not in over]
    columns = tuple(column.replace(", > ", ", ") for column in headers(above, len(places) + 1))
    made = _rows([*body, *lines[first : last + 1]], places)
    start = min((line.start for line in lines[top : last + 1]), default=rows[0].start)
    return Found(Table(columns, tuple(made)), start, lines[last].end, tuple(places), bool(heads))


def _is_prose(line: Line, places: Sequence[Place]) -> bool:
    """Whether words of the line reach over two columns, or its first ones over half of them."""
    over = [sum(is_in(cell, place) for place in places) * (not cell.is_value) for cell in line.cells]
    return max(over) > 1 or (over[0] > 0 and 2 * over[0] >= len(places))


def _columns(rows: Sequence[Line]) -> list[Place]:
    """Left and right of what stands in the rows behind their labels."""
    spans = sorted((cell.left, cell.right) for row in rows for n, cell in enumerate(row.cells) if n or cell.is_value)
    places: list[Place] = []
    for left, right in spans:
        if places and left < places[-1][1]:
            places[-1] = places[-1][0], max(places[-1][1], right)
        else:
            places.append((left, right))
    return places


def _rows(lines: Sequence[Line], places: Sequence[Place]) -> list[Row]:
    """Each under the titles above it. A line before a label that goes on in small letters is its beginning, and no title."""
    rows: list[Row] = []
    titles: list[str] = []
    before: list[str] = []
    waiting: Line | None = None
    for line in lines:
        if not line.is_row:
            before, titles = titles, [*titles[-1:] * bool(waiting), line.cells[0].text.rstrip(":：")]
            waiting = line
            continue
        cells = [_label(line), *(_within(line, place) for place in places)]
        start = line.start
        if (
            waiting
            and cells[0][:1].islower()
            and waiting.cells[0].text[-1] not in ":："
            and waiting.base - line.base < _TORN * line.size
        ):
            cells[0], start, titles = f"{waiting.cells[0].text} {cells[0]}", waiting.start, before
        rows.append(Row(start, line.end, tuple(cells), " > ".join(titles)))
        titles, waiting = [] if TOTAL.match(cells[0]) else titles, None
    return rows


def _label(line: Line) -> str:
    return "" if line.cells[0].is_value else line.cells[0].text


def _within(line: Line, place: tuple[float, float]) -> str:
    return " ".join(cell.text for cell in line.cells[not line.cells[0].is_value :] if is_in(cell, place))
