"""Which component shows which string, so that the language can change while the page is open."""

from collections.abc import Mapping
from typing import TypeVar

import gradio as gr

from chatbot.ui.parts.updates import Updates
from chatbot.ui.strings.words import Language, text

C = TypeVar("C", bound=gr.blocks.Block)


class Localised:
    """Remembers for each component the strings of its properties."""

    def __init__(self) -> None:
        self._entries: list[tuple[gr.blocks.Block, dict[str, str], Mapping[str, object]]] = []

    def __call__(self, component: C, values: Mapping[str, object] | None = None, /, **keys: str) -> C:
        """Register `component`, whose properties (`label="adapter"`) show the strings of those keys, with those values."""
        self._entries.append((component, keys, values or {}))
        return component

    @property
    def components(self) -> list[gr.blocks.Block]:
        return [component for component, _, _ in self._entries]

    def updates(self, language: Language) -> Updates:
        return {
            component: gr.update(**{name: text(key, language, **values) for name, key in keys.items()})
            for component, keys, values in self._entries
        }
