"""Extraction for programs: `/extract`."""

from threading import Event
from typing import Any

import gradio as gr

from chatbot.common.errors import BanyanError
from chatbot.tasks.extract import fields as extract_fields
from chatbot.tasks.extract.record import Extraction
from chatbot.tasks.extract.table import records
from chatbot.tasks.extract.text import Text, of_file, of_typed
from chatbot.tasks.extract.work import extract
from chatbot.ui.extract.handlers import library_texts
from chatbot.ui.parts.endpoints import raised, session_of
from chatbot.ui.services import MODEL, OPENING, Services


def publish(services: Services) -> None:
    """Register the endpoint on the page that is being built. It reads under the owner of its request."""
    do = Endpoints(services)
    gr.api(do.extract, api_name="extract", **MODEL)


class Endpoints:
    def __init__(self, services: Services) -> None:
        self._services = services

    def extract(
        self,
        text: str | dict[str, Any],
        fields: str | list[Any] | dict[str, Any],
        rows: str = "many",
        document_ids: list[str] | None = None,
        adapter: str | None = None,
        request: gr.Request = None,  # Gradio fills it in
    ) -> dict[str, Any]:
        """Copy the values of named fields out of a text into a table, each with the place where it stands.

        Args:
            text: The text to read, or an uploaded file.
            fields: {"total": "money", "due": "date"}; kinds are text, number, date, money, "one of a, b" and list. Or a list
                of {"name", "type", "options", "description"}, or one to a line: "total: money".
            rows: "many": a record for each thing, which the first field names; "one": a single record of the text.
            document_ids: Documents of the library to read instead of a text.
            adapter: The adapter that reads.
        """
        with raised(), self._services.runs.call(session_of(request)) as stop:
            owner = self._services.owner_of(request)
            if adapter:
                self._services.adapter(owner, adapter)
            wanted = extract_fields.parse(fields)
            texts = self._texts(owner, text, document_ids, stop)
            engine = self._services.engine.asked_by(owner)
            for step in extract(engine, texts, wanted, rows=rows, adapter=adapter or None, stop=stop):
                if isinstance(step, Extraction):
                    return said(step)
            raise BanyanError("The text was not read. Please try again.", kind="no_outcome")

    def _texts(self, owner: str, text: str | dict[str, Any], ids: list[str] | None, stop: Event) -> list[Text]:
        if ids:
            return library_texts(self._services, owner, ids, OPENING, stop)
        if isinstance(text, dict):
            path, name = self._services.uploads.require(str(text.get("path")), owner), text.get("orig_name")
            with self._services.uploads.once(path):
                return [of_file(path, name if isinstance(name, str) and name else path.name, stop=stop)]
        return [of_typed(text if isinstance(text, str) else "")]


def said(found: Extraction) -> dict[str, Any]:
    """The table as the API tells it; `left_out` counts values of the model that stand nowhere in the text."""
    return {
        "records": records(found),
        "left_out": found.dropped,
        "read": [found.reached, found.of],
        "model": found.model,
        "adapter": found.adapter,
    }
