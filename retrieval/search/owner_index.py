"""The index of one owner, or of one collection, kept up to date with the database, which alone is true; cached on disk when it is large.

A change is noticed by the owner's generation at the next search and followed document by document. The same happens to a
cache that is older than the database. A cache whose checksum is wrong is not opened.
"""

import logging
import secrets
from collections.abc import Sequence
from pathlib import Path
from threading import Lock

import numpy as np
import numpy.typing as npt

from chatbot.common import disk
from chatbot.common.errors import StoreError
from chatbot.common.fingerprint import fingerprint
from retrieval.search.index import Index, Ranked
from retrieval.search.keywords import KeywordIndex
from retrieval.search.vectors import VectorIndex
from retrieval.store.indexed import Cache, Home, Stretch
from retrieval.store.store import Store

Ids = npt.NDArray[np.int64]
Vectors = npt.NDArray[np.float32]

log = logging.getLogger(__name__)

CACHED = 2_000
"""Passages from which on a cache is worth its file: fewer are read from the database in about a second."""
WORDS = "words"
"""What the keywords' cache is called; as "keywords" it was without scripts."""
STALE = 0.1
"""A cache is written anew when this share of the passages has come since."""


class OwnerIndex:
    """Safe to use from any thread; one search or change at a time.

    That of a collection weighs words by its documents alone, so that those who may search it learn nothing of the others; it
    stays in memory.
    """

    def __init__(self, store: Store, home: Home, folder: Path, embedder: tuple[int, int] | None) -> None:
        """`embedder` is its id in the store and its dimension; None: keywords alone."""
        self._store = store
        self._home, self._owner = home, home.owner
        self._folder = folder
        self._embedder = embedder
        self._lock = Lock()
        self._generation = 0
        self._stretches: dict[str, Stretch] = {}
        self._saved = 0
        self._index: Index | None = None

    def search(
        self, question: str, vector: Vectors | None, limit: int, documents: Sequence[str] | None
    ) -> list[Ranked]:
        """Raises `NotFound` when one of `documents` is not the owner's."""
        with self._lock:
            index = self._current()
            allowed = None if documents is None else self._ids(documents)
            return index.search(question, vector, limit, allowed=allowed)

    def refresh(self) -> None:
        """Follow the database now rather than at the next search, and write the caches if they are worth it."""
        with self._lock:
            index = self._current()
            passages = 0 if self._home.collection else len(index.keywords)
            if passages >= CACHED and passages - self._saved > STALE * passages:
                self._save(index)

    def _ids(self, documents: Sequence[str]) -> Ids:
        for id in documents:
            if id not in self._stretches:
                self._store.document(self._owner, id)  # raises NotFound; one without passages is the owner's too
        stretches = [self._stretches[id].ids for id in dict.fromkeys(documents) if id in self._stretches]
        return np.concatenate([np.empty(0, np.int64), *stretches])

    def _current(self) -> Index:
        generation = self._store.generation(self._owner)
        if self._index is None:
            self._index = (None if self._home.collection else self._opened()) or self._empty()
        if generation != self._generation:
            self._index = self._followed(self._index)
        return self._index

    def _empty(self) -> Index:
        return Index(KeywordIndex(), VectorIndex(self._embedder[1]) if self._embedder else None)

    def _followed(self, index: Index) -> Index:
        """Without what was removed, with what was added. Ids grow with every commit, so new ones stand above all; where an older
        document was moved into a collection, its index is made anew."""
        generation, there = self._store.stretches(self._home)
        last = max((known.first for known in self._stretches.values()), default=0)
        if any(stretch.first < last for id, stretch in there.items() if id not in self._stretches):
            index, self._stretches = self._empty(), {}
        gone = [stretch.ids for id, stretch in self._stretches.items() if id not in there]
        if gone:
            index.remove(np.concatenate(gone))
            self._saved = 0
        self._stretches = {id: stretch for id, stretch in self._stretches.items() if id in there}
        embedder = self._embedder[0] if self._embedder else None
        for id, stretch in there.items():
            if id in self._stretches:
                continue
            contents = self._store.contents(self._owner, stretch, embedder)
            if contents is None:  # removed meanwhile: the next look at the generation will tell
                generation = -1
                continue
            index.add(stretch.ids, *contents)
            self._stretches[id] = stretch
        self._generation = generation
        return index

    def _opened(self) -> Index | None:
        """The cached index, whose documents may have changed since; None when there is none to trust."""
        caches = self._store.caches(self._owner)
        wanted = {WORDS: None} | ({"vectors": self._embedder[0]} if self._embedder else {})
        if {part: cache.embedder for part, cache in caches.items()} != wanted:
            return None
        if len({cache.generation for cache in caches.values()}) != 1 or not all(map(self._intact, caches.values())):
            return None
        keywords = KeywordIndex.load(self._folder / caches[WORDS].file)
        vectors = VectorIndex.load(self._folder / caches["vectors"].file) if self._embedder else None
        if any(len(part) != caches[WORDS].rows for part in (keywords, vectors) if part is not None):
            return None
        _, there = self._store.stretches(self._home)
        cached = keywords.ids
        self._stretches = {
            id: stretch for id, stretch in there.items() if np.isin(stretch.first, cached, assume_unique=True)
        }
        index = Index(keywords, vectors)
        known = np.concatenate([np.empty(0, np.int64), *(stretch.ids for stretch in self._stretches.values())])
        index.remove(np.setdiff1d(cached, known))
        self._saved = len(known)
        return index

    def _intact(self, cache: Cache) -> bool:
        try:
            return fingerprint(self._folder / cache.file) == cache.sha256
        except OSError:
            return False

    def _save(self, index: Index) -> None:
        """Write new files whole, then name them in the database, then delete the old ones."""
        stale = [cache.file for cache in self._store.caches(self._owner).values()]
        parts: list[tuple[str, KeywordIndex | VectorIndex, int | None]] = [(WORDS, index.keywords, None)]
        if index.vectors is not None and self._embedder:
            parts.append(("vectors", index.vectors, self._embedder[0]))
        files = {part: secrets.token_hex(16) for part, _, _ in parts}
        saved = False
        try:
            caches = {part: self._written(files[part], data, embedder) for part, data, embedder in parts}
            saved = self._store.set_caches(self._owner, caches)
        except (OSError, RuntimeError, StoreError) as error:  # FAISS raises RuntimeError
            log.warning("An index could not be cached, so the next start takes longer: %s", error)
        if saved:
            self._saved = len(index.keywords)
        for file in stale if saved else files.values():
            (self._folder / file).unlink(missing_ok=True)

    def _written(self, file_name: str, part: KeywordIndex | VectorIndex, embedder: int | None) -> Cache:
        path = self._folder / file_name
        part.save(path)
        disk.sync(path)
        return Cache(path.name, self._generation, len(part), fingerprint(path), embedder)
