"""Files on their way: each owner's are their own, and none stays."""

import os
import time
from pathlib import Path

import pytest

from chatbot.access.uploads import LONGEST, STRAY, Uploads
from chatbot.common.errors import InputError


@pytest.fixture
def uploads(tmp_path: Path) -> Uploads:
    found = Uploads(tmp_path / "uploads")
    found.empty()
    return found


def test_a_file_belongs_to_whom_it_was_made_for(uploads: Uploads) -> None:
    path = uploads.new("user:ann", "../../report.md", b"secret")
    assert Path(path).name == "report.md"
    assert uploads.require(path, "user:ann").read_bytes() == b"secret"
    with pytest.raises(InputError, match="of your own"):
        uploads.require(path, "user:eve")


def test_no_other_path_is_a_file_of_anybody(uploads: Uploads, tmp_path: Path) -> None:
    own = uploads.of("ann")
    own.mkdir()
    (tmp_path / "secret").write_text("x")
    (own / "link").symlink_to(tmp_path / "secret")
    given = [
        "/etc/passwd",
        "",
        "None",
        "7",
        "../secret",
        f"{own}/../../secret",
        f"{own}/link",
        f"{own}",
        f"{own}/no",
        "a\0b",
    ]
    for path in given:
        with pytest.raises(InputError):
            uploads.require(path, "ann")
    assert not uploads.belongs(f"{own}x", "ann"), "a folder whose name begins alike"


def test_what_is_done_is_freed_and_what_waits_for_long_is_swept(uploads: Uploads) -> None:
    assert LONGEST == 6 * 3600
    done, old, new = (Path(uploads.new("ann", name, b"12345")) for name in ("done", "old", "new"))
    assert uploads.size("ann") == 15
    assert uploads.size("eve") == 0
    with uploads.once(done):
        pass
    foreign = uploads.folder.parent / "foreign"
    foreign.write_text("x")
    uploads.free(foreign)
    assert foreign.exists(), "no other file is touched, whatever is named"
    past = time.time() - LONGEST - 1
    for path in (old, old.parent):
        os.utime(path, (past, past))
    uploads.sweep()
    assert [done.exists(), old.exists(), old.parent.exists(), new.exists()] == [False, False, False, True]
    uploads.empty()
    assert list(uploads.folder.iterdir()) == []
    assert uploads.folder.stat().st_mode & 0o777 == 0o700


def test_the_empty_files_that_gradio_makes_are_swept_before_what_waits_to_be_used(tmp_path: Path) -> None:
    uploads = Uploads(tmp_path)
    waits = Path(uploads.new("ada", "a.txt", b"words"))
    old, young = tmp_path / "tmpa1", tmp_path / "tmpb2"
    for path in (old, young):
        path.touch()
    past = time.time() - STRAY - 1
    for path in (waits, old):
        os.utime(path, (past, past))
    uploads.sweep()
    assert [old.exists(), young.exists(), waits.exists()] == [False, True, True]
