"""Documents and answers for programs: `/add_document`, `/documents`, `/remove_document`, `/collections`, `/move_document`, `/ask`."""

from pathlib import Path
from typing import Any

import gradio as gr

from chatbot.common.errors import BanyanError, InputError
from chatbot.tasks.answer import work as answer
from chatbot.tasks.answer.check import Answer
from chatbot.ui.parts.endpoints import raised, session_of
from chatbot.ui.parts.history import turns_of
from chatbot.ui.services import MODEL_QUEUE, MODEL_READERS, OPENING, Services
from retrieval.types import Document

Record = dict[str, Any]


def publish(services: Services) -> None:
    """Register the endpoints on the page that is being built. Each reads under the owner of its request."""
    do = Endpoints(services)
    with gr.Row(visible=False):
        file, result, button = gr.File(), gr.JSON(), gr.Button()
    # A File component, since Gradio lets only files through it that were uploaded; a bare path would be any file here.
    button.click(do.add_document, file, result, api_name="add_document", api_description=do.add_document.__doc__)
    gr.api(do.documents, api_name="documents")
    gr.api(do.remove_document, api_name="remove_document")
    gr.api(do.collections, api_name="collections")
    gr.api(do.move_document, api_name="move_document")
    gr.api(do.ask, api_name="ask", concurrency_id=MODEL_QUEUE, concurrency_limit=MODEL_READERS)


class Endpoints:
    def __init__(self, services: Services) -> None:
        assert services.library is not None
        assert services.intake is not None  # there is one with a library
        self._services = services
        self._opening, self._intake = services.library, services.intake

    def add_document(self, file: str | None, request: gr.Request) -> Record:
        """Index a file. Returns id, name, status, pages, passages, warnings, reason and collection."""
        with raised(), self._services.runs.call(session_of(request)) as stop:
            if not file:
                raise InputError("Send a file.", kind="no_file")
            return record(self._intake.take(self._services.owner_of(request), Path(file), Path(file).name, stop))

    def collections(self, request: gr.Request) -> list[dict[str, Any]]:
        """The collections of whoever asks, and those that others let them read."""
        with raised():
            owner = self._services.owner_of(request)
            known = self._opening.get(OPENING).library.collections.of(owner)
            return [
                {"id": one.id, "name": one.name, "documents": one.documents, "own": one.owner == owner} for one in known
            ]

    def move_document(
        self,
        id: str,
        collection: str | None = None,
        request: gr.Request = None,  # Gradio fills it in
    ) -> str:
        """Put a document into the collection of that name, which is made where there is none; without one out of any. Returns the
        collection's id."""
        with raised():
            owner, library = self._services.owner_of(request), self._opening.get(OPENING).library
            library.get(owner, id)  # before a collection is made for it
            into = library.collections.made(owner, collection).id if collection else ""
            library.collections.put(owner, id, into)
            return into

    def documents(self, request: gr.Request) -> list[dict[str, Any]]:
        """What is in the library, the latest first."""
        with raised():
            owner = self._services.owner_of(request)
            return [record(document) for document in self._opening.get(OPENING).library.list(owner)]

    def remove_document(self, id: str, request: gr.Request) -> str:
        """Remove a document completely. Returns its id."""
        with raised():
            owner = self._services.owner_of(request)
            self._services.remove_document(owner, id)
            return id

    def ask(
        self,
        question: str,
        document_ids: list[str] | None = None,
        history: list[dict[str, str]] | None = None,
        collection: str | None = None,
        request: gr.Request = None,  # Gradio fills it in
    ) -> dict[str, Any]:
        """Answer from the documents, or those of one collection (by name or id), each sentence checked. Returns status, answer,
        sentences and citations."""
        with raised(), self._services.runs.call(session_of(request)) as stop:
            owner, retrieval = self._services.owner_of(request), self._opening.get(OPENING)
            steps = answer.ask(
                self._services.engine.asked_by(owner),
                retrieval,
                owner,
                question,
                documents=document_ids or None,
                collection=retrieval.library.collections.named(owner, collection).id if collection else "",
                history=turns_of(history or []),
                stop=stop,
            )
            for step in steps:
                if isinstance(step, Answer):
                    return said(step)
            raise BanyanError("The question was not answered. Please try again.", kind="no_outcome")


def record(document: Document) -> Record:
    return {
        "id": document.id,
        "name": document.name,
        "status": document.status,
        "passages": document.passages,
        "pages": document.pages,
        "warnings": [flag.text for flag in document.warnings],
        "reason": document.reason,
        "collection": document.collection,
    }


def said(given: Answer) -> Record:
    """The answer as the API tells it. `start` and `end` are characters of the page's text."""
    return {
        "status": given.status,
        "answer": given.text,
        "sentences": [
            {
                "text": sentence.text,
                "verdict": sentence.verdict,
                "citations": list(sentence.citations),
                "original": sentence.original or sentence.text,
            }
            for sentence in given.sentences
        ],
        "citations": [
            {
                "n": citation.n,
                "document": citation.document,
                "page": citation.page,
                "quote": citation.quote,
                "start": citation.start,
                "end": citation.end,
            }
            for citation in given.citations
        ],
        "route": given.found.route,
        "note": given.note,
        "likely": given.likely.probability if given.likely else None,
        "quotes": [{"text": sentence.text, "citations": list(sentence.citations)} for sentence in given.quotes],
    }
