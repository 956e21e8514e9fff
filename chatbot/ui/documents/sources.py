"""What the source column shows: a cited place, or a document page by page. Read under its owner each time."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from chatbot.common.errors import BanyanError, NotFound
from chatbot.ui.documents import render as render_documents
from chatbot.ui.documents.opening import OpeningLibrary
from chatbot.ui.parts import render
from chatbot.ui.strings.words import Language, text
from retrieval.library import Library
from retrieval.reading.pdf.pictures import render_page
from retrieval.types import Citation, Document, Page

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
        library = self._opening.get().library
        act, id = said.get("act", ""), said.get("id", "")
        document = library.get(owner, id)
        if act == "cite":
            yield from self._place(library, document, said, language)
        elif act in ("open", "page", "draw"):
            number = _whole(said, "page", 1)
            yield self._page(library, document, number, language)
            if act == "draw":
                yield self._drawn(library, document, number, language)

    def _place(
        self, library: Library, document: Document, said: Mapping[str, str], language: Language
    ) -> Iterator[Shown]:
        number, start, end = (_whole(said, name, 0) for name in ("page", "start", "end"))
        page = _page(library.pages(document.owner, document.id), number)
        start, end = min(start, len(page.text)), min(end, len(page.text))
        citation = Citation(_whole(said, "n", 0), document.id, document.name, number, page.text[start:end], start, end)
        passages = [
            passage
            for passage in library.passages(document.owner, document.id)
            if passage.page == number and passage.start < end and start < passage.end
        ]
        if document.kind != "pdf":
            yield Shown(render_documents.source(document, citation, passages, language))
            return
        drawing = render_documents.note(text("source_drawing", language))
        yield Shown(render_documents.source(document, citation, passages, language, note=drawing))
        try:
            picture = self._picture(library, document, number, start, end)
        except BanyanError as error:
            failed = render.notice(error, language)
            yield Shown(render_documents.source(document, citation, passages, language, note=failed))
        else:
            yield Shown(render_documents.source(document, citation, passages, language, picture))

    def _page(self, library: Library, document: Document, number: int, language: Language) -> Shown:
        pages = library.pages(document.owner, document.id)
        if not pages:
            return Shown(render_documents.document_page(document, None, (), (), language), document.id, document.name)
        page = _page(pages, min(max(1, number), len(pages)))
        passages = [p for p in library.passages(document.owner, document.id) if p.page == page.number]
        html = render_documents.document_page(document, page, passages, _warnings(document, pages, language), language)
        return Shown(html, document.id, document.name)

    def _drawn(self, library: Library, document: Document, number: int, language: Language) -> Shown:
        words = text(
            "source_plain_picture",
            language,
            place=render_documents.place(document, number, language),
            name=document.name,
        )
        picture = self._picture(library, document, number, 0, 0)
        below = self._page(library, document, number, language)
        return Shown(below.html + render_documents.image(picture, words), document.id, document.name)

    def _picture(self, library: Library, document: Document, number: int, start: int, end: int) -> bytes:
        path = library.original(document.owner, document.id)
        return render_page(path, number, start, end, name=document.name)


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
