"""Nearest passages by cosine, with FAISS: exact while they are few, inverted lists (IVF) when they are many.

Sivic and Zisserman's inverted file rather than a graph (HNSW), because FAISS can remove from it, add to it and apply a
selection inside the search. Sizes and recall: `python -m tests.bench.documents.search`.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import numpy.typing as npt

Ids = npt.NDArray[np.int64]
Vectors = npt.NDArray[np.float32]

EXACT = 50_000
"""Up to so many passages every one is looked at."""
PROBED = 0.2
"""The share of the inverted lists that is searched: recall@10 against the exact search stays above 0.98."""
PART = 50_000  # vectors that are moved at a time
SAMPLE = 40  # vectors for each list when the lists are laid out
ACROSS_LISTS = 1
"""FAISS's `parallel_mode` in which the lists of a single question are shared among the threads: else one of them does all. With two
million passages that halves the time (`python -m tests.bench.documents.scale`)."""
GROWTH = 4  # the lists are laid out anew when there are so many times the vectors they were made for


class VectorIndex:
    """Unit vectors by id; scores are cosines. Its caller keeps writers and readers apart."""

    def __init__(self, dimension: int, *, exact: int = EXACT) -> None:
        self._exact = exact
        self._laid_out = 0  # for how many vectors; 0: every vector is compared
        self._mapped = False
        self._index: Any = faiss.IndexIDMap(faiss.IndexFlatIP(dimension))

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def dimension(self) -> int:
        return int(self._index.d)

    @property
    def ids(self) -> Ids:
        if not self._laid_out:
            found: Ids = faiss.vector_to_array(self._index.id_map)
            return np.sort(found)
        lists = self._index.invlists
        parts = [
            faiss.rev_swig_ptr(lists.get_ids(n), lists.list_size(n)).copy()
            for n in range(self._index.nlist)
            if lists.list_size(n)
        ]
        return np.sort(np.concatenate([np.empty(0, np.int64), *parts]))

    def add(self, ids: Ids, vectors: Vectors) -> None:
        if not len(ids):
            return
        self._unmap()
        self._index.add_with_ids(np.ascontiguousarray(vectors, np.float32), np.asarray(ids, np.int64))
        if len(self) > max(self._exact, GROWTH * self._laid_out):
            self._lay_out()

    def remove(self, ids: Ids) -> None:
        if len(ids):
            self._unmap()
            self._index.remove_ids(faiss.IDSelectorBatch(np.asarray(ids, np.int64)))

    def search(self, vector: Vectors, limit: int, *, allowed: Ids | None = None) -> tuple[Ids, Vectors]:
        """The `limit` nearest to `vector` [dimension] among the `allowed` (None: all), best first, and their cosines."""
        if not len(self) or (allowed is not None and not len(allowed)):
            return np.empty(0, np.int64), np.empty(0, np.float32)
        selector, keep = _selector(allowed)
        if self._laid_out:
            share = 1.0 if allowed is None else len(allowed) / len(self)
            lists = min(self._index.nlist, int(np.ceil(PROBED * self._index.nlist / share)))
            parameters = faiss.SearchParametersIVF(nprobe=lists, sel=selector)
        else:
            parameters = faiss.SearchParameters(sel=selector)
        scores, ids = self._index.search(vector.reshape(1, -1).astype(np.float32), limit, params=parameters)
        del keep
        found = ids[0] >= 0
        return ids[0][found], scores[0][found]

    def scores(self, vector: Vectors, ids: Ids) -> Vectors:
        """The cosine of each passage in `ids`, in their order."""
        found, scores = self.search(vector, len(ids), allowed=ids) if len(ids) else (ids, np.empty(0, np.float32))
        order = np.argsort(found)
        cosines: Vectors = scores[order][np.searchsorted(found, ids, sorter=order)]
        return cosines

    def save(self, path: Path) -> None:
        self._unmap()
        faiss.write_index(self._index, str(path))

    @classmethod
    def load(cls, path: Path, *, exact: int = EXACT) -> "VectorIndex":
        """What `save` wrote, memory-mapped if it is inverted lists, until the first change. The caller has checked that
        the file is unaltered: FAISS does not."""
        stored = faiss.read_index(str(path), faiss.IO_FLAG_MMAP)
        index = cls(stored.d, exact=exact)
        index._index = stored
        if isinstance(stored, faiss.IndexIVFFlat):
            index._laid_out, index._mapped = int(stored.ntotal), True
            stored.parallel_mode = ACROSS_LISTS  # the file does not say it
            # else 32 threads, started anew for each search, read ahead in every list: 10 ms of 11
            faiss.downcast_InvertedLists(stored.invlists).prefetch_nthread = 0
        return index

    def _lay_out(self) -> None:
        """Move everything into inverted lists made for the present number of vectors: a part at a time, so that no third copy of
        them is in memory."""
        dimension, count = self.dimension, len(self)
        lists = int(4 * np.sqrt(count))
        quantizer = faiss.IndexFlatIP(dimension)
        index = faiss.IndexIVFFlat(quantizer, dimension, lists, faiss.METRIC_INNER_PRODUCT)
        index.own_fields = True
        index.parallel_mode = ACROSS_LISTS
        quantizer.this.disown()
        index.cp.spherical = True
        index.cp.max_points_per_centroid = SAMPLE
        every = max(1, count // (SAMPLE * lists))
        index.train(np.concatenate([vectors[::every] for _, vectors in self._parts()]))
        for ids, vectors in self._parts():
            index.add_with_ids(vectors, ids)
        self._index, self._laid_out = index, count

    def _parts(self) -> Iterator[tuple[Ids, Vectors]]:
        """All ids with their vectors, some at a time."""
        if not self._laid_out:
            ids, flat = faiss.vector_to_array(self._index.id_map), faiss.downcast_index(self._index.index)
            for start in range(0, len(ids), PART):
                part = ids[start : start + PART]
                yield part, flat.reconstruct_n(start, len(part))
            return
        lists = self._index.invlists
        for n in range(self._index.nlist):
            if size := lists.list_size(n):
                codes = faiss.rev_swig_ptr(lists.get_codes(n), size * lists.code_size)
                yield faiss.rev_swig_ptr(lists.get_ids(n), size).copy(), codes.view(np.float32).reshape(size, -1).copy()

    def _unmap(self) -> None:
        """Copy the lists into memory, where they may change."""
        if self._mapped:
            lists = faiss.ArrayInvertedLists(self._index.nlist, self._index.code_size)
            everything = faiss.InvertedLists.SUBSET_TYPE_ID_RANGE
            self._index.invlists.copy_subset_to(lists, everything, 0, np.iinfo(np.int64).max)
            self._index.replace_invlists(lists, True)
            lists.this.disown()
            self._mapped = False


def _selector(allowed: Ids | None) -> tuple[Any, Any]:
    """FAISS's filter, and the memory it points into, which must outlive the search."""
    if allowed is None:
        return None, None
    bits = np.zeros(int(allowed.max()) + 1, bool)
    bits[allowed] = True
    packed = np.packbits(bits, bitorder="little")
    return faiss.IDSelectorBitmap(packed), packed
