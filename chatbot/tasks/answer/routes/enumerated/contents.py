"""A document of the library with all that it enumerates."""

from dataclasses import replace
from threading import Event

from chatbot.tasks.answer.routes.enumerated.items import Contents
from chatbot.tasks.answer.routes.enumerated.lists import articles, lists, sections
from chatbot.tasks.answer.routes.enumerated.tables import of_tables
from chatbot.tasks.summarize.text import of_document
from retrieval.library import Library
from retrieval.types import Document

_SHORTEST = 2  # items that make an enumeration


def contents(library: Library, owner: str, document: Document, stop: Event) -> Contents:
    """Reads the original again, since the library keeps no headings inside a passage. Raises `Stopped`, `RejectedFile`."""
    text = of_document(library, owner, document.id, stop)
    pages = tuple(library.pages(owner, document.id))
    found = Contents(document, pages, text.passages, ())
    groups = [*sections(found), *of_tables(found), *lists(found), *articles(found)]
    return replace(found, groups=tuple(group for group in groups if len(group.items) >= _SHORTEST))
