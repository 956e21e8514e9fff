"""Words of a page -> lines of cells."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from retrieval.reading.grid import is_amount, joined
from retrieval.reading.pdf import lines
from retrieval.reading.pdf.lines import Word

GAP = 0.8  # type sizes between two cells; the widest spaces of justified prose are narrower
_NOTHING = frozenset("—–-−")

Place = tuple[float, float]
"""Left and right of a column, in points."""


@dataclass(frozen=True, slots=True)
class Cell:
    """Words between two gaps. `label`: it names its row, even as a number."""

    text: str
    left: float
    right: float
    label: bool = False

    @property
    def is_value(self) -> bool:
        return not self.label and (is_amount(self.text) or self.text in _NOTHING)

    @property
    def middle(self) -> float:
        return (self.left + self.right) / 2


@dataclass(frozen=True, slots=True)
class Line:
    start: int
    end: int
    base: float
    size: float
    cells: tuple[Cell, ...]

    @property
    def is_row(self) -> bool:
        """Has a number behind something else."""
        return any(cell.is_value for cell in self.cells[1:])


def labelled(lines: Sequence[Line]) -> list[Line]:
    """With numbers that name their row as labels: they begin where the words of other rows do (line 1, line 2, line N7)."""
    edges = [line.cells[0].left for line in lines if line.is_row and not line.cells[0].is_value]
    return [
        replace(line, cells=(replace(line.cells[0], label=True), *line.cells[1:]))
        if any(abs(line.cells[0].left - edge) < line.size / 2 for edge in edges)
        else line
        for line in lines
    ]


def placed(text: str, indices: list[int], drawn: Sequence[lines.Line], origin: list[int]) -> list[Word]:
    """The words of a page's text, with their places. `indices` and `origin` are pdfium's, of its characters and of those that
    `drawn` counts. Words that were drawn elsewhere have no place, and are left out."""
    known = {origin[word.start]: word for line in drawn for word in line.words}
    found = ((word.span(), known.get(indices[word.start()])) for word in re.finditer(r"\S+", text))
    return [replace(word, start=start, end=end) for (start, end), word in found if word is not None]


def lines_of(text: str, words: Sequence[Word]) -> list[Line]:
    """Words up to the end of a line in the text, and no further than their line on the page."""
    groups: list[list[Word]] = []
    for word in words:
        last = groups[-1][-1] if groups else None
        if (
            last
            and "\n" not in text[last.end : word.start]
            and abs(word.base - last.base) < max(word.size, last.size) / 2
        ):
            groups[-1].append(word)
        else:
            groups.append([word])
    return [_line(text, group) for group in groups]


def _line(text: str, words: Sequence[Word]) -> Line:
    size = max(word.size for word in words)
    pieces: list[list[Word]] = []
    for word in words:
        before = pieces[-1][-1] if pieces else None
        if before and _belongs(text, before, word, size):
            pieces[-1].append(word)
        else:
            pieces.append([word])
    cells = [Cell(" ".join(text[w.start : w.end] for w in piece), piece[0].left, piece[-1].right) for piece in pieces]
    return Line(words[0].start, words[-1].end, words[0].base, size, _with_signs(cells))


def _with_signs(cells: Sequence[Cell]) -> tuple[Cell, ...]:
    """A sign alone is of the number it stands with, and so is its place."""
    kept: list[Cell] = []
    left = None
    for cell, text in zip(cells, joined([cell.text for cell in cells]), strict=True):
        if text:
            kept.append(Cell(text, cell.left if left is None else left, cell.right))
            left = None
        elif kept and kept[-1].text.endswith(cell.text.strip()):
            kept[-1] = replace(kept[-1], right=cell.right)
        else:
            left = cell.left if left is None else left
    return tuple(kept)


def _belongs(text: str, before: Word, word: Word, size: float) -> bool:
    """To the same cell. Two numbers side by side are two cells, however close."""
    one, other = text[before.start : before.end], text[word.start : word.end]
    close = -size < word.left - before.right < GAP * size
    return close and not (is_amount(one) and is_amount(other))


def is_in(cell: Cell, place: tuple[float, float]) -> bool:
    return cell.left < place[1] and place[0] < cell.right
