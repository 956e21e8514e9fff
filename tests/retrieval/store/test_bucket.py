"""Two Banyans with a folder each, one database and one bucket: originals are found by both, and gone from both; whatever fails, all or nothing is there."""

import os
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from chatbot.common.bucket.bucket import Bucket
from chatbot.common.errors import NotFound, StoreError, StoreUnavailable
from retrieval.library import Library
from retrieval.store import kept
from tests.chatbot.common.buckets import Server
from tests.retrieval.cheap import WordHashes


class Two(NamedTuple):
    here: Library
    there: Library
    server: Server
    folder: Path

    @property
    def copies(self) -> list[str]:
        """Originals on the disk of the second one."""
        return [path.name for name in ("files", "fetched") for path in (self.folder / "there" / name).iterdir()]


@pytest.fixture
def two(tmp_path: Path, postgres: str, s3: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Two]:
    monkeypatch.setattr(kept, "ROUND", 0.5)
    bucket = s3.url("office")
    here, there = (
        Library(tmp_path / name, WordHashes(), place=postgres, bucket=Bucket(bucket)) for name in ("here", "there")
    )
    yield Two(here, there, s3, tmp_path)
    s3.well()
    for library in (here, there):
        library.close()


def write(folder: Path, text: str = "Figs ripen in June.") -> Path:
    path = folder / f"{secrets.token_hex(4)}.txt"
    path.write_text(text)
    return path


def until(true: object, seconds: float = 20.0) -> None:
    assert callable(true)
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_what_one_adds_the_other_opens_and_neither_keeps_what_is_removed(two: Two) -> None:
    document = two.here.add("ada", write(two.folder), "figs.txt")
    assert two.server.keys() == {f"office/files/{document.id}"}
    assert two.there.original("ada", document.id).read_text() == "Figs ripen in June."
    two.server.failing(500, "InternalError")  # from now on there is a copy
    assert two.there.original("ada", document.id).read_text() == "Figs ripen in June."
    assert two.here.original("ada", document.id).read_text() == "Figs ripen in June."
    two.server.well()
    two.here.remove("ada", document.id)
    assert two.server.keys() == set()
    with pytest.raises(NotFound):
        two.there.original("ada", document.id)
    until(lambda: not two.copies)


def test_a_file_that_cannot_be_read_never_goes_there(two: Two) -> None:
    refused = two.folder / "photo.txt"
    refused.write_bytes(b"\x00\x01" * 500)
    two.server.asked.clear()
    assert two.here.add("ada", refused, "photo.txt").status == "rejected"
    assert not [asked for asked in two.server.asked if asked.startswith(("PUT", "DELETE"))]


@pytest.mark.parametrize(
    ("fault", "error"), [((500, "InternalError"), StoreUnavailable), ((403, "AccessDenied"), StoreError)]
)
def test_a_document_is_there_with_its_original_or_not_at_all(
    two: Two, fault: tuple[int, str], error: type[StoreError]
) -> None:
    two.server.failing(*fault, method="PUT")
    with pytest.raises(error, match="The bucket that keeps the files"):
        two.here.add("ada", write(two.folder), "figs.txt")
    assert two.here.list("ada") == []
    assert two.here.search("ada", "figs") == []
    assert list((two.folder / "here" / "files").iterdir()) == []
    two.server.well()
    document = two.here.add("ada", write(two.folder), "figs.txt")
    until(lambda: two.server.keys() == {f"office/files/{document.id}"})


def test_an_answer_that_was_lost_leaves_no_original_behind(two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bucket has kept the file, and the database then says no."""

    def lost(*values: object, **more: object) -> None:
        raise StoreUnavailable("away")

    monkeypatch.setattr(two.here._store, "add", lost)
    with pytest.raises(StoreUnavailable):
        two.here.add("ada", write(two.folder), "figs.txt")
    assert two.server.keys() == set()


def test_a_removal_beside_a_bucket_that_is_away_is_made_up_for(two: Two) -> None:
    document = two.here.add("ada", write(two.folder), "figs.txt")
    two.server.failing(500, "InternalError")
    two.here.remove("ada", document.id)
    assert two.here.list("ada") == []
    assert two.server.keys() == {f"office/files/{document.id}"}
    two.server.well()
    until(lambda: not two.server.keys())


def test_a_bucket_that_is_away_is_said_and_searching_goes_on(two: Two) -> None:
    document = two.here.add("ada", write(two.folder), "figs.txt")
    two.server.failing(503, "SlowDown")
    with pytest.raises(StoreUnavailable, match="does not answer"):
        two.there.original("ada", document.id)
    assert [hit.passage.text for hit in two.there.search("ada", "figs")] == ["Figs ripen in June."]
    two.server.well()
    assert two.there.original("ada", document.id).read_text() == "Figs ripen in June."


def test_an_original_that_somebody_changed_in_the_bucket_is_not_shown(two: Two) -> None:
    document = two.here.add("ada", write(two.folder), "figs.txt")
    Bucket(two.server.url("office")).put(write(two.folder, "Figs are poison."), f"files/{document.id}")
    with pytest.raises(StoreError, match="changed in the bucket"):
        two.there.original("ada", document.id)


def test_what_a_kill_left_in_the_bucket_goes_when_nobody_can_be_adding_it(
    two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = two.here.add("ada", write(two.folder), "figs.txt")
    bucket = Bucket(two.server.url("office"))
    bucket.put(write(two.folder), f"files/{'0' * 32}")
    kept.sweep(bucket, two.here._store.owned)
    assert len(two.server.keys()) == 2
    monkeypatch.setattr(kept, "ABANDONED", -5.0)
    kept.sweep(bucket, two.here._store.owned)
    assert two.server.keys() == {f"office/files/{document.id}"}


def test_documents_from_before_there_was_a_bucket_move_in(tmp_path: Path, s3: Server) -> None:
    before = Library(tmp_path, WordHashes())
    document = before.add("ada", write(tmp_path), "figs.txt")
    before.close()
    after = Library(tmp_path, WordHashes(), bucket=Bucket(s3.url("office")))
    assert after.original("ada", document.id).read_text() == "Figs ripen in June."
    until(lambda: s3.keys() == {f"office/files/{document.id}"})
    until(lambda: not any((tmp_path / "files").iterdir()))
    after.close()


def test_a_copy_that_nobody_used_for_a_day_goes_and_is_fetched_again(two: Two) -> None:
    document = two.here.add("ada", write(two.folder), "figs.txt")
    copy = two.there.original("ada", document.id)
    os.utime(copy, (0, 0))
    until(lambda: not copy.exists())
    assert two.there.original("ada", document.id).read_text() == "Figs ripen in June."
