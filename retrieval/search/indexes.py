"""The indexes that are in memory: one an owner, and one a collection that others search."""

import contextlib
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock

from retrieval.search.owner_index import OwnerIndex
from retrieval.store.indexed import Home
from retrieval.store.store import Store

INDEXES = 256
"""So many stay in memory; the one used longest ago gives way."""


class Indexes:
    """Safe to use from any thread. `embedder` is its id in the store and its dimension; None: keywords alone."""

    def __init__(self, store: Store, caches: Path, embedder: tuple[int, int] | None) -> None:
        self._store, self._caches, self._embedder = store, caches, embedder
        self._indexes: OrderedDict[Home, OwnerIndex] = OrderedDict()
        self._lock = Lock()
        self._keeper = ThreadPoolExecutor(1, thread_name_prefix="library-caches")

    def of(self, home: Home) -> OwnerIndex:
        with self._lock:
            if home not in self._indexes:
                self._indexes[home] = OwnerIndex(self._store, home, self._caches, self._embedder)
                if len(self._indexes) > INDEXES:
                    self._indexes.popitem(last=False)
            self._indexes.move_to_end(home)
            return self._indexes[home]

    def refresh(self, owner: str) -> None:
        """In the background, so that the owner's next search finds the index ready."""
        with contextlib.suppress(RuntimeError):  # closed: the next start will follow
            self._keeper.submit(self.of(Home(owner)).refresh)

    def clear(self) -> None:
        with self._lock:
            self._indexes.clear()

    def close(self) -> None:
        """Finish writing caches. Nothing is lost without it."""
        self._keeper.shutdown()
