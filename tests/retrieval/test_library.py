"""Files in, hits out, and what is on disk between: over real files and a real database."""

import contextlib
import errno
import hashlib
import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from chatbot.common import disk
from chatbot.common.errors import NotFound, Stopped, StoreError, StoreFull
from chatbot.common.rejected import RejectedFile
from chatbot.common.wheels import MINILM
from retrieval import library as library_module
from retrieval.library import EmbedderChanged, Library
from retrieval.reading import readers
from retrieval.reading.readers import Reading
from retrieval.search import owner_index
from retrieval.search.embed import load
from retrieval.search.index import Ids, Index, Vectors
from retrieval.search.vectors import VectorIndex
from retrieval.store.collections import allowed
from retrieval.store.indexed import Home
from retrieval.store.originals import Step
from retrieval.store.store import PASSAGES
from tests.retrieval.cheap import WordHashes

STORY = """# The banyan

The banyan began as an epiphyte. Its seed fell into the crown of a palm.

# The monsoon

In June the monsoon came. Aerial roots reached the ground and became trunks.
"""


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    def written(name: str, text: str) -> Path:
        path = tmp_path / "uploads" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
        return path

    return written


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


def opened(folder: Path, embedder: WordHashes | None = None) -> Library:
    return Library(folder, embedder or WordHashes())


def texts(library: Library, question: str, owner: str = "ada") -> list[str]:
    return [hit.passage.text for hit in library.search(owner, question)]


def test_a_document_is_read_found_and_there_after_a_restart(folder: Path, write: Callable[[str, str], Path]) -> None:
    library = opened(folder)
    upload = write("story.md", STORY)
    steps: list[Step] = []
    document = library.add("ada", upload, "story.md", progress=lambda step, fraction: steps.append(step))
    assert document.status == "indexed"
    assert (document.name, document.kind, document.owner) == ("story.md", "markdown", "ada")
    assert document.sha256 == hashlib.sha256(STORY.encode()).hexdigest()
    assert list(dict.fromkeys(steps)) == ["keep", "read", "embed", "save"]

    before = (library.list("ada"), library.pages("ada", document.id), library.passages("ada", document.id))
    hit = library.search("ada", "When did the monsoon come?", limit=1)[0]
    assert "In June the monsoon came." in hit.passage.text
    assert hit.passage.document == document.id
    assert hit.lexical is not None
    assert hit.dense is not None
    page = library.pages("ada", document.id)[hit.passage.page - 1]
    assert page.text[hit.passage.start : hit.passage.end] == hit.passage.text
    library.close()

    upload.unlink()
    again = opened(folder)
    assert (again.list("ada"), again.pages("ada", document.id), again.passages("ada", document.id)) == before
    assert again.original("ada", document.id).read_bytes() == STORY.encode()
    assert again.search("ada", "When did the monsoon come?", limit=1)[0] == hit


def test_the_same_file_is_recognised_for_each_owner(folder: Path, write: Callable[[str, str], Path]) -> None:
    library = opened(folder)
    first = library.add("ada", write("story.md", STORY), "story.md")
    assert library.add("ada", write("copy.md", STORY), "copy.md") == first
    other = library.add("bob", write("story.md", STORY), "story.md")
    assert other.id != first.id
    assert len(library.list("ada")) == len(library.list("bob")) == 1
    assert {path.name for path in (folder / "files").iterdir()} == {first.id, other.id}


def test_the_same_file_many_times_at_once_is_kept_once(folder: Path, write: Callable[[str, str], Path]) -> None:
    library = opened(folder)
    upload = write("story.md", STORY)
    with ThreadPoolExecutor(4) as pool:
        documents = list(pool.map(lambda n: library.add("ada", upload, f"{n}.md"), range(4)))
    assert len({document.id for document in documents}) == 1
    assert [path.name for path in (folder / "files").iterdir()] == [documents[0].id]
    assert len(texts(library, "monsoon")) == documents[0].passages


def test_a_rejected_file_is_tried_anew_when_it_comes_again(
    folder: Path, write: Callable[[str, str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> Reading:
        raise RejectedFile("memory", name="story.md", megabytes=1)

    library = opened(folder)
    upload = write("story.md", STORY)
    with monkeypatch.context() as patched:
        patched.setattr(readers, "read", broken)
        assert library.add("ada", upload, "story.md").code == "memory"
    document = library.add("ada", upload, "story.md")
    assert document.status == "indexed"
    assert library.list("ada") == [document]
    assert texts(library, "monsoon")


def test_a_rejected_file_is_listed_with_its_reason_and_not_kept(
    folder: Path, write: Callable[[str, str], Path]
) -> None:
    library = opened(folder)
    document = library.add("ada", write("empty.pdf", ""), "../../empty\x00.pdf")
    assert (document.status, document.code, document.passages) == ("rejected", "empty", 0)
    assert "is empty" in document.reason
    assert library.list("ada") == [document]
    assert not any((folder / "files").iterdir())
    with pytest.raises(NotFound, match="rejected"):
        library.original("ada", document.id)
    assert library.search("ada", "empty", documents=[document.id]) == []

    again = library.add("ada", write("empty.pdf", ""), "empty.pdf")
    assert library.list("ada") == [again]
    library.remove("ada", again.id)
    assert library.list("ada") == []
    with pytest.raises(RejectedFile, match="no longer there"):
        library.add("ada", folder / "nowhere", "nowhere.txt")


@pytest.mark.parametrize("step", ["keep", "read", "embed", "save"])
def test_stopping_at_any_step_leaves_nothing(folder: Path, write: Callable[[str, str], Path], step: Step) -> None:
    library = opened(folder)
    stop = Event()

    def progress(at: Step, fraction: float | None) -> None:
        if at == step:
            stop.set()

    if step == "save":  # too late: it is acknowledged
        assert library.add("ada", write("a.md", STORY), "a.md", progress=progress, stop=stop).status == "indexed"
        return
    with pytest.raises(Stopped):
        library.add("ada", write("a.md", STORY), "a.md", progress=progress, stop=stop)
    assert library.list("ada") == []
    assert not any((folder / "files").iterdir())
    assert texts(library, "monsoon") == []


def test_removal_is_complete_and_immediate(
    folder: Path, write: Callable[[str, str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No file below the data folder holds a word of it: not the database, its log, a cache or an original."""
    monkeypatch.setattr(owner_index, "CACHED", 1)
    library = opened(folder)
    kept = library.add("ada", write("kept.md", "The monsoon stays."), "kept.md")
    gone = library.add("ada", write("gone.md", "The monsoon brought quixotry and zygotes."), "gone.md")
    settled(library)
    assert holding(folder, b"quixotry")
    assert any("quixotry" in text for text in texts(library, "monsoon quixotry"))

    library.remove("ada", gone.id)
    assert texts(library, "monsoon quixotry") == ["The monsoon stays."]
    settled(library)
    assert holding(folder, b"quixotry") == []
    assert holding(folder, b"#uixo") == []
    for call in (library.get, library.pages, library.passages, library.original, library.remove):
        with pytest.raises(NotFound):
            call("ada", gone.id)
    with pytest.raises(NotFound):
        library.search("ada", "monsoon", documents=[kept.id, gone.id])
    library.close()
    assert texts(opened(folder), "monsoon quixotry") == ["The monsoon stays."]


def test_only_the_chosen_documents_are_searched(folder: Path, write: Callable[[str, str], Path]) -> None:
    library = opened(folder)
    documents = [library.add("ada", write(f"{n}.txt", f"Tree {n} has figs."), f"{n}.txt") for n in range(8)]
    for document in documents:
        hits = library.search("ada", "Which tree has figs?", documents=[document.id])
        assert [hit.passage.document for hit in hits] == [document.id]
    pair = [documents[5].id, documents[2].id]
    assert {hit.passage.document for hit in library.search("ada", "figs", documents=pair)} == set(pair)
    assert library.search("ada", "figs", documents=[]) == []
    assert len(library.search("ada", "figs", limit=3)) == 3


def test_passages_are_read_by_their_ids_not_by_way_of_all_of_the_owners(
    folder: Path, write: Callable[[str, str], Path]
) -> None:
    with contextlib.closing(opened(folder)) as library:
        library.add("ada", write("a.md", STORY), "a.md")
    with contextlib.closing(sqlite3.connect(folder / "library.db")) as database:
        plan = database.execute(f"EXPLAIN QUERY PLAN {PASSAGES}AND p.id IN (?, ?)", (*allowed("ada"), 1, 2)).fetchall()
    assert "SEARCH p USING INTEGER PRIMARY KEY (rowid=?)" in [row[-1] for row in plan]
    assert not any("(owner=?)" in row[-1] for row in plan)


def test_renaming_keeps_the_rest(folder: Path, write: Callable[[str, str], Path]) -> None:
    library = opened(folder)
    document = library.add("ada", write("a.txt", "Figs."), "a.txt")
    library.rename("ada", document.id, "b\u202e\x00.txt")
    assert library.get("ada", document.id).name == "b.txt"
    assert texts(library, "figs") == ["Figs."]


def test_another_embedder_is_refused_until_all_is_embedded_anew(
    folder: Path, write: Callable[[str, str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library_module, "REEMBEDDED", 2)
    library = opened(folder)
    for n in range(7):
        library.add("ada" if n % 2 else "bob", write(f"{n}.txt", f"Tree {n} has figs."), f"{n}.txt")
    library.close()

    other = WordHashes(32, "2")
    library = opened(folder, other)
    with pytest.raises(EmbedderChanged, match="7 passages"):
        library.search("ada", "figs")
    with pytest.raises(EmbedderChanged):
        library.add("ada", write("new.txt", "New figs."), "new.txt")
    assert len(library.list("ada")) == 3

    stop = Event()
    with pytest.raises(Stopped):
        library.reembed(progress=lambda done, total: stop.set(), stop=stop)
    assert library.unembedded() == 5
    library.close()

    library = opened(folder, other)
    seen: list[tuple[int, int]] = []
    library.reembed(progress=lambda done, total: seen.append((done, total)))
    assert seen == [(2, 5), (4, 5), (5, 5)]
    assert other.embedded == 7
    assert len(library.search("ada", "figs")) == 3
    with sqlite3.connect(folder / "library.db") as database:
        assert database.execute("SELECT DISTINCT length(vector) FROM vectors").fetchall() == [(4 * 32,)]


def test_without_an_embedder_words_alone_are_searched(folder: Path, write: Callable[[str, str], Path]) -> None:
    library = Library(folder, None)
    library.add("ada", write("a.md", STORY), "a.md")
    hit = library.search("ada", "monsoon", limit=1)[0]
    assert hit.dense is None
    assert hit.lexical == hit.score
    library.close()
    later = opened(folder)
    with pytest.raises(EmbedderChanged):
        later.search("ada", "monsoon")
    later.reembed()
    assert later.search("ada", "monsoon", limit=1)[0].dense is not None


def test_a_cache_is_used_followed_and_distrusted(
    folder: Path, write: Callable[[str, str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(owner_index, "CACHED", 1)
    library = opened(folder)
    for n in range(6):
        library.add("ada", write(f"{n}.txt", f"Tree {n} has figs."), f"{n}.txt")
    settled(library)
    library.close()
    assert len(list((folder / "index").iterdir())) == 2

    indexed: list[int] = []
    add = Index.add

    def watched(self: Index, ids: Ids, passages: Sequence[str], vectors: Vectors | None) -> None:
        indexed.append(len(ids))
        add(self, ids, passages, vectors)

    monkeypatch.setattr(Index, "add", watched)
    library = opened(folder)
    assert len(library.search("ada", "figs", limit=9)) == 6
    assert indexed == []  # all came out of the cache

    monkeypatch.setattr(owner_index, "STALE", 10)  # so that the cache stays behind
    library.add("ada", write("new.txt", "A new tree has figs."), "new.txt")
    settled(library)
    library.close()
    indexed.clear()
    library = opened(folder)
    assert len(library.search("ada", "figs", limit=9)) == 7
    assert indexed == [1]
    library.close()

    for damage in (flip_a_byte, Path.unlink):
        damage(next((folder / "index").iterdir()))
        indexed.clear()
        library = opened(folder)
        assert len(library.search("ada", "figs", limit=9)) == 7
        assert sum(indexed) == 7
        library.close()


def test_what_a_killed_process_left_is_swept(folder: Path, write: Callable[[str, str], Path]) -> None:
    library = opened(folder)
    document = library.add("ada", write("a.txt", "Figs."), "a.txt")
    library.close()
    (folder / "files" / ("ab" * 16)).write_text("orphan")
    (folder / "files" / f"{disk.ASIDE}{'cd' * 8}").write_text("half")
    (folder / "files" / f"{'cd' * 16}.part").write_text("half, by an earlier version")
    (folder / "index" / ("ef" * 16)).write_text("orphan")
    (folder / "files" / "README").write_text("somebody else's")
    opened(folder)
    assert {path.name for path in (folder / "files").iterdir()} == {document.id, "README"}
    assert not any((folder / "index").iterdir())


def test_on_a_full_disk_nothing_of_a_document_is_kept_and_the_reason_is_told(
    folder: Path, write: Callable[[str, str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    library = opened(folder)

    def full(path: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(disk, "sync", full)
    with pytest.raises(StoreFull, match="Free some space"):
        library.add("ada", write("a.txt", "Figs."), "a.txt")
    assert library.list("ada") == []
    assert list((folder / "files").iterdir()) == []


def test_an_original_that_vanished_is_not_acknowledged(
    folder: Path, write: Callable[[str, str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    library = opened(folder)
    read = readers.read

    def vanishing(path: Path, *arguments: Any, **options: Any) -> Reading:
        reading = read(path, *arguments, **options)
        path.unlink()
        return reading

    monkeypatch.setattr(readers, "read", vanishing)
    with pytest.raises(StoreError, match="vanished"):
        library.add("ada", write("a.txt", "Figs."), "a.txt")
    assert library.list("ada") == []


def test_two_libraries_over_one_folder_see_each_other(folder: Path, write: Callable[[str, str], Path]) -> None:
    one, two = opened(folder), opened(folder)
    document = one.add("ada", write("a.txt", "Figs."), "a.txt")
    assert texts(two, "figs") == ["Figs."]
    two.remove("ada", document.id)
    assert texts(one, "figs") == []


def test_many_visitors_at_once(folder: Path, write: Callable[[str, str], Path]) -> None:
    """Owners add, search and remove side by side; each sees just what it has at that time."""
    library = opened(folder)
    faults: list[str] = []

    def visit(owner: str) -> None:
        for n in range(3):
            text = f"{owner} keeps figs in jar number {n}."
            document = library.add(owner, write(f"{owner}{n}.txt", text), f"{n}.txt")
            found = texts(library, "figs in a jar", owner)
            if text not in found or any(owner not in other for other in found):
                faults.append(f"{owner} found {found}")
            if n == 1:
                library.remove(owner, document.id)
                if text in texts(library, "figs in a jar", owner):
                    faults.append(f"{owner} found what was removed")

    threads = [threading.Thread(target=visit, args=(f"owner{n}x",)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert [len(library.list(f"owner{n}x")) for n in range(6)] == [2] * 6


def test_a_cache_that_cannot_be_written_costs_nothing_but_time(
    folder: Path, write: Callable[[str, str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(owner_index, "CACHED", 1)
    library = opened(folder)

    def full(self: VectorIndex, path: Path) -> None:
        path.write_text("half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(VectorIndex, "save", full)
    library.add("ada", write("a.txt", "Figs."), "a.txt")
    settled(library)
    assert texts(library, "figs") == ["Figs."]
    assert not any((folder / "index").iterdir())


@pytest.mark.parametrize("question", ["", "   ", "?", "\ud800", "\x00", "figs " * 100_000])
def test_any_question_is_survived(folder: Path, write: Callable[[str, str], Path], question: str) -> None:
    library = opened(folder)
    library.add("ada", write("a.txt", "Figs."), "a.txt")
    library.search("ada", question)


def test_passages_fit_the_embedders_window(folder: Path, write: Callable[[str, str], Path]) -> None:
    narrow = WordHashes()
    narrow.window = 64
    wide = opened(folder / "wide").add("ada", write("a.txt", "One more sentence. " * 200), "a.txt")
    assert (
        opened(folder / "narrow", narrow).add("ada", write("a.txt", "One more sentence. " * 200), "a.txt").passages
        > 3 * wide.passages
    )


def test_a_file_that_is_no_database_or_a_newer_one_is_told(folder: Path) -> None:
    folder.mkdir()
    (folder / "library.db").write_text("this is no database, it is a text that is long enough to be looked at" * 20)
    with pytest.raises(StoreError, match="not a Banyan database"):
        opened(folder)
    (folder / "library.db").unlink()
    opened(folder).close()
    with sqlite3.connect(folder / "library.db") as database:
        database.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreError, match="newer Banyan"):
        opened(folder)


def test_real_documents_are_found_with_the_bundled_embedders(
    folder: Path, models_folder: Path, write: Callable[[str, str], Path]
) -> None:
    library = Library(folder, load("bundled", models_folder, lambda step, fraction: None))
    library.add("ada", write("story.md", STORY), "story.md")
    library.add("ada", write("lease.txt", "The lease of the flat ends on 31 March 2027.\n\nNo pets."), "lease.txt")
    library.add("ada", write("zh.txt", "长城位于中国北方，全长超过两万公里。"), "zh.txt")
    hit = library.search("ada", "At what date do I have to move out of the apartment?", limit=1)[0]
    assert "31 March 2027" in hit.passage.text
    assert hit.dense is not None
    hit = library.search("ada", "长城有多长？", limit=1)[0]
    assert "两万公里" in hit.passage.text
    hit = library.search("ada", "租约什么时候到期？", limit=1)[0]  # in another language than the passage
    assert "31 March 2027" in hit.passage.text
    library.close()

    library = Library(folder, load(MINILM.title, models_folder, lambda step, fraction: None))
    library.reembed()
    assert library.search("ada", "长城有多长？", limit=1)[0].dense is None, "the embedder knows English only"


def settled(library: Library) -> None:
    """Wait until the caches are written."""
    library._indexes._keeper.submit(lambda: None).result()


def holding(folder: Path, word: bytes) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file() and word in path.read_bytes()]


def flip_a_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_of_a_question_four_thousand_characters_count(folder: Path, write: Callable[[str, str], Path]) -> None:
    library = Library(folder, None)
    library.add("ada", write("story.md", STORY), "story.md")
    assert library.search("ada", "monsoon".rjust(4000))
    assert not library.search("ada", " " * 4000 + "monsoon")


def test_however_many_people_come_the_indexes_of_few_stay_in_memory(folder: Path) -> None:
    library = Library(folder, None)
    for n in range(300):
        library.search(f"visitor {n}", "monsoon")
        library.search("ada", "monsoon")
    assert len(library._indexes._indexes) <= 256
    assert Home("ada") in library._indexes._indexes, "who comes again and again is not forgotten"
