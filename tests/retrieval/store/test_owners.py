"""Every call of the library, tried as somebody else: nothing is seen, nothing is changed."""

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chatbot.common.errors import NotFound
from retrieval.library import Library
from retrieval.types import Document
from tests.retrieval.cheap import WordHashes

FOREIGN: dict[str, Callable[[Library, str], Any]] = {
    "remove": lambda library, id: library.remove("eve", id),
    "rename": lambda library, id: library.rename("eve", id, "mine.txt"),
    "get": lambda library, id: library.get("eve", id),
    "pages": lambda library, id: library.pages("eve", id),
    "passages": lambda library, id: library.passages("eve", id),
    "original": lambda library, id: library.original("eve", id),
    "search": lambda library, id: library.search("eve", "secret figs", documents=[id]),
}
OWN = {"add", "list"}  # they name no document: what they show is looked at below
OF_NOBODY = {"close", "reembed", "mend", "unembedded"}
SECRET = "The secret figs are in the cellar."


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "data", WordHashes())


@pytest.fixture
def document(library: Library, tmp_path: Path) -> Document:
    path = tmp_path / "secret.txt"
    path.write_text(SECRET)
    return library.add("ada", path, "secret.txt")


def test_every_call_is_tried_below() -> None:
    calls = {name for name, _ in inspect.getmembers(Library, inspect.isfunction) if not name.startswith("_")}
    assert calls == FOREIGN.keys() | OWN | OF_NOBODY


@pytest.mark.parametrize("call", FOREIGN.values(), ids=FOREIGN)
def test_what_is_somebody_elses_does_not_exist(
    library: Library, document: Document, call: Callable[[Library, str], Any]
) -> None:
    with pytest.raises(NotFound) as foreign:
        call(library, document.id)
    with pytest.raises(NotFound) as absent:
        call(library, "no-such-id")
    assert str(foreign.value) == str(absent.value)
    assert library.get("ada", document.id) == document
    assert library.original("ada", document.id).read_text() == SECRET
    assert library.search("ada", "secret figs")[0].passage.text == SECRET


def test_lists_and_searches_show_ones_own(library: Library, document: Document, tmp_path: Path) -> None:
    assert library.list("eve") == []
    assert library.search("eve", "secret figs") == []
    path = tmp_path / "eve.txt"
    path.write_text("Eve has no figs.")
    mine = library.add("eve", path, "eve.txt")
    assert library.list("eve") == [mine]
    assert [hit.passage.document for hit in library.search("eve", "secret figs cellar", limit=50)] == [mine.id]
    with pytest.raises(NotFound):
        library.search("eve", "figs", documents=[mine.id, document.id])


def test_scores_do_not_tell_of_other_owners(library: Library, document: Document, tmp_path: Path) -> None:
    """Nor do the frequencies of words: what others keep changes nothing."""
    before = library.search("ada", "secret figs")
    for n in range(5):
        path = tmp_path / f"{n}.txt"
        path.write_text(f"Figs {n} and figs and secret figs.")
        library.add("eve", path, f"{n}.txt")
    assert library.search("ada", "secret figs") == before


@pytest.mark.parametrize("owner", ["", "' OR 1=1 --", "ada\x00", "ADA", "ada "])
def test_an_owner_is_exactly_that_name(library: Library, document: Document, owner: str) -> None:
    assert library.list(owner) == []
    assert library.search(owner, "secret figs") == []
    with pytest.raises(NotFound):
        library.get(owner, document.id)
