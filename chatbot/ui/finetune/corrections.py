"""The door from the chat's thumbs, and from corrected labels, to a fine-tune: the owner's corrections as data sets."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from chatbot.tasks.classify import taught
from chatbot.training.training import Dataset
from chatbot.ui.parts.updates import Updates
from chatbot.ui.services import Services
from chatbot.ui.strings.words import Language, text

FILE, PAIRS, THUMBS, LABELS = "corrections.jsonl", "preferences.jsonl", "thumbs.jsonl", "labels.jsonl"


def dataset(services: Services, owner: str) -> Dataset:
    """The owner's corrections, one chat a line, among the owner's files."""
    return _written(services, owner, FILE, [row.as_row() for row in services.store.corrections(owner)])


def pairs(services: Services, owner: str) -> Dataset:
    """The better and the worse answers, one pair a line, among the owner's files."""
    return _written(services, owner, PAIRS, [row.as_row() for row in services.store.preferences(owner)])


def thumbs(services: Services, owner: str) -> Dataset:
    """The answers that got a thumb up or down, one a line, among the owner's files."""
    return _written(services, owner, THUMBS, [row.as_row() for row in services.store.ratings(owner)])


def labels(services: Services, owner: str) -> Dataset:
    """Texts with their corrected labels, as the classify task asks for them."""
    return _written(services, owner, LABELS, taught.lines(services.store, owner))


def _written(services: Services, owner: str, name: str, rows: list[str]) -> Dataset:
    said = "".join(f"{row}\n" for row in rows)
    return Dataset(Path(services.uploads.new(owner, name, said.encode("utf-8"))), name)


@dataclass(frozen=True, slots=True)
class CorrectionButtons:
    """Seen where there are some."""

    answers: gr.Button
    pairs: gr.Button
    thumbs: gr.Button
    labels: gr.Button


def build_corrections() -> CorrectionButtons:
    names = ("corrections", "preferences", "thumbs", "labels")
    return CorrectionButtons(*(gr.Button("", visible=False, size="sm", elem_id=f"by-ft-{name}") for name in names))


class Handlers:
    """Each method is one event; the owner comes from its request."""

    def __init__(self, services: Services, buttons: CorrectionButtons) -> None:
        self._services, self._buttons = services, buttons

    def offer(self, language: Language, request: gr.Request) -> Updates:
        owner, store = self._services.owner_of(request), self._services.store
        return {
            self._buttons.answers: _told("ft_corrections", store.count_corrections(owner), language),
            self._buttons.pairs: _told("ft_preferences", store.count_preferences(owner), language),
            self._buttons.thumbs: _thumbs(*store.count_ratings(owner), language),
            self._buttons.labels: _told("ft_labels", taught.count(store, owner), language),
        }

    def use(self, request: gr.Request) -> str:
        """As if the file had been dropped."""
        return str(dataset(self._services, self._services.owner_of(request)).path)

    def use_pairs(self, request: gr.Request) -> str:
        """As `use`, of better and worse answers."""
        return str(pairs(self._services, self._services.owner_of(request)).path)

    def use_thumbs(self, request: gr.Request) -> str:
        """As `use`, of answers that were called good or bad."""
        return str(thumbs(self._services, self._services.owner_of(request)).path)

    def use_labels(self, request: gr.Request) -> str:
        """As `use`, of texts with their corrected labels."""
        return str(labels(self._services, self._services.owner_of(request)).path)


def _thumbs(good: int, bad: int, language: Language) -> Any:
    """There must be both: from one kind alone nothing is learnt this way."""
    return gr.update(value=text("ft_thumbs", language, good=good, bad=bad), visible=good > 0 and bad > 0)


def _told(key: str, count: int, language: Language) -> Any:
    return gr.update(value=text(key, language, count=count), visible=count > 0)
