"""PDF: its text as the reader of documents finds it; the translation is a DOCX with the same headings, paragraphs, tables, code,
pictures and pages."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from chatbot.common.limited import Limits
from chatbot.tasks.translate.files.lines import joined
from chatbot.tasks.translate.files.marked import Segment
from chatbot.tasks.translate.files.opened import Opened
from chatbot.tasks.translate.files.portable.made import Piece, Place, written
from chatbot.tasks.translate.files.spans import Token, span
from retrieval.reading.pages import Pages
from retrieval.reading.pdf import reader as pdf
from retrieval.reading.pdf.layout import Code, Grid, Layout, Looks, drawn
from retrieval.types import Block, Page

_PROSE = 50  # characters of the longest line, from which lines are one paragraph
_FIGURES = re.compile(r"[\d)%—-]\s*\Z")


def opened(path: Path, name: str, limits: Limits) -> Opened:
    """Raises `RejectedFile`."""
    found = pieces(path, name, limits)
    places = [place for place, text in _texts(found) if is_text(text)]
    texts = dict(_texts(found))

    def write(targets: Sequence[str], code: str) -> bytes:
        pictures = drawn(path, ((piece.page, piece.picture) for piece in found if piece.kind == "picture"))
        return written(found, texts | dict(zip(places, targets, strict=True)), pictures)

    return Opened(".docx", tuple(Segment(texts[place]) for place in places), write)


def pieces(path: Path, name: str, limits: Limits) -> list[Piece]:
    """In reading order."""
    found: list[Page] = []
    looks = Looks()
    pages = Pages(limits, lambda page, total: found.append(page), numbered=True)
    pdf.read(path, name, pages, limits, looks.see)
    pages.finish()
    known = looks.layouts()
    return [piece for page in found for piece in _of_page(page, known.get(page.number, Layout()))]


def is_text(text: str) -> bool:
    """Whether there is something to translate in it."""
    return span([Token("text", 0, len(text), text)]) is not None


def _texts(found: Sequence[Piece]) -> Iterator[tuple[Place, str]]:
    for n, piece in enumerate(found):
        for r, row in enumerate(piece.rows if piece.kind != "code" else ()):
            yield from (((n, r, c), text) for c, text in enumerate(row))


def _of_page(page: Page, look: Layout) -> list[Piece]:
    marks: list[Grid | Code] = sorted([*look.grids, *look.code], key=lambda mark: mark.start)
    found: list[tuple[int, Piece]] = [(mark.start, _marked(mark, page.number)) for mark in marks]
    for block in page.blocks or (Block("paragraph", 0, len(page.text)),):
        for start, end in _left(block, marks):
            lines = [line for line in page.text[start:end].split("\n") if line.strip()]
            level = block.level or 1 if block.kind == "heading" else 0
            found += [(start, Piece("text", page.number, ((text,),), level)) for text in _paragraphs(lines, level)]
    for one in look.pictures:
        found.append((one.after, Piece("picture", page.number, picture=one.number, width=one.width)))
    return [piece for _, piece in sorted(found, key=lambda pair: pair[0])]


def _marked(mark: Grid | Code, page: int) -> Piece:
    return Piece("table", page, mark.rows) if isinstance(mark, Grid) else Piece("code", page, ((mark.text,),))


def _left(block: Block, marks: Sequence[Grid | Code]) -> Iterator[tuple[int, int]]:
    """What of the block is no table and no code."""
    at = block.start
    for mark in marks:
        if mark.start < block.end and at < mark.end:
            yield at, max(at, mark.start)
            at = mark.end
    yield at, max(at, block.end)


def _paragraphs(lines: Sequence[str], level: int) -> list[str]:
    """Lines of prose as one; those of addresses by themselves."""
    if not lines:
        return []
    figures = sum(_FIGURES.search(line) is not None for line in lines)
    if level or (max(map(len, lines)) >= _PROSE and figures * 3 < len(lines)):
        return [joined("\n".join(lines))]
    return [" ".join(line.split()) for line in lines]
