"""Nearest neighbours against numpy, in both forms of the index."""

from pathlib import Path

import numpy as np
import pytest

from retrieval.search.vectors import Ids, VectorIndex, Vectors

DIMENSION = 32


def unit(count: int, seed: int = 0) -> Vectors:
    """Clustered, as embeddings are."""
    random = np.random.default_rng(seed)
    centres = random.normal(size=(40, DIMENSION))
    vectors = centres[random.integers(0, 40, count)] + 0.4 * random.normal(size=(count, DIMENSION))
    normed: Vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return normed


def nearest(ids: Ids, vectors: Vectors, query: Vectors, limit: int) -> list[int]:
    return [int(id) for id in ids[np.argsort(-(vectors @ query))[:limit]]]


def recall(index: VectorIndex, ids: Ids, vectors: Vectors, allowed: Ids | None = None) -> float:
    found = []
    inside = np.isin(ids, allowed) if allowed is not None else np.ones(len(ids), bool)
    for query in unit(50, seed=9):
        best = nearest(ids[inside], vectors[inside], query, 10)
        found.append(len(set(index.search(query, 10, allowed=allowed)[0].tolist()) & set(best)) / len(best))
    return float(np.mean(found))


@pytest.fixture(params=[10_000, 500], ids=["exact", "lists"])
def exact(request: pytest.FixtureRequest) -> int:
    limit: int = request.param
    return limit


def test_finds_what_numpy_finds_however_vectors_came_and_went(exact: int, tmp_path: Path) -> None:
    ids, vectors = np.arange(10, 3010), unit(3000)
    index = VectorIndex(DIMENSION, exact=exact)
    for part in np.array_split(np.arange(3000), 7):
        index.add(ids[part], vectors[part])
    least = 1.0 if exact > 3000 else 0.9  # so few vectors are cut into very small lists
    assert recall(index, ids, vectors) >= least

    gone = np.random.default_rng(1).random(3000) < 0.4
    index.remove(ids[gone])
    ids, vectors = ids[~gone], vectors[~gone]
    assert index.ids.tolist() == ids.tolist()
    assert recall(index, ids, vectors) >= least

    index.save(tmp_path / "vectors")
    loaded = VectorIndex.load(tmp_path / "vectors", exact=exact)
    assert recall(loaded, ids, vectors) >= least
    more = np.arange(9000, 9100)
    loaded.remove(ids[:50])
    (tmp_path / "vectors").unlink()
    loaded.add(more, unit(100, seed=3))
    assert loaded.ids.tolist() == [*ids[50:].tolist(), *more.tolist()]
    assert loaded.search(unit(100, seed=3)[7], 1)[0].tolist() == [9007]


def test_the_selection_is_applied_inside_the_search(exact: int) -> None:
    ids, vectors = np.arange(3000), unit(3000)
    index = VectorIndex(DIMENSION, exact=exact)
    index.add(ids, vectors)
    for share in (0.5, 0.1, 0.005):
        allowed = np.sort(np.random.default_rng(2).choice(ids, int(3000 * share), replace=False))
        found = index.search(unit(1, seed=5)[0], 10, allowed=allowed)[0]
        assert len(found) == 10
        assert set(found) <= set(allowed)
        assert recall(index, ids, vectors, allowed) >= 0.9
    assert not len(index.search(vectors[0], 10, allowed=np.empty(0, np.int64))[0])


def test_scores_are_cosines_in_the_order_asked(exact: int) -> None:
    vectors = unit(3000)
    index = VectorIndex(DIMENSION, exact=exact)
    index.add(np.arange(3000), vectors)
    asked = np.array([2500, 3, 77, 1200])
    assert index.scores(vectors[3], asked) == pytest.approx(vectors[asked] @ vectors[3], abs=1e-5)
    assert len(index.scores(vectors[3], asked[:0])) == 0


def test_an_empty_index_finds_nothing() -> None:
    index = VectorIndex(DIMENSION)
    assert len(index.search(unit(1)[0], 5)[0]) == 0
    index.add(np.array([4]), unit(1))
    index.remove(np.array([4]))
    assert len(index) == 0
    assert len(index.search(unit(1)[0], 5)[0]) == 0


def test_the_lists_of_one_question_are_shared_among_the_threads_also_where_they_are_mapped(tmp_path: Path) -> None:
    index = VectorIndex(DIMENSION, exact=500)
    index.add(np.arange(1000), unit(1000))
    index.save(tmp_path / "vectors")
    assert [one._index.parallel_mode for one in (index, VectorIndex.load(tmp_path / "vectors", exact=10))] == [1, 1]
