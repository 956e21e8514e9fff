"""Columns that were drawn row by row are read one after the other."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from retrieval.reading.pdf.lines import Line, line_of

_FEWEST = 4  # rows: fewer side by side are not told from the rows of a table
_GUTTER = 0.8  # of the type size: the least distance of two columns, wider than a justified line's spaces mostly are
_ROW, _CLOSE = 3.0, 1.7  # type sizes between the rows of one stretch, and to a line that stands on one side alone
_FULL = 0.6  # of its column: a line of prose reaches so far at least, the words in a table's cells do not
_PROSE = 3  # words in most lines of a column


def in_reading_order(lines: Sequence[Line], text: str) -> list[Line]:
    """The lines of a page, with columns of prose one after the other. What may be a table stays row by row."""
    return _ordered(lines, text) or list(lines)


def _ordered(lines: Sequence[Line], text: str) -> list[Line] | None:
    """None where there are no columns."""
    found = _gutter(lines)
    if found is None:
        return None
    gutter, first, last = found
    left: list[Line] = []
    right: list[Line] = []
    for line in lines[first : last + 1]:
        for where, part in _sides(line, gutter):
            (left if where == "left" else right).append(part)
    columns: list[Line] = []
    for side in (left, right):
        ordered = _ordered(side, text) or (side if _is_prose(side, text) else None)
        if ordered is None:
            return None
        columns += ordered
    return [*lines[:first], *columns, *in_reading_order(lines[last + 1 :], text)]


def _gutter(lines: Sequence[Line]) -> tuple[float, int, int] | None:
    """A place that the most lines in a row leave free in their midst, and the first and the last of these lines."""
    gaps = [list(_gaps(line)) for line in lines]
    candidates = sorted({right for line in gaps for _, right in line})
    best: tuple[int, float, int, int] | None = None
    for place in candidates[:: max(1, len(candidates) // 200)]:
        for first, last, count in _runs(lines, gaps, place - 0.1):
            if count >= _FEWEST and (best is None or count > best[0]):
                best = (count, place - 0.1, first, last)
    return best[1:] if best else None


def _gaps(line: Line) -> Iterator[tuple[float, float]]:
    for word, following in pairwise(line.words):
        if following.left - word.right >= _GUTTER * max(word.size, following.size):
            yield word.right, following.left


def _runs(lines: Sequence[Line], gaps: list[list[tuple[float, float]]], place: float) -> Iterator[tuple[int, int, int]]:
    """Stretches of lines that leave a gap at `place`, with those close by that stop before it or begin behind it: first,
    last, and how many leave a gap."""
    first, count, last = 0, 0, -1
    for k, line in enumerate(lines):
        gapped = any(left < place < right for left, right in gaps[k])
        crossing = not gapped and line.left < place < line.right
        apart = k > first and abs(line.base - lines[k - 1].base) > (_ROW if gapped else _CLOSE) * line.size
        if crossing or apart:
            if count:
                yield first, last, count
            first, count = k + crossing, 0
        if not crossing:
            count, last = count + gapped, k
    if count:
        yield first, last, count


def _sides(line: Line, gutter: float) -> Iterator[tuple[str, Line]]:
    left = tuple(word for word in line.words if word.right <= gutter)
    right = tuple(word for word in line.words if word.right > gutter)
    if left:
        yield "left", line_of(left)
    if right:
        yield "right", line_of(right)


def _is_prose(column: Sequence[Line], text: str) -> bool:
    """Most lines reach far into the column and are made of words; the last line of each paragraph may be short."""
    if len(column) < _FEWEST:
        return False
    begin, end = min(line.left for line in column), max(line.right for line in column)
    full = sum(line.right - begin >= _FULL * (end - begin) for line in column)
    wordy = sum(_is_wordy(text[line.start : line.end]) for line in column)
    return 3 * full >= 2 * len(column) and 3 * wordy >= 2 * len(column)


def _is_wordy(line: str) -> bool:
    letters = sum(letter.isalpha() for letter in line)
    many = len(line.split()) >= _PROSE or sum(letter >= "\u2e80" for letter in line) >= 3 * _PROSE
    return many and 2 * letters >= len(line)
