"""The pages of an open PDF as they are read: a page alone does not tell what is a running header, which hyphen is a word's
own, and where its last sentence ends.

Reading and highlighting share this, so that an offset into a page's text always finds the same glyphs.
"""

import re
from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeVar

import pypdfium2 as pdfium
from pypdfium2 import raw

from retrieval.reading.clean import Counts, clean
from retrieval.reading.pdf.annotations import Annotations, annotations
from retrieval.reading.pdf.lines import Word
from retrieval.reading.pdf.paragraphs import Laid, between, is_full, lay_out, unfinished, usual_size
from retrieval.reading.pdf.running import Parts, parts
from retrieval.reading.pdf.tables.cells import placed
from retrieval.reading.pdf.tables.found import Found, tables
from retrieval.reading.pdf.text import Drawn, PageReader
from retrieval.reading.pdf.unread import Picture
from retrieval.text.sentences import sentences
from retrieval.types import Block

_NEAR = 10  # pages in which a compound is looked up: reading a page for its picture must stay quick
_KEPT = 32  # pages
_LONGEST = 600  # characters of a sentence that are taken from the page on which it ends
_COMPOUND = re.compile(r"\w+(?:-\w+)+")
T = TypeVar("T")


@dataclass(slots=True)
class PageText:
    """`text[k]` was drawn as pdfium's character `indices[k]` of this page, or elsewhere or never (-1)."""

    text: str
    indices: list[int]
    blocks: list[Block]
    counts: Counts = field(default_factory=Counts)
    hidden: Counter[str] = field(default_factory=Counter)
    ocr: bool = False
    illegible: int = 0
    tables: list[Found] = field(default_factory=list)
    pictures: tuple[Picture, ...] = ()


class Sheets:
    """`document` stays open as long as this is in use. Pages count from 0."""

    def __init__(self, document: pdfium.PdfDocument) -> None:
        self._document, self._count = document, len(document)
        if document.get_formtype() != raw.FORMTYPE_NONE:
            document.init_forms()
        self._pages: OrderedDict[int, Drawn | None] = OrderedDict()
        self._bodies: OrderedDict[int, tuple[Parts, Laid] | None] = OrderedDict()
        self._words: OrderedDict[int, frozenset[str]] = OrderedDict()

    def page(self, index: int) -> PageText | None:
        """None for a page that pdfium cannot load."""
        drawn, own = self._drawn(index), self._body(index)
        if drawn is None or own is None:
            return None
        found, body = own
        size = usual_size(drawn.lines)
        lay = partial(lay_out, drawn.text, drawn.indices, size=size, compounds=self._compounds(index))
        body = _without(body, self._taken(index))
        if moved := self._taken(index + 1):
            body = self._with(body, index, moved)
        written = self._annotations(index)
        laid = _joined([lay(found.head), body, lay(found.foot), *(_alone(text) for text in written.texts)])
        hidden = drawn.hidden + Counter({"hidden note": sum(map(len, written.hidden))})
        seen = tables(laid.text, placed(laid.text, laid.indices, drawn.lines, drawn.indices))
        lost = drawn.illegible
        pictures = drawn.pictures if laid.text.strip() else ()  # else text recognition looks at them
        return PageText(laid.text, laid.indices, laid.blocks, drawn.counts, hidden, drawn.ocr, lost, seen, pictures)

    def words(self, index: int, found: PageText) -> list[Word]:
        """Those of the page's text that were drawn on it, with their places."""
        drawn = self._drawn(index)
        return placed(found.text, found.indices, drawn.lines, drawn.indices) if drawn else []

    def _annotations(self, index: int) -> Annotations:
        page = self._document[index]
        try:
            return annotations(self._document.formenv, page)
        finally:
            page.close()

    def _drawn(self, index: int) -> Drawn | None:
        return _kept(self._pages, index, self._load)

    def _load(self, index: int) -> Drawn | None:
        try:
            page = self._document[index]
            textpage = page.get_textpage()
        except pdfium.PdfiumError:
            return None
        try:
            return PageReader(page, textpage).drawn()
        finally:
            textpage.close()
            page.close()

    def _body(self, index: int) -> tuple[Parts, Laid] | None:
        return _kept(self._bodies, index, self._lay_body) if 0 <= index < self._count else None

    def _lay_body(self, index: int) -> tuple[Parts, Laid] | None:
        drawn = self._drawn(index)
        if drawn is None:
            return None
        around = (index - 2, index - 1, index + 1, index + 2)
        near = [page for k in around if 0 <= k < self._count and (page := self._drawn(k)) is not None]
        found = parts(drawn, near)
        size = usual_size(drawn.lines)
        return found, lay_out(drawn.text, drawn.indices, found.body, size, self._compounds(index))

    def _taken(self, index: int) -> int:
        """How many characters at the head of this page end a sentence of the page before, and are read there."""
        before, after = self._body(index - 1), self._body(index)
        if before is None or after is None or not before[1].blocks or not after[1].blocks:
            return 0
        (old, foot), (new, head) = before, after
        last, first = foot.blocks[-1], head.blocks[0]
        if last.kind != "paragraph" or first.kind != "paragraph" or not _goes_on(foot.text, head.text, old, new):
            return 0
        tail, following = foot.text[last.start : last.end], head.text[first.start : first.end]
        spans = sentences(f"{tail[-_LONGEST:]}\n{following[: 2 * _LONGEST]}")
        join = len(tail[-_LONGEST:])
        end = next((end for start, end in spans if start < join < end), 0)
        taken = end - join - 1
        return taken if 0 < taken <= _LONGEST and taken < len(head.text) else 0

    def _with(self, body: Laid, index: int, moved: int) -> Laid:
        """The body of a page with the end of its last sentence from the next."""
        following = self._body(index + 1)
        assert following is not None
        words = following[1].text[:moved]
        mark, hyphen_goes = between(body.text, words, self._compounds(index))
        end = len(body.text) - hyphen_goes
        text = body.text[:end] + mark + words
        indices = body.indices[:end] + [-1] * (len(mark) + len(words))
        return Laid(text, indices, [*body.blocks[:-1], replace(body.blocks[-1], end=len(text))])

    def _compounds(self, index: int) -> Callable[[str], bool]:
        near = range(max(0, index - _NEAR), min(self._count, index + _NEAR + 1))
        return lambda word: any(word in _kept(self._words, k, self._hyphenated) for k in near)

    def _hyphenated(self, index: int) -> frozenset[str]:
        try:
            page = self._document[index]
            textpage = page.get_textpage()
        except pdfium.PdfiumError:
            return frozenset()
        try:
            return frozenset(_COMPOUND.findall(textpage.get_text_range().lower()))
        finally:
            textpage.close()
            page.close()


def _goes_on(foot: str, head: str, old: Parts, new: Parts) -> bool:
    """The last line was broken for want of room within a sentence, and the first line of the next page is of its size."""
    same = abs(old.body[-1].size - new.body[0].size) <= 0.5
    if not (same and unfinished(foot[-80:]) and not head[0].isdigit()):
        return False
    return head[0].islower() or is_full(old.body, len(old.body) - 1)


def _without(laid: Laid, taken: int) -> Laid:
    """All but the first characters."""
    if not taken:
        return laid
    begin = taken + len(laid.text[taken:]) - len(laid.text[taken:].lstrip())
    blocks = [replace(b, start=max(0, b.start - begin), end=b.end - begin) for b in laid.blocks if b.end > begin]
    return Laid(laid.text[begin:], laid.indices[begin:], blocks)


def _alone(text: str) -> Laid:
    text = clean(text, Counts())
    return Laid(text, [-1] * len(text), [Block("paragraph", 0, len(text))] if text.strip() else [])


def _joined(pieces: list[Laid]) -> Laid:
    whole = Laid("", [], [])
    for laid in pieces:
        if not laid.text:
            continue
        gap = "\n\n" if whole.text else ""
        at = len(whole.text) + len(gap)
        blocks = [replace(block, start=block.start + at, end=block.end + at) for block in laid.blocks]
        whole = Laid(
            whole.text + gap + laid.text, whole.indices + [-1] * len(gap) + laid.indices, whole.blocks + blocks
        )
    return whole


def _kept(memory: "OrderedDict[int, T]", index: int, make: Callable[[int], T]) -> T:
    if index not in memory:
        memory[index] = make(index)
        if len(memory) > _KEPT:
            memory.popitem(last=False)
    return memory[index]
