"""How many tokens the segments of a text take, from one count for many of them: a remote engine asks its server each time."""

from collections.abc import Callable, Mapping
from math import ceil
from threading import Lock

from chatbot.engine.base import Engine

TOGETHER = 20  # segments that are counted at once

Tokens = Callable[[str], int]
"""How many tokens a part of a segment takes, or nearly so."""


class Sizes:
    """Of the segments in `texts`, by their numbers: each group's tokens a byte, counted when the first of it is asked about."""

    def __init__(self, engine: Engine, texts: Mapping[int, str]) -> None:
        self._engine, self._texts = engine, list(texts.values())
        self._group = {at: place // TOGETHER for place, at in enumerate(texts)}
        self._known: dict[int, float] = {}
        self._lock = Lock()

    def of(self, at: int) -> Tokens:
        """Estimates the tokens of parts of segment `at`. The first call may raise what the engine raises."""
        return lambda text: ceil(_bytes(text) * self._tokens_a_byte(self._group[at]))

    def _tokens_a_byte(self, group: int) -> float:
        with self._lock:
            if group not in self._known:
                text = "\n".join(self._texts[group * TOGETHER :][:TOGETHER])
                self._known[group] = self._engine.count_tokens(text) / _bytes(text)
            return self._known[group]


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "replace"))
