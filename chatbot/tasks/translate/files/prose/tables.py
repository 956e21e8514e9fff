"""Tables of reStructuredText that are drawn with signs, grids and simple ones: their cells, and the table drawn anew around others.

A table with cells that span others is none of these, and stays; so does a cell that holds more than a paragraph.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from chatbot.tasks.translate.files.spans import Span, Token

_BORDER = re.compile(r"\+[-+]+\+|\+[=+]+\+")
_RULER = re.compile(r"=+(?: +=+)+")
_NO_TEXT = re.compile(r"\s|(?:[-*+•]|(?:\d+|#)[.)])\s|\.\.\s|\|")

Read = Callable[[str], Span | None]
Write = Callable[[str, Span, str], str]
"""(a text, its span, a translation) -> the translated text"""


@dataclass(frozen=True, slots=True)
class Cell:
    """`start` is where its text begins in the table's source."""

    start: int
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """Empty where it is no paragraph."""
        return "" if any(not line or _NO_TEXT.match(line) for line in self.lines) else "\n".join(self.lines)


@dataclass(frozen=True, slots=True)
class Table:
    """`rows` are cells, the sign of a line between them, or "" for an empty one. `widths` are those of the columns."""

    indent: str
    grid: bool
    widths: tuple[int, ...]
    rows: tuple[tuple[Cell, ...] | str, ...]


def spans(source: str, read: Read) -> list[Span]:
    """Of each cell one, which stands for its text and lies where that begins."""
    table = parsed(source)
    cells = [cell for row in table.rows if not isinstance(row, str) for cell in row] if table else []
    found = ((cell, read(cell.text)) for cell in cells if cell.text)
    return [Span(one.segment, (Token("text", cell.start, cell.start + 1),)) for cell, one in found if one]


def rewritten(source: str, targets: Mapping[int, str], read: Read, write: Write) -> str:
    """`targets` by where cells begin."""
    table = parsed(source)
    if table is None or not targets:
        return source

    def said(cell: Cell) -> Cell:
        one = read(cell.text) if cell.start in targets else None
        if one is None or targets[cell.start] == one.segment.text:
            return cell
        return replace(cell, lines=(write(cell.text, one, targets[cell.start]),))

    rows = tuple(row if isinstance(row, str) else tuple(map(said, row)) for row in table.rows)
    return source if rows == table.rows else _drawn(replace(table, rows=rows))


def width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


# Reading


def parsed(source: str) -> Table | None:
    """None for what is drawn otherwise."""
    lines = source.split("\n")
    indent = lines[0][: len(lines[0]) - len(lines[0].lstrip())]
    first = lines[0].strip()
    if _BORDER.fullmatch(first):
        edges = [n for n, sign in enumerate(first) if sign == "+"]
        return _parsed(lines, indent, [(a + 1, b) for a, b in pairwise(edges)], grid=True)
    if _RULER.fullmatch(first):
        return _parsed(lines, indent, [found.span() for found in re.finditer("=+", first)], grid=False)
    return None


def _parsed(lines: Sequence[str], indent: str, columns: Sequence[tuple[int, int]], *, grid: bool) -> Table | None:
    rows: list[tuple[Cell, ...] | str] = []
    at, fresh = 0, True
    for line in lines:
        body = _spread(line.rstrip()[len(indent) :])
        if not line.startswith(indent) and line.strip():
            return None
        if not body or (_BORDER if grid else _RULER).fullmatch(body):
            if body and not _same(body, columns, grid=grid):
                return None
            rows.append(body[1:2] if grid else body[:1])
            fresh = True
        elif not _fits(body, columns, grid=grid):
            return None
        else:
            cells = _cells(body, columns, at + len(indent), grid=grid)
            last = rows[-1] if rows else ""
            goes_on = not isinstance(last, str) and not fresh and (grid or not cells[0].lines[0])
            if goes_on and not isinstance(last, str):
                rows[-1] = tuple(_joined(one, more) for one, more in zip(last, cells, strict=True))
            else:
                rows.append(cells)
            fresh = False
        at += len(line) + 1
    whole = (tuple(map(_trimmed, row)) if not isinstance(row, str) else row for row in rows)
    return Table(indent, grid, tuple(end - start for start, end in columns), tuple(whole))


def _spread(line: str) -> str:
    """With a sign of nothing behind each wide one, so that places are columns."""
    return "".join(f"{sign}\0" if width(sign) > 1 else sign for sign in line)


def _same(body: str, columns: Sequence[tuple[int, int]], *, grid: bool) -> bool:
    if grid:
        return [n for n, sign in enumerate(body) if sign == "+"] == [columns[0][0] - 1, *(end for _, end in columns)]
    return [found.span() for found in re.finditer("=+", body)] == list(columns)


def _fits(body: str, columns: Sequence[tuple[int, int]], *, grid: bool) -> bool:
    """Whether no cell reaches over the edge of its column."""
    if grid:
        return all(body[edge : edge + 1] == "|" for edge in (columns[0][0] - 1, *(end for _, end in columns)))
    gaps = (body[a:b] for (_, a), (b, _) in pairwise(columns))
    return not any(gap.strip() for gap in gaps) and re.fullmatch(r"[-\s]+", body) is None


def _cells(body: str, columns: Sequence[tuple[int, int]], at: int, *, grid: bool) -> tuple[Cell, ...]:
    """`at` is where the line begins in the source."""
    found = []
    for n, (start, end) in enumerate(columns):
        piece = body[start : end if grid or n + 1 < len(columns) else None]
        before = len(body[:start].replace("\0", "")) + len(piece) - len(piece.lstrip())
        found.append(Cell(at + before, ((piece[1:] if grid else piece).replace("\0", "").rstrip(),)))
    return tuple(found)


def _joined(one: Cell, more: Cell) -> Cell:
    return Cell(one.start if any(one.lines) else more.start, (*one.lines, *more.lines))


def _trimmed(cell: Cell) -> Cell:
    """Without the empty lines around what it says."""
    said = [n for n, line in enumerate(cell.lines) if line]
    return replace(cell, lines=cell.lines[said[0] : said[-1] + 1]) if said else replace(cell, lines=("",))


# Drawing


def _drawn(table: Table) -> str:
    cells = [row for row in table.rows if not isinstance(row, str)]
    room = 2 * table.grid
    widths = [
        max(wide, *(width(line) + room for row in cells for line in row[n].lines))
        for n, wide in enumerate(table.widths)
    ]
    return "\n".join(f"{table.indent}{line}".rstrip() for row in table.rows for line in _lines(row, widths, table.grid))


def _lines(row: tuple[Cell, ...] | str, widths: Sequence[int], grid: bool) -> list[str]:
    if row == "":
        return [""]
    if isinstance(row, str):
        return [f"+{'+'.join(row * wide for wide in widths)}+" if grid else "  ".join(row * wide for wide in widths)]
    made = []
    for n in range(max(len(cell.lines) for cell in row)):
        said = [cell.lines[n] if n < len(cell.lines) else "" for cell in row]
        if grid:
            made.append(
                "|" + "|".join(f" {_padded(line, wide - 1)}" for line, wide in zip(said, widths, strict=True)) + "|"
            )
        else:
            made.append("  ".join(_padded(line, wide) for line, wide in zip(said, widths, strict=True)))
    return made


def _padded(line: str, wide: int) -> str:
    return line + " " * (wide - width(line))
