"""Summaries for programs: `/summarize`."""

from threading import Event
from typing import Any

import gradio as gr

from chatbot.common.errors import BanyanError
from chatbot.tasks.summarize.check import Line, SectionLine, Summary
from chatbot.tasks.summarize.forms import due, who
from chatbot.tasks.summarize.text import Text, of_file, of_typed
from chatbot.ui.parts.endpoints import raised, session_of
from chatbot.ui.services import MODEL, OPENING, Services
from chatbot.ui.summarize.handlers import library_text, summarize_steps
from retrieval.types import Citation

Record = dict[str, Any]


def publish(services: Services) -> None:
    """Register the endpoint on the page that is being built. It reads under the owner of its request."""
    do = Endpoints(services)
    gr.api(do.summarize, api_name="summarize", **MODEL)


class Endpoints:
    def __init__(self, services: Services) -> None:
        self._services = services

    def summarize(
        self,
        text: str | dict[str, Any],
        length: str = "medium",
        document_ids: list[str] | None = None,
        adapter: str | None = None,
        form: str = "paragraph",
        focus: str = "",
        language: str = "",
        request: gr.Request = None,  # Gradio fills it in
    ) -> dict[str, Any]:
        """Summarize a text, each sentence checked against it.

        Args:
            text: The text to summarize, or an uploaded file.
            length: "short", "medium" or "long": about 50, 120 or 250 words.
            document_ids: Documents of the library to summarize instead of a text.
            adapter: The adapter that writes; the one named "summarize" where there is one.
            form: "paragraph", "bullets", "points", "minutes" or "questions".
            focus: A question that the summary is to be about.
            language: The code of the summary's language; that of the text when empty.
        """
        with raised(), self._services.runs.call(session_of(request)) as stop:
            owner = self._services.owner_of(request)
            if adapter:
                self._services.adapter(owner, adapter)
            given = self._given(owner, text, document_ids, stop)
            wanted = {"form": form, "focus": focus, "into": language}
            for step in summarize_steps(self._services, owner, given, length, adapter or None, stop=stop, **wanted):
                if isinstance(step, Summary):
                    return said(step)
            raise BanyanError("The text was not summarized. Please try again.", kind="no_outcome")

    def _given(self, owner: str, text: str | dict[str, Any], ids: list[str] | None, stop: Event) -> Text:
        if ids:
            return library_text(self._services, owner, ids, OPENING, stop)
        if isinstance(text, dict):
            path, name = self._services.uploads.require(str(text.get("path")), owner), text.get("orig_name")
            with self._services.uploads.once(path):
                return of_file(path, name if isinstance(name, str) and name else path.name, stop=stop)
        return of_typed(text if isinstance(text, str) else "")


def _more(line: Line) -> Record:
    """What only some forms have: of minutes, of questions, of another language than the text's."""
    minutes = {"mark": line.mark, "who": who(line.original or line.text), "due": due(line.original or line.text)}
    return {
        **(minutes if line.mark else {}),
        **({"question": line.lead} if line.lead else {}),
        **({"original": line.original} if line.original else {}),
    }


def said(summary: Summary) -> Record:
    """The summary as the API tells it.

    `start` and `end` of a section are characters of the whole text, whose pages are joined by one empty line; those of a
    citation are characters of its page.
    """
    return {
        "summary": summary.text,
        "sections": [_section(one) for one in summary.sections],
        "sentences": [{"text": line.text, **_checked(line), **_more(line)} for line in summary.sentences],
        "citations": list({one.n: _citation(one) for one in summary.citations}.values()),
        "words": summary.size,
        "wanted": summary.wanted,
        "language": summary.language,
        "method": f"quoted: {summary.quoted}" if summary.quoted else "model",
        "model": summary.model,
        "adapter": summary.adapter,
        "left_out": list(summary.refused),
    }


def _section(one: SectionLine) -> Record:
    return {"title": one.title, "summary": one.line.text, "start": one.start, "end": one.end, **_checked(one.line)}


def _checked(line: Line) -> Record:
    return {"verdict": line.verdict, "quoted": line.quoted, "citations": list(line.citations)}


def _citation(one: Citation) -> Record:
    where = {"n": one.n, "document": one.document, "name": one.name, "page": one.page}
    return {**where, "quote": one.quote, "start": one.start, "end": one.end}
