"""Which component shows which string, so that the language can change while the page is open."""

from collections.abc import Callable, Mapping
from typing import TypeVar

import gradio as gr

from chatbot.ui.parts.updates import Updates
from chatbot.ui.strings.words import Language, text

C = TypeVar("C", bound=gr.blocks.Block)
Values = Callable[[Language], Mapping[str, object]]
"""What fills the placeholders of a string in a language."""


class Localised:
    """Remembers for each component the strings of its properties."""

    def __init__(self) -> None:
        self._entries: list[tuple[gr.blocks.Block, dict[str, str], Values]] = []

    def __call__(self, component: C, values: Values = lambda language: {}, /, **keys: str) -> C:
        """Register `component`, whose properties (`label="adapter"`) show the strings of those keys, with those values."""
        self._entries.append((component, keys, values))
        return component

    @property
    def components(self) -> list[gr.blocks.Block]:
        return [component for component, _, _ in self._entries]

    def updates(self, language: Language) -> Updates:
        return {
            component: gr.update(**{name: text(key, language, **values(language)) for name, key in keys.items()})
            for component, keys, values in self._entries
        }
