"""Two Banyans over one database and one folder: what one adds or removes, the other finds or misses at its next search."""

import os
import secrets
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from retrieval.library import Library
from retrieval.search import owner_index
from retrieval.store import kept
from retrieval.store import store as tables
from retrieval.store.indexed import Home
from retrieval.types import Document, Page, Passage
from tests.retrieval.cheap import WordHashes


@pytest.fixture
def two(tmp_path: Path, postgres: str) -> Iterator[tuple[Library, Library]]:
    made = Library(tmp_path, WordHashes(), place=postgres), Library(tmp_path, WordHashes(), place=postgres)
    yield made
    for library in made:
        library.close()


def write(folder: Path, text: str) -> Path:
    path = folder / f"{secrets.token_hex(4)}.txt"
    path.write_text(text)
    return path


def found(library: Library, question: str) -> list[str]:
    return [hit.passage.text for hit in library.search("ada", question)]


def test_what_one_adds_and_removes_the_other_follows(
    two: tuple[Library, Library], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(owner_index, "CACHED", 1)  # each writes caches, which the other may read or find gone
    here, there = two
    assert found(there, "figs") == []
    first = here.add("ada", write(tmp_path, "Figs ripen in June."), "a.txt")
    assert found(there, "figs") == ["Figs ripen in June."]
    there.add("ada", write(tmp_path, "Figs fall in July."), "b.txt")
    assert set(found(here, "figs")) == {"Figs ripen in June.", "Figs fall in July."}
    assert here.add("ada", write(tmp_path, "Figs fall in July."), "c.txt").name == "b.txt"
    there.remove("ada", first.id)
    assert found(here, "figs") == found(there, "figs") == ["Figs fall in July."]
    assert [document.name for document in here.list("ada")] == ["b.txt"]


def test_a_start_beside_others_takes_no_file_that_is_still_being_added(tmp_path: Path, postgres: str) -> None:
    files = tmp_path / "files"
    files.mkdir()
    young, old = (files / secrets.token_hex(16) for _ in range(2))
    for path in (young, old):
        path.write_text("x")
    before = time.time() - kept.ABANDONED - 60
    os.utime(old, (before, before))
    Library(tmp_path, None, place=postgres).close()
    assert young.exists()
    assert not old.exists()


def test_documents_that_are_added_at_once_keep_their_passages_and_vectors_together(postgres: str) -> None:
    apps = [tables.Store(postgres) for _ in range(2)]
    embedder = apps[0].embedder("f", "words", 4)
    assert apps[1].embedder("f", "words", 4) == embedder

    def add(n: int) -> None:
        id = f"{n:032x}"
        passages = [Passage(1, 0, 1, f"{n} {k}") for k in range(30)]
        vectors = (np.full((30, 4), n) + np.arange(30)[:, None] / 100).astype(np.float32)
        document = Document(id, "ada", "a", "text", 1, id, "indexed", pages=1, passages=30, created=float(n))
        apps[n % 2].add(document, [Page(1, "text")], passages, (embedder, vectors))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, range(12)))
    generation, stretches = apps[0].stretches(Home("ada"))
    assert (generation, len(stretches)) == (12, 12)
    for id, stretch in stretches.items():
        n = int(id, 16)
        contents = apps[1].contents("ada", stretch, embedder)
        assert contents is not None and contents[1] is not None
        assert contents[0] == [f"{n} {k}" for k in range(30)]
        assert np.allclose(contents[1][:, 0], n + np.arange(30) / 100)
    assert apps[0].unembedded(embedder) == 0
    assert sorted(apps[0].passages_by_id("ada", [1, 2, 10**9])) == [1, 2]
    assert apps[0].passages_by_id("eve", [1, 2]) == {}
    assert apps[0].passages_by_id("ada", []) == {}
    for store in apps:
        store.close()
