"""Collections: who is let in reads and asks, and changes nothing; everybody else finds nothing there."""

import hashlib
import inspect
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from chatbot.access.owner import owner_of
from chatbot.common.database.door import Place, opened
from chatbot.common.errors import InputError, NotFound
from retrieval.library import Library
from retrieval.store import collections as module
from retrieval.store.collections import Collections
from retrieval.store.database import SCHEMA
from retrieval.types import EVERYBODY, Collection, Document, Hit, Page, Passage
from tests.retrieval.cheap import WordHashes

ANN, BOB, EVE = (owner_of(SimpleNamespace(username=name)) for name in ("ann", "bob", "eve"))
GUEST = owner_of(None)
SECRET = "The secret figs are in the cellar."
READING: dict[str, Callable[[Library, str, Document], Any]] = {
    "get": lambda library, who, d: library.get(who, d.id),
    "pages": lambda library, who, d: library.pages(who, d.id),
    "passages": lambda library, who, d: library.passages(who, d.id),
    "original": lambda library, who, d: library.original(who, d.id).read_text(),
    "search": lambda library, who, d: library.search(who, "secret figs", documents=[d.id]),
    "documents": lambda library, who, d: library.collections.documents(who, d.collection),
    "home": lambda library, who, d: library.collections.home(who, [d.id]),
    "named": lambda library, who, d: library.collections.named(who, d.collection),
}
CHANGING: dict[str, Callable[[Library, str, Document], Any]] = {
    "remove document": lambda library, who, d: library.remove(who, d.id),
    "rename document": lambda library, who, d: library.rename(who, d.id, "mine.txt"),
    "put": lambda library, who, d: library.collections.put(who, d.id, ""),
    "owned": lambda library, who, d: library.collections.owned(who, d.collection),
    "rename": lambda library, who, d: library.collections.rename(who, d.collection, "Mine"),
    "share": lambda library, who, d: library.collections.share(who, d.collection, [who]),
    "remove": lambda library, who, d: library.collections.remove(who, d.collection),
}
OF_ONES_OWN = {"of", "create", "made"}  # they name nothing of anybody else's


@pytest.fixture
def library(tmp_path: Path, place: Place) -> Iterator[Library]:
    library = Library(tmp_path / "data", WordHashes(), place=place)
    yield library
    library.close()


def added(library: Library, text: str, collection: str = "", owner: str = ANN) -> Document:
    """Straight into the store: what reads files is not what is tried here."""
    store, id, sha256 = library._store, secrets.token_hex(16), fingerprint_of(text)
    (library._originals.files / id).write_text(text)
    passages = [Passage(1, 0, len(text), text)]
    document = Document(
        id, owner, "figs.txt", "text", len(text), sha256, "indexed", 1, 1, created=time.time(), collection=collection
    )
    assert library._embedder_id
    return store.add(document, [Page(1, text)], passages, (library._embedder_id, WordHashes().passages([text])))


def fingerprint_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture
def secret(library: Library) -> Document:
    """In a collection that nobody else may read."""
    return added(library, SECRET, library.collections.create(ANN, "Figs").id)


def found(hits: Any) -> list[str]:
    return [hit.passage.text for hit in hits]


def test_every_call_is_tried_below() -> None:
    calls = {name for name, _ in inspect.getmembers(Collections, inspect.isfunction) if not name.startswith("_")}
    assert calls - OF_ONES_OWN == {name for name in READING | CHANGING if " " not in name} & calls


def test_documents_are_grouped_moved_and_set_free(library: Library, secret: Document) -> None:
    collections = library.collections
    (figs,) = collections.of(ANN)
    assert (figs.name, figs.documents, figs.readers) == ("Figs", 1, ())
    plums = collections.create(ANN, "Plums")
    loose = added(library, "Loose plums.")
    assert loose.collection == ""
    collections.put(ANN, loose.id, plums.id)
    collections.put(ANN, secret.id, plums.id)
    assert {d.id for d in collections.documents(ANN, plums.id)} == {loose.id, secret.id}
    assert [one.documents for one in collections.of(ANN)] == [0, 2]
    collections.rename(ANN, figs.id, "Apples\u202e")
    assert [one.name for one in collections.of(ANN)] == ["Apples", "Plums"]
    collections.remove(ANN, plums.id)
    assert library.get(ANN, secret.id).collection == ""
    assert library.search(ANN, "secret figs")[0].passage.text == SECRET, "its documents stay"
    late = added(library, "Late pears.", plums.id)
    assert late.collection == library.get(ANN, late.id).collection == "", "it went while they were read"
    library.remove(ANN, secret.id)
    assert collections.of(EVE) == []


def test_names_are_told_apart_and_there_is_an_end(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    collections = library.collections
    figs, plums = collections.create(ANN, " Figs "), collections.create(ANN, "Plums")
    assert collections.create(EVE, "Figs").name == "Figs"
    for taken in (lambda: collections.create(ANN, "Figs"), lambda: collections.rename(ANN, plums.id, "Figs")):
        with pytest.raises(InputError) as refused:
            taken()
        assert refused.value.kind == "collection_taken"
    collections.rename(ANN, figs.id, "Figs")
    assert collections.made(ANN, "Figs").id == figs.id == collections.made(ANN, figs.id).id
    assert collections.made(EVE, figs.id).id != figs.id
    assert collections.named(ANN, "Plums").id == plums.id
    with pytest.raises(InputError, match="needs a name"):
        collections.create(ANN, " \n")
    monkeypatch.setattr(module, "MOST", 2)
    with pytest.raises(InputError) as full:
        collections.create(ANN, "Pears")
    assert full.value.kind == "collections_full"


def test_who_is_not_let_in_finds_nothing_there(library: Library, secret: Document) -> None:
    library.collections.share(ANN, secret.collection, [BOB])
    for who, call in product((EVE, GUEST, "bob", "users", "", "user:"), (READING | CHANGING).values()):
        with pytest.raises(NotFound) as foreign:
            call(library, who, secret)
        with pytest.raises(NotFound) as absent:
            call(library, who, replace(secret, id="none", collection="none"))
        assert str(foreign.value) == str(absent.value)
    assert library.get(ANN, secret.id) == secret


def test_who_is_let_in_reads_and_changes_nothing(library: Library, secret: Document) -> None:
    collections = library.collections
    for readers, others in (([BOB], [EVE, GUEST]), ([EVERYBODY], [GUEST])):
        collections.share(ANN, secret.collection, readers)
        (own,) = collections.of(ANN)
        assert own.readers == tuple(readers)
        assert collections.of(BOB) == [Collection(own.id, ANN, "Figs", 1, (), own.created)], "not who else reads it"
        assert library.list(BOB) == []
        assert library.search(BOB, "secret figs") == []
        for name, call in READING.items():
            assert call(library, BOB, secret), name
        assert found(library.search(BOB, "secret figs", documents=[secret.id])) == [SECRET]
        for change in CHANGING.values():
            with pytest.raises(NotFound):
                change(library, BOB, secret)
        assert library.get(ANN, secret.id) == secret
        for other in others:
            assert collections.of(other) == []
    assert collections.of(EVE)[0].id == secret.collection, "everybody who signs in"
    collections.share(ANN, secret.collection, [])
    for call in READING.values():
        with pytest.raises(NotFound):
            call(library, BOB, secret)


def test_what_is_taken_out_is_out_of_reach_and_what_comes_in_is_found(library: Library, secret: Document) -> None:
    """An older document that is moved in stands below those that are indexed already."""
    older = library.collections.create(ANN, "Other").id
    library.collections.put(ANN, secret.id, older)
    late = added(library, "Late figs.", "")
    shared = library.collections.create(ANN, "Shared").id
    library.collections.share(ANN, shared, [BOB])

    def asked() -> set[str]:
        there = [document.id for document in library.collections.documents(BOB, shared)]
        return set(found(library.search(BOB, "secret late figs", documents=there)))

    library.collections.put(ANN, late.id, shared)
    assert asked() == {"Late figs."}
    library.collections.put(ANN, secret.id, shared)
    assert asked() == {"Late figs.", SECRET}
    library.collections.put(ANN, late.id, "")
    assert asked() == {SECRET}
    with pytest.raises(NotFound):
        library.search(BOB, "late figs", documents=[late.id])
    library.remove(ANN, secret.id)
    assert asked() == set()


def test_scores_tell_nothing_of_what_is_not_shared(library: Library, secret: Document) -> None:
    library.collections.share(ANN, secret.collection, [BOB])

    def asked() -> list[Hit]:
        return list(library.search(BOB, "secret figs", documents=[secret.id]))

    before = asked()
    for n in range(5):
        added(library, f"Figs {n} and figs and secret figs.")
    assert asked() == before


def test_one_asks_ones_own_or_one_collection_of_another(library: Library, secret: Document) -> None:
    library.collections.share(ANN, secret.collection, [BOB])
    mine = added(library, "Bob's figs.", owner=BOB)
    with pytest.raises(InputError) as refused:
        library.search(BOB, "figs", documents=[mine.id, secret.id])
    assert refused.value.kind == "mixed_documents"
    assert found(library.search(BOB, "figs", documents=[mine.id])) == ["Bob's figs."]


def test_a_library_from_before_has_its_documents_in_no_collection(tmp_path: Path, place: Place) -> None:
    before = opened(place, replace(SCHEMA, migrations=SCHEMA.migrations[:2]))
    row = ("d" * 32, ANN, "old.txt", "text", 1, "f" * 64, "indexed", 1, 0, "[]", "", "", 1.0)
    with before.writing() as database:
        database.execute("INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
    before.close()
    library = Library(tmp_path, None, place=place)
    (document,) = library.list(ANN)
    assert (document.name, document.collection, library.collections.of(ANN)) == ("old.txt", "", [])
    library.collections.put(ANN, document.id, library.collections.create(ANN, "Old").id)
    library.close()
    again = Library(tmp_path, None, place=place)
    assert again.list(ANN)[0].collection == again.collections.of(ANN)[0].id
    again.close()
