"""The door from the chat's thumbs to a fine-tune: the owner's corrections as a data set."""

from pathlib import Path
from typing import Any

import gradio as gr

from chatbot.training.training import Dataset
from chatbot.ui.services import Services
from chatbot.ui.strings.words import Language, text

FILE = "corrections.jsonl"


def dataset(services: Services, owner: str) -> Dataset:
    """The owner's corrections, one chat a line, among the owner's files."""
    rows = "".join(f"{row.as_row()}\n" for row in services.store.corrections(owner))
    return Dataset(Path(services.uploads.new(owner, FILE, rows.encode("utf-8"))), FILE)


def build_corrections() -> gr.Button:
    """Seen where there are some."""
    return gr.Button("", visible=False, size="sm", elem_id="by-ft-corrections")


class Handlers:
    """Each method is one event; the owner comes from its request."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def offer(self, language: Language, request: gr.Request) -> Any:
        count = self._services.store.count_corrections(self._services.owner_of(request))
        return gr.update(value=text("ft_corrections", language, count=count), visible=count > 0)

    def use(self, request: gr.Request) -> str:
        """As if the file had been dropped."""
        return str(dataset(self._services, self._services.owner_of(request)).path)
