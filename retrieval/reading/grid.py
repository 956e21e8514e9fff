"""Rows of cells -> a table in the pages: which rows are headers, what stands above each column, what an empty cell is.

A reader fills its spans first: a merged cell says the same in every row and column that it covers.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice, pairwise

from retrieval.reading.fields import SHEET, fields, is_form, is_sheet
from retrieval.reading.pages import Pages

_MANY = 20  # columns
_EMPTY_RUN = re.compile(r"(?:\| +){3,}|\A(?: *\| +)+")
_LOOK = 12  # rows in which the headers are looked for
_MOST_HEADS = 4  # rows of headers
_GROUP = 2  # titles of groups, one below the other, that still belong together
_AMOUNT = re.compile(
    r"[(\[+−–-]*\s*(?:[A-Z]{0,3}[$€£¥￥])?\s*[(+−-]?\d[\d,.'’ \u00a0\u202f]*(?:[eE][+-]?\d+)?\s*[%‰]?\s*[)\]]*\s*[%‰€£¥元]?|\[?h?\d+:\d\d(?::\d\d)?"
)
_YEAR = re.compile(r"(?:19|20)\d\d\Z")
_BEFORE, _AFTER = re.compile(r"[$€£¥￥(]+\Z"), re.compile(r"[)%‰]+\Z")
TOTAL = re.compile(r"(?:sub)?total\b|合[计計]|[总總小][计計]", re.IGNORECASE)

Cells = Sequence[str]


def line(cells: Cells) -> str:
    """Cells side by side on one line; long runs of empty ones shrink to one."""
    text = " | ".join(" ".join(cell.split()) for cell in cells).strip(" ").rstrip(" |")
    return _EMPTY_RUN.sub("| ", text) if len(cells) > _MANY else text


def write(
    pages: Pages, rows: Iterable[Cells], heads: int | None = None, *, within: str = "", above: tuple[str, ...] = ()
) -> tuple[str, ...]:
    """One table, row by row. `heads` of its first rows are headers, where the file tells; else they look like it.

    `within` is what the table as a whole belongs to. Without headers of its own it has those `above`. Returns its columns'.
    """
    stream: Iterator[Cells] = (row for row in rows if any(cell.strip() for cell in row))
    first = [*islice(stream, _LOOK)]
    if heads is None and is_form(first):
        first, stream, heads = [*fields(first)], fields(stream), 0
    titles = _titles(first)
    for title in first[:titles]:
        pages.add(line([next(cell for cell in title if cell.strip())]))
    first = first[titles:]
    count = head_count(first, max(0, heads - titles) if heads is not None else None)
    heading = filled(first[:count])
    columns = headers(heading, max(map(len, first), default=0)) if heading or not above else above
    rest = chain(first[count:], stream)
    for number, head in enumerate(heading):
        pages.add(line(head), "table", level=int(number == 0))
    sheet = not heading and (is_sheet(first) or (heads == 0 and max(map(len, first), default=0) == SHEET))
    for under, row in _of_sheet(rest, within) if sheet else grouped(rest, within):
        if under is None:
            pages.add(line(distinct(row)), "table")
        else:
            pages.row(line(row), [*row, *[""] * (len(columns) - len(row))], columns, under)
    return columns


def _of_sheet(rows: Iterable[Cells], within: str) -> Iterator[tuple[str | None, Cells]]:
    """As `grouped`: a field alone has no value, and what reaches over both columns is a title."""
    title = ""
    for row in rows:
        merged = len(row) > 1 and len({*row}) == 1
        title = row[0].strip() if merged else title
        yield None if merged else " > ".join(filter(None, (within, title))), row


def grouped(rows: Iterable[Cells], within: str = "") -> Iterator[tuple[str | None, Cells]]:
    """Each row with the title of its group; the titles themselves with None."""
    titles: list[str] = []
    fresh = False  # the row before was a title
    for row in rows:
        if _is_title(row):
            titles = [*(titles if fresh else []), row[0].strip().rstrip(":：")][-_GROUP:]
            fresh = True
            yield None, row
            continue
        fresh = False
        yield " > ".join(filter(None, (within, *titles))), row
        if TOTAL.match(row[0].strip()):
            titles = []


def _is_title(row: Cells) -> bool:
    """Only its first cell says something, or one cell reaches over the whole row."""
    return len(row) > 1 and bool(row[0].strip()) and not is_amount(row[0]) and len(distinct(row)) == 1


def distinct(row: Cells) -> list[str]:
    return [*dict.fromkeys(cell for cell in row if cell.strip())]


def _titles(rows: Sequence[Cells]) -> int:
    """How many rows before the headers hold one text alone, above wider ones."""
    count = 0
    wide = max((len(distinct(row)) for row in rows), default=0)
    while wide > 1 and count < len(rows) and _is_lone(rows[count]) and not is_amount(distinct(rows[count])[0]):
        count += 1
    return count


def _is_lone(row: Cells) -> bool:
    """One text alone; over several columns but the first it is a header."""
    return len(distinct(row)) == 1 and (bool(row[0].strip()) or sum(bool(cell.strip()) for cell in row) == 1)


def is_amount(cell: str) -> bool:
    """A number that is no year: what a header rarely is."""
    text = cell.strip()
    return _AMOUNT.fullmatch(text) is not None and not _YEAR.match(text)


def header_rows(rows: Sequence[Cells]) -> int:
    """How many of the first rows are headers, told by what stands in the columns below them."""
    if not rows or is_sheet(rows) or not _differs(rows[0], rows[1:]):
        return 0
    count = 1
    while _more(rows, count) and (_goes_on(*_cut(rows, count)) or _divides(*_cut(rows, count))):
        count += 1
    return count


def head_count(rows: Sequence[Cells], told: int | None) -> int:
    """As many as the file tells, and those into which their merged cells reach; None: it does not tell."""
    if not told:
        return header_rows(rows) if told is None else 0
    count = min(told, len(rows))
    while _more(rows, count) and _divides(*_cut(rows, count)):
        count += 1
    return count


def _more(rows: Sequence[Cells], count: int) -> bool:
    return count < min(_MOST_HEADS, len(rows) - 1)


def _cut(rows: Sequence[Cells], count: int) -> tuple[Cells, Cells, Sequence[Cells]]:
    """The last header so far, the row that may be one, and those below."""
    return rows[count - 1], rows[count], rows[count + 1 :]


def _differs(row: Cells, below: Sequence[Cells]) -> bool:
    """Words above words are a header, too; numbers above numbers are none."""
    if not below or _is_lone(row) or row[0].rstrip().endswith((":", "：")):
        return False
    kinds = [(_kind(cell), [_kind(other[n]) for other in below if n < len(other)]) for n, cell in enumerate(row)]
    if not any(kind == "amount" for kind, _ in kinds):
        return True
    return any(kind in ("words", "year") and others.count("amount") * 2 > len(others) for kind, others in kinds)


def _kind(cell: str) -> str:
    text = cell.strip()
    return "" if not text else "year" if _YEAR.match(text) else "amount" if is_amount(text) else "words"


def _goes_on(head: Cells, row: Cells, below: Sequence[Cells]) -> bool:
    """Whether a row without numbers, above rows with some, subdivides the header above it."""
    if any(is_amount(cell) for cell in row) or not any(is_amount(cell) for other in below for cell in other):
        return False
    spans = any(a == b and a.strip() for a, b in pairwise(head))
    gaps = any(not cell.strip() and below.strip() for cell, below in zip(head[1:], row[1:], strict=False))
    label = row[0].strip() if row else ""
    beside = not label or label == head[0].strip() or (spans and not head[0].strip())
    return beside and (spans or gaps or not label) and sum(bool(cell.strip()) for cell in row) > 1


def _divides(head: Cells, row: Cells, below: Sequence[Cells]) -> bool:
    """Whether the row tells apart what one merged header spans, whatever stands below: its own label is the header's, which
    reaches down into it, or empty, or the merging shows otherwise that both are headers."""
    head = filled([head, row])[0]
    spans = [(a, b) for a, b in _spans(head) if len(distinct(row[a:b])) > 1]
    if not spans or any(is_amount(cell) for cell in row) or not any(other[0].strip() for other in below if other):
        return False
    if not row[0].strip() or row[0].strip() == head[0].strip():
        return True
    inside = {n for a, b in spans for n in range(a, b)}
    reaches = any(a == b and a.strip() for n, (a, b) in enumerate(zip(head, row, strict=False)) if n not in inside)
    repeats = len(spans) > 1 and len({tuple(row[a:b]) for a, b in spans}) == 1
    return not head[0].strip() and (reaches or repeats)


def _spans(head: Cells) -> list[tuple[int, int]]:
    """Where neighbouring cells say the same."""
    edges = [n for n in range(len(head) + 1) if n in (0, len(head)) or head[n] != head[n - 1]]
    return [(a, b) for a, b in pairwise(edges) if b - a > 1 and head[a].strip()]


def filled(heads: Sequence[Cells]) -> list[list[str]]:
    """Gaps in a header that has another below it go on with what is left of them, as one sees it."""
    rows = [list(head) for head in heads]
    for row, below in pairwise(rows):
        for n in range(1, len(row)):
            if not row[n].strip() and row[n - 1].strip() and n < len(below) and below[n].strip() and n > 1:
                row[n] = row[n - 1]
    return rows


def headers(heads: Sequence[Cells], width: int) -> tuple[str, ...]:
    paths = [[" ".join(head[n].split()) for head in heads if n < len(head)] for n in range(width)]
    return tuple(" > ".join(dict.fromkeys(part for part in path if part)) for path in paths)


def tidy(rows: Sequence[Cells], heads: int | None = None) -> list[list[str]]:
    """Rows of one length without columns that only make room: signs join their numbers, doubles and gaps go."""
    width = max(map(len, rows), default=0)
    grid = [joined([*row, *[""] * (width - len(row))]) for row in rows]
    count = head_count(grid, heads)
    above = [[head[n] for head in grid[:count]] for n in range(width)]
    n = 0
    while n + 1 < len(above):
        if not _same_column(above[n], above[n + 1]):
            n += 1
            continue
        here, there = ([row[k] for row in grid[count:]] for k in (n, n + 1))
        label = n == 0 and any(here) and here != there
        if not label and all(not a or not b or a == b for a, b in zip(here, there, strict=True)):
            for row in grid:
                row[n : n + 2] = [row[n] or row[n + 1]]
            above[n : n + 2] = [max(above[n], above[n + 1], key=lambda head: sum(map(len, head)))]
        else:
            n += 1
    return grid


def _same_column(one: Cells, other: Cells) -> bool:
    """Whether nothing above tells them apart: the same headers, or none above one of them."""
    return list(one) == list(other) or not any(one) or not any(other)


def joined(row: list[str]) -> list[str]:
    """A sign alone goes to the number it belongs to: "$" to the next, ")" and "%" to the one before, wherever that is repeated."""
    for n, cell in enumerate(row):
        sign = cell.strip()
        if _BEFORE.match(sign):
            beside = [k for k in range(n + 1, min(n + 4, len(row))) if row[k].strip() not in ("", sign)]
            _join(row, n, beside, f"{sign}{{}}", " ()%")
        elif _AFTER.match(sign):
            beside = [k for k in range(n - 1, max(n - 4, -1), -1) if row[k].strip()]
            _join(row, n, beside, f"{{}}{sign}", " ($")
    return row


def _join(row: list[str], sign: int, beside: Sequence[int], pattern: str, loose: str) -> None:
    if beside and is_amount(row[beside[0]].strip(loose)):
        number = row[beside[0]]
        for place in (place for place in beside if row[place] == number):
            row[place] = pattern.format(number.strip())
        row[sign] = ""
