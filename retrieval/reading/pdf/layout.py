"""How the pages of a PDF look besides what they say, for who makes another file of it: cells side by side, lines in a
typewriter's face, pictures. Characters are those of the page's text, as the reader gives it."""

import ctypes
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pypdfium2 as pdfium
from pypdfium2 import raw

from retrieval.reading.pdf.lines import Word
from retrieval.reading.pdf.sheets import PageText, Sheets
from retrieval.reading.pdf.tables.cells import Line, Place, is_in, lines_of
from retrieval.reading.pdf.tables.found import Found
from retrieval.reading.pdf.visibility import SCAN, on_page

_APART = 3.0  # type sizes between two rows of a table at most
_SMALLEST = 24.0  # points of a side: smaller pictures are bullets and rules
_MOST = 40  # pictures of one page
_FIXED_PITCH = 1  # of a font's flags (ISO 32000-1, table 123)
_WORD = re.compile(r"\w+")
_TYPED = re.compile(r"courier|mono|consol|menlo|typewriter|fixed", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Grid:
    """Characters `start` to `end` are rows of cells; all rows have as many."""

    start: int
    end: int
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Code:
    """`text` has the spaces that the lines were drawn with."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture below the first `after` characters, `width` points wide: image `number` of its page."""

    after: int
    number: int
    width: float


@dataclass(frozen=True, slots=True)
class Layout:
    grids: tuple[Grid, ...] = ()
    code: tuple[Code, ...] = ()
    pictures: tuple[Shown, ...] = ()


class Looks:
    """Sees each page as the reader reads it."""

    def __init__(self) -> None:
        self._pages: dict[int, _Page] = {}

    def see(self, document: pdfium.PdfDocument, sheets: Sheets, index: int, found: PageText) -> None:
        page = document[index]
        words = sheets.words(index, found)
        lines = lines_of(found.text, words)
        typed = _typed(page, found, lines, words)
        self._pages[index] = _Page(found, words, lines, typed, tuple(_pictures(page, words)))
        page.close()

    def layouts(self) -> dict[int, Layout]:
        """By the number of the page, from 1. Where most is typed there is no code: it is how the author writes."""
        pages = self._pages.values()
        code = 2 * sum(len(page.typed) for page in pages) < sum(len(page.lines) for page in pages)
        return {index + 1: page.layout(code=code) for index, page in self._pages.items()}


@dataclass(frozen=True, slots=True)
class _Page:
    found: PageText
    words: list[Word]
    lines: list[Line]
    typed: list[Line]
    pictures: tuple[Shown, ...]

    def layout(self, *, code: bool) -> Layout:
        typed = self.typed if code else []
        tables = [_grid_of(table, self.found.text, self.lines) for table in self.found.tables]
        free = [line for line in self.lines if line not in typed and not _is_within(line, self.found.tables)]
        grids = sorted([*tables, *_grids(free)], key=lambda grid: grid.start)
        return Layout(tuple(grids), tuple(_code(self.found.text, typed, self.lines, self.words)), self.pictures)


# Tables


def _is_within(line: Line, tables: Sequence[Found]) -> bool:
    return any(one.start < line.end and line.start < one.end for one in tables)


def _grid_of(found: Found, text: str, lines: Sequence[Line]) -> Grid:
    """A table that was understood, with its headers and the titles of its groups; as it was drawn where that has not all words."""
    width = len(found.table.columns)
    rows = [tuple(map(_flat, found.table.columns))] if any(found.table.columns) else []
    under = ""
    for row in found.table.rows:
        if row.under != under and row.under:
            rows.append((_flat(row.under), *[""] * (width - 1)))
        under = row.under
        rows.append(row.cells)
    there = {word for row in rows for cell in row for word in _WORD.findall(cell)}
    if not set(_WORD.findall(text[found.start : found.end])) <= there:
        drawn = [tuple(cell.text for cell in line.cells) for line in lines if _is_within(line, [found])]
        width = max(map(len, drawn))
        rows = [(*row, *[""] * (width - len(row))) for row in drawn]
    return Grid(found.start, found.end, tuple(rows))


def _flat(headings: str) -> str:
    """All headings above a column in one cell."""
    return headings.replace(" > ", ", ")


def _grids(lines: Sequence[Line]) -> Iterator[Grid]:
    """Lines below each other whose cells stand in common columns."""
    run: list[Line] = []
    for line in lines:
        if run and not (len(line.cells) > 1 and _follows(run[-1], line)):
            yield from _grid(run)
            run = []
        if len(line.cells) > 1:
            run.append(line)
    yield from _grid(run)


def _follows(before: Line, line: Line) -> bool:
    return 0 < before.base - line.base < _APART * max(before.size, line.size)


def _grid(lines: Sequence[Line]) -> Iterator[Grid]:
    places = _places(lines)
    rows = [tuple(" ".join(c.text for c in line.cells if is_in(c, place)) for place in places) for line in lines]
    apart = all(sum(is_in(cell, place) for cell in line.cells) < 2 for line in lines for place in places)
    if len(lines) > 1 and len(places) > 1 and apart:
        yield Grid(lines[0].start, lines[-1].end, tuple(rows))


def _places(lines: Sequence[Line]) -> list[Place]:
    places: list[Place] = []
    for left, right in sorted((cell.left, cell.right) for line in lines for cell in line.cells):
        if places and left < places[-1][1]:
            places[-1] = places[-1][0], max(places[-1][1], right)
        else:
            places.append((left, right))
    return places


# Code


def _typed(page: pdfium.PdfPage, found: PageText, lines: Sequence[Line], words: Sequence[Word]) -> list[Line]:
    """Lines that are in a face of fixed pitch from their first word to their last."""
    textpage = page.get_textpage()
    try:
        ends = [(line, [word for word in words if line.start <= word.start < line.end]) for line in lines]
        return [
            line for line, own in ends if all(_is_fixed(textpage, found.indices[w.start]) for w in (own[0], own[-1]))
        ]
    finally:
        textpage.close()


def _is_fixed(textpage: pdfium.PdfTextPage, index: int) -> bool:
    flags = ctypes.c_int()
    length = raw.FPDFText_GetFontInfo(textpage, index, None, 0, flags)
    name = ctypes.create_string_buffer(max(1, length))
    raw.FPDFText_GetFontInfo(textpage, index, name, length, flags)
    return bool(flags.value & _FIXED_PITCH) or _TYPED.search(name.value.decode("utf-8", "replace")) is not None


def _code(text: str, typed: Sequence[Line], lines: Sequence[Line], words: Sequence[Word]) -> Iterator[Code]:
    """Typed lines that follow one another, with the spaces between their words."""
    run: list[Line] = []
    for line in lines:
        if line in typed:
            run.append(line)
        elif run:
            yield _spaced(text, run, words)
            run = []
    if run:
        yield _spaced(text, run, words)


def _spaced(text: str, run: Sequence[Line], words: Sequence[Word]) -> Code:
    own = [[word for word in words if line.start <= word.start < line.end] for line in run]
    edge = min(line[0].left for line in own)
    first = own[0][0]
    pitch = max((first.right - first.left) / (first.end - first.start), 1.0)
    drawn = []
    for line in own:
        said = ""
        for word in line:
            room = round((word.left - edge) / pitch) - len(said)
            said += " " * max(room, 1 if said else 0) + text[word.start : word.end]
        drawn.append(said)
    return Code(run[0].start, run[-1].end, "\n".join(drawn))


# Pictures


def _pictures(page: pdfium.PdfPage, words: Sequence[Word]) -> Iterator[Shown]:
    """Those that show something, but for one that fills the page: a background, or a scan with its text."""
    left, bottom, right, top = page.get_bbox()
    most = SCAN * (right - left) * (top - bottom)
    for number, image in enumerate(_images(page)):
        area = on_page(image)
        width, height = area[2] - area[0], area[3] - area[1]
        if number < _MOST and min(width, height) >= _SMALLEST and width * height < most:
            middle = (area[1] + area[3]) / 2
            after = max((word.end for word in words if word.base > middle), default=0)
            yield Shown(after, number, width)


def drawn(path: Path, wanted: Iterable[tuple[int, int]]) -> Iterator[bytes]:
    """PNGs of pictures by their pages, from 1, and their numbers there."""
    with pdfium.PdfDocument(path) as document:
        for number, which in wanted:
            page = document[number - 1]
            image = next(islice(_images(page), which, None))
            target = io.BytesIO()
            image.get_bitmap(render=True).to_pil().convert("RGB").save(target, "PNG")
            yield target.getvalue()


def _images(page: pdfium.PdfPage) -> Iterator[pdfium.PdfImage]:
    return iter(page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=4))
