"""An embedder that costs nothing, for tests that are about keeping, not about meaning."""

import re
import zlib
from collections.abc import Callable, Sequence
from threading import Event

import numpy as np

from chatbot.common.errors import Stopped
from retrieval.search.embed import TokenStates, Vectors


class WordHashes:
    """Counts of words, hashed into a few dimensions."""

    name = "word hashes"
    languages = None
    window = 256

    def __init__(self, dimension: int = 64, version: str = "1") -> None:
        self.dimension = dimension
        self.fingerprint = f"word hashes {dimension} {version}"
        self.embedded = 0

    def lengths(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) for text in texts]

    def passages(
        self,
        texts: Sequence[str],
        *,
        progress: Callable[[int, int], None] | None = None,
        stop: Event | None = None,
    ) -> Vectors:
        if stop is not None and stop.is_set():
            raise Stopped("stopped")
        vectors = np.full((len(texts), self.dimension), 1e-3, np.float32)
        for row, text in zip(vectors, texts, strict=True):
            for word in text.lower().split():
                row[zlib.crc32(word.encode()) % self.dimension] += 1
        self.embedded += len(texts)
        if progress:
            progress(len(texts), len(texts))
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors

    def queries(self, texts: Sequence[str]) -> Vectors:
        return self.passages(texts)

    def tokens(self, texts: Sequence[str], *, question: bool = False) -> list[TokenStates]:
        """Its words, each with a vector of its own."""
        spans = [tuple(match.span() for match in re.finditer(r"\S+", text)) for text in texts]
        return [
            TokenStates(self.passages([text[a:b] for a, b in places]), places)
            for text, places in zip(texts, spans, strict=True)
        ]
