"""PDF: its text as the reader of documents finds it; the translation is a DOCX with the same headings, paragraphs and pages."""

import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from chatbot.common.limited import Limits
from chatbot.tasks.translate.files.lines import joined
from chatbot.tasks.translate.files.marked import Segment
from chatbot.tasks.translate.files.opened import Opened
from chatbot.tasks.translate.files.spans import Token, span
from retrieval.reading.pages import Pages
from retrieval.reading.pdf import reader as pdf
from retrieval.types import Block, Page

_PROSE = 50  # characters of the longest line, from which lines are one paragraph
_FIGURES = re.compile(r"[\d)%—-]\s*\Z")
_XML = re.compile(r"[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Stretch(NamedTuple):
    """One paragraph. `level` counts headings from 1; 0 is text."""

    text: str
    level: int
    page: int


def opened(path: Path, name: str, limits: Limits) -> Opened:
    """Raises `RejectedFile`."""
    found = stretches(path, name, limits)
    numbers = [at for at, stretch in enumerate(found) if is_text(stretch)]

    def write(targets: Sequence[str], code: str) -> bytes:
        texts = [stretch.text for stretch in found]
        for at, target in zip(numbers, targets, strict=True):
            texts[at] = target
        return written(found, texts)

    return Opened(".docx", tuple(Segment(found[at].text) for at in numbers), write)


def stretches(path: Path, name: str, limits: Limits) -> list[Stretch]:
    found: list[Stretch] = []

    def emit(page: Page, total: int | None) -> None:
        blocks = page.blocks or (Block("paragraph", 0, len(page.text)),)
        for block in blocks:
            lines = [line for line in page.text[block.start : block.end].split("\n") if line.strip()]
            level = block.level or 1 if block.kind == "heading" else 0
            found.extend(Stretch(text, level, page.number) for text in _paragraphs(lines, level))

    pages = Pages(limits, emit, numbered=True)
    pdf.read(path, name, pages, limits)
    pages.finish()
    return found


def written(stretches: Sequence[Stretch], texts: Sequence[str]) -> bytes:
    import docx
    from docx.enum.text import WD_BREAK

    document = docx.Document()
    page = stretches[0].page if stretches else 0
    for stretch, text in zip(stretches, texts, strict=True):
        if stretch.page != page:
            page = stretch.page
            document.add_paragraph().add_run().add_break(WD_BREAK.PAGE)
        legal = _XML.sub("", text)
        if stretch.level:
            document.add_heading(legal, min(stretch.level, 9))
        else:
            document.add_paragraph(legal)
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


def is_text(stretch: Stretch) -> bool:
    """Whether there is something to translate in it."""
    return span([Token("text", 0, len(stretch.text), stretch.text)]) is not None


def _paragraphs(lines: Sequence[str], level: int) -> list[str]:
    """Lines of prose as one; those of tables and addresses by themselves."""
    if not lines:
        return []
    figures = sum(_FIGURES.search(line) is not None for line in lines)
    if level or (max(map(len, lines)) >= _PROSE and figures * 3 < len(lines)):
        return [joined("\n".join(lines))]
    return [" ".join(line.split()) for line in lines]
