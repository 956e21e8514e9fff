"""What one owner's passages are searched by: keywords and vectors, fused."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from retrieval.search.fuse import fuse
from retrieval.search.keywords import KeywordIndex
from retrieval.search.vectors import VectorIndex

Ids = npt.NDArray[np.int64]
Vectors = npt.NDArray[np.float32]

CANDIDATES = 50
"""So many of each half are fused, or `limit` if that is more."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """A passage's id and scores: `lexical` BM25, `dense` cosine, None when that half was not asked."""

    id: int
    score: float
    lexical: float
    dense: float | None


class Index:
    """Both halves over the same passages; without an embedder, keywords alone. Its caller keeps writers and readers
    apart. The exact scores of both halves decide on every candidate of either."""

    def __init__(self, keywords: KeywordIndex | None = None, vectors: VectorIndex | None = None) -> None:
        self.keywords = keywords or KeywordIndex()
        self.vectors = vectors

    def add(self, ids: Ids, texts: Sequence[str], vectors: Vectors | None) -> None:
        """`ids` ascend, and stand above all that were ever added. `vectors` float32 [ids, dimension]."""
        self.keywords.add(ids, texts)
        if self.vectors is not None and vectors is not None:
            self.vectors.add(ids, vectors)

    def remove(self, ids: Ids) -> None:
        self.keywords.remove(ids)
        if self.vectors is not None:
            self.vectors.remove(ids)

    def search(self, question: str, vector: Vectors | None, limit: int, *, allowed: Ids | None = None) -> list[Ranked]:
        """The best of the `allowed` passages (None: all). `vector` None: the dense half does not count, unless nothing
        holds a word of the question."""
        depth = max(CANDIDATES, limit)
        if vector is None or self.vectors is None:
            ids, lexical = self.keywords.search(question, depth, allowed=allowed)
            return [Ranked(int(i), float(s), float(s), None) for i, s in zip(ids[:limit], lexical, strict=False)]
        foreign = self._foreign(question, allowed)
        near, _ = self.vectors.search(vector, depth, allowed=allowed)
        if len(foreign):  # else they would hardly be among the nearest
            near = np.union1d(near, self.vectors.search(vector, depth, allowed=foreign)[0])
        ids, lexical = self.keywords.search(question, depth, allowed=allowed, also=near)
        dense = self.vectors.scores(vector, ids)
        fused = fuse(lexical, dense, self.keywords.ceiling(question), np.isin(ids, foreign))
        best = np.lexsort((ids, -fused))[:limit]
        return [Ranked(int(ids[n]), float(fused[n]), float(lexical[n]), float(dense[n])) for n in best]

    def _foreign(self, question: str, allowed: Ids | None) -> Ids:
        """Those of the `allowed` passages that are in another script than the question, where some are and some are not."""
        found = self.keywords.elsewhere(question)
        if allowed is not None and len(found):
            found = np.intersect1d(found, allowed)
        total = len(self.keywords) if allowed is None else len(allowed)
        return found if len(found) < total else found[:0]
