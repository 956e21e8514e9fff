"""A disk that flips bits makes no wrong answers: what is damaged is mended from the original, or said to be damaged."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from chatbot.common.database.seals import seal
from chatbot.common.errors import StoreError
from retrieval.library import Library
from retrieval.store.damaged import DAMAGED, WHOSE
from retrieval.store.database import SCHEMA
from retrieval.types import Document
from tests.retrieval.cheap import WordHashes

STORY = "The banyan began as an epiphyte. Its seed fell into the crown of a palm."


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    library = Library(tmp_path / "data", WordHashes())
    (tmp_path / "story.md").write_text(STORY)
    library.add("ada", tmp_path / "story.md", "story.md")
    library.close()
    return tmp_path / "data"


def damage(database: Path, text: bytes, number: int) -> bool:
    """One bit of the `number`th place where `text` stands is turned; False where there is no such place."""
    content = bytearray(database.read_bytes())
    places = [found.start() for found in re.finditer(re.escape(text), content)]
    if number >= len(places):
        return False
    content[places[number]] ^= 1
    database.write_bytes(content)
    return True


def only(library: Library) -> Document:
    (document,) = library.list("ada")
    return document


def test_a_flipped_bit_of_a_text_is_found_and_mended_from_the_original(folder: Path) -> None:
    number = 0
    while damage(folder / "library.db", b"epiphyte", number):
        library = Library(folder, WordHashes())
        assert (only(library).status, only(library).code) == ("rejected", DAMAGED)
        assert library.search("ada", "epiphyte") == []
        library.mend()
        assert only(library).status == "indexed"
        assert [hit.passage.text for hit in library.search("ada", "epiphyte")] == [STORY]
        assert [path.name for path in (folder / "files").iterdir()] == [only(library).id]
        library.close()
        number += 1
    assert number >= 2, "its page and its passage"


def test_what_cannot_be_mended_is_said_to_be_damaged(folder: Path) -> None:
    (original,) = (folder / "files").iterdir()
    original.write_text(STORY.replace("palm", "oak"))
    assert damage(folder / "library.db", b"epiphyte", 0)
    library = Library(folder, WordHashes())
    library.mend()
    assert (only(library).status, only(library).code) == ("rejected", DAMAGED)
    assert list((folder / "files").iterdir()) == []
    library.close()


def test_an_index_that_says_other_than_its_table_is_made_anew(folder: Path) -> None:
    library = Library(folder, WordHashes())
    sha256 = only(library).sha256.encode()
    library.close()
    assert damage(folder / "library.db", sha256, 1), "in the table and in the index of what the owner has"
    library = Library(folder, WordHashes())
    library.mend()
    assert only(library).status == "indexed"
    assert [hit.passage.text for hit in library.search("ada", "epiphyte")] == [STORY]
    library.close()


def test_a_file_that_is_damaged_beyond_that_is_not_opened(folder: Path) -> None:
    content = bytearray((folder / "library.db").read_bytes())
    content[4096 : 4096 + 64] = b"\xa5" * 64  # the head of its second page
    (folder / "library.db").write_bytes(content)
    with pytest.raises(StoreError) as refused:
        Library(folder, WordHashes())
    assert refused.value.kind in ("database_damaged", "database_unusable")


def test_rows_of_an_earlier_version_are_believed_and_sealed_from_then_on(folder: Path) -> None:
    """As the first version with seals finds them: no table of seals, and migrations to run."""
    with closing(sqlite3.connect(folder / "library.db")) as database:
        database.executescript(
            "DROP TABLE seals; DROP INDEX documents_of_collection; ALTER TABLE documents DROP COLUMN collection; DROP TABLE readers; "
            "DROP TABLE collections; ALTER TABLE passages DROP COLUMN tables; PRAGMA user_version = 1;"
        )
    Library(folder, WordHashes()).close()
    assert damage(folder / "library.db", b"epiphyte", 0)
    library = Library(folder, WordHashes())
    assert only(library).code == DAMAGED
    library.close()


def test_it_is_known_whose_each_sealed_row_is() -> None:
    assert set(SCHEMA.sealed) == WHOSE.keys()
    assert len({seal("a", "b"), seal("ab", ""), seal(b"ab"), seal(None), seal("")}) == 5, (
        "what stands where counts, too"
    )
