"""Which component shows which string, so that the page is painted in a language, and the language can change while it is open."""

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

import gradio as gr

from chatbot.ui.parts.updates import Updates
from chatbot.ui.strings.words import Language, text

C = TypeVar("C", bound=gr.blocks.Block)
Values = Callable[[Language], Mapping[str, object]]
"""In a language: what fills the placeholders of a string, or the properties of a component."""


class Localised:
    """Remembers for each component the properties that a language alone decides."""

    def __init__(self) -> None:
        self._entries: list[tuple[gr.blocks.Block, Values]] = []
        self._first: list[tuple[gr.blocks.Block, Values]] = []

    def __call__(self, component: C, values: Values = lambda language: {}, /, **keys: str) -> C:
        """Register `component`, whose properties (`label="adapter"`) show the strings of those keys, with those values."""

        def properties(language: Language) -> Mapping[str, object]:
            return {name: text(key, language, **values(language)) for name, key in keys.items()}

        return self.drawn(component, properties)

    def drawn(self, component: C, properties: Values) -> C:
        """Register `component`, whose properties are made by a function of the language."""
        self._entries.append((component, properties))
        return component

    def first(self, component: C, properties: Values) -> C:
        """Register what `component` is painted with; what it shows later is up to handlers, which know more than the language."""
        self._first.append((component, properties))
        return component

    @property
    def components(self) -> list[gr.blocks.Block]:
        return list(dict.fromkeys(component for component, _ in self._entries))

    def updates(self, language: Language) -> Updates:
        """For a page that is open."""
        return _updates(self._entries, language)

    def painted(self, language: Language) -> Updates:
        """For a page that nobody has seen yet."""
        return _updates([*self._first, *self._entries], language)


def _updates(entries: Iterable[tuple[gr.blocks.Block, Values]], language: Language) -> Updates:
    said: dict[gr.blocks.Block, dict[str, object]] = {}
    for component, properties in entries:
        said.setdefault(component, {}).update(properties(language))
    return {component: gr.update(**found) for component, found in said.items()}
