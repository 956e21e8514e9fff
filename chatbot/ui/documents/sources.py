"""What the source column shows: a cited place, or a document page by page. Read under its owner each time."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from chatbot.common.errors import BanyanError, NotFound
from chatbot.ui.documents import render as render_documents
from chatbot.ui.documents.opening import OpeningLibrary
from chatbot.ui.parts import render
from chatbot.ui.strings.words import Language, text
from retrieval.library import Library
from retrieval.reading.ocr.marks import shares
from retrieval.reading.pdf.pictures import DRAWN, render_page
from retrieval.types import Citation, Document, Page, Passage

FLAGS = 30  # warnings shown at most


@dataclass(frozen=True, slots=True)
class Shown:
    """The column's HTML; `opened` and `name` of the document when it is a document that is shown."""

    html: str
    opened: str | None = None
    name: str = ""


class Sources:
    def __init__(self, opening: OpeningLibrary) -> None:
        self._opening = opening

    def show(self, owner: str, said: Mapping[str, str], language: Language) -> Iterator[Shown]:
        """One view, or a first one while a page is being drawn. `said` comes from the browser and is not trusted.

        Raises `NotFound`.
        """
        act, id = said.get("act", ""), said.get("id", "")
        if act == "close":
            yield Shown("")
            return
        look = _Look(self._opening.get().library, owner, id, language)
        if act == "cite":
            yield from look.place(said)
        elif act in ("open", "page"):
            yield look.page(_whole(said, "page", 1))
        elif act == "draw":
            yield from look.drawn(_whole(said, "page", 1))


class _Look:
    """At one document, by one who may read it. Raises `NotFound`."""

    def __init__(self, library: Library, who: str, id: str, language: Language) -> None:
        self._library, self._who, self._language = library, who, language
        self._document = library.get(who, id)
        self._pages = library.pages(who, id)

    def place(self, said: Mapping[str, str]) -> Iterator[Shown]:
        """Where a citation stands."""
        document, language = self._document, self._language
        number, start, end = (_whole(said, name, 0) for name in ("page", "start", "end"))
        page = _page(self._pages, number)
        start, end = min(start, len(page.text)), min(end, len(page.text))
        citation = Citation(_whole(said, "n", 0), document.id, document.name, number, page.text[start:end], start, end)
        passages = [passage for passage in self._passages(number) if passage.start < end and start < passage.end]
        if document.kind not in DRAWN:
            yield Shown(render_documents.source(document, citation, passages, language))
            return
        drawing = render_documents.note(text("source_drawing", language))
        yield Shown(render_documents.source(document, citation, passages, language, note=drawing))
        try:
            picture = self._picture(number, start, end)
        except BanyanError as error:
            failed = render.notice(error, language)
            yield Shown(render_documents.source(document, citation, passages, language, note=failed))
        else:
            yield Shown(render_documents.source(document, citation, passages, language, picture))

    def page(self, number: int, drawn: str = "") -> Shown:
        """As it was read, or as the HTML that shows it `drawn`."""
        document, pages, language = self._document, self._pages, self._language
        if not pages:
            return Shown(render_documents.document_page(document, None, (), (), language), document.id, document.name)
        page = _page(pages, min(max(1, number), len(pages)))
        passages = () if drawn else self._passages(page.number)
        said = _warnings(document, pages, language)
        html = render_documents.document_page(document, page, passages, said, language, drawn)
        return Shown(html, document.id, document.name)

    def drawn(self, number: int) -> Iterator[Shown]:
        """Raises `RejectedFile`."""
        language = self._language
        yield self.page(number, render_documents.note(text("source_drawing", language)))
        where = render_documents.place(self._document, number, language)
        words = text("source_plain_picture", language, place=where, name=self._document.name)
        yield self.page(number, render_documents.image(self._picture(number, 0, 0), words))

    def _passages(self, number: int) -> list[Passage]:
        return [one for one in self._library.passages(self._who, self._document.id) if one.page == number]

    def _picture(self, number: int, start: int, end: int) -> bytes:
        path = self._library.original(self._who, self._document.id)
        seen = shares(_page(self._pages, number), start, end) if end else []
        return render_page(path, number, start, end, shares=seen, name=self._document.name)


def _page(pages: Sequence[Page], number: int) -> Page:
    for page in pages:
        if page.number == number:
            return page
    raise NotFound("This document has no such page. Open it again.", kind="no_such_place")


def _warnings(document: Document, pages: Sequence[Page], language: Language) -> list[str]:
    """Those of the file, then those of its pages."""
    said = [render_documents.warning(flag, language) for flag in document.warnings]
    for page in pages:
        where = render_documents.place(document, page.number, language)
        for flag in page.warnings:
            said.append(text("on_page", language, place=where, warning=render_documents.warning(flag, language)))
    return said if len(said) <= FLAGS else [*said[:FLAGS], "…"]


def _whole(said: Mapping[str, str], name: str, default: int) -> int:
    value = said.get(name, "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else default
