"""What is written is whole or not there, and on disk before it has its name, whatever is killed, whenever."""

import errno
import os
import re
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from chatbot.common import disk
from chatbot.common.errors import StoreError, StoreFull

ROOT = Path(__file__).parents[3]


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What is asked of the kernel: ("fsync", file or folder), ("replace", the new name) and so on, in order."""
    noted: list[tuple[str, str]] = []

    def noting(name: str, tell: Callable[..., str]) -> None:
        real = getattr(os, name)

        def call(*arguments: object, **options: object) -> object:
            noted.append((name, tell(*arguments)))
            return real(*arguments, **options)

        monkeypatch.setattr(os, name, call)

    noting("fsync", lambda descriptor: Path(f"/proc/self/fd/{descriptor}").resolve().name)
    noting("replace", lambda old, new: Path(new).name)
    noting("rename", lambda old, new: Path(new).name)
    noting("link", lambda old, new, **_: Path(new).name)
    return noted


def holding(folder: Path) -> dict[str, str]:
    """Every file below the folder, and what it holds."""
    return {str(p.relative_to(folder)): p.read_text() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_a_file_is_on_disk_before_it_has_its_name_and_the_name_after(
    tmp_path: Path, calls: list[tuple[str, str]]
) -> None:
    (tmp_path / "state").write_text("old")
    disk.write(tmp_path / "state", "naïve")
    assert (tmp_path / "state").read_bytes() == "naïve".encode()
    (first, made), *rest = calls
    assert (first, made[: len(disk.ASIDE)]) == ("fsync", disk.ASIDE)
    assert rest == [("replace", "state"), ("fsync", tmp_path.name)]


def test_every_file_of_a_folder_is_on_disk_before_it_has_its_name(tmp_path: Path, calls: list[tuple[str, str]]) -> None:
    with disk.aside_folder(tmp_path / "adapter") as made:
        assert made.name == "adapter"
        assert made.parent.parent == tmp_path
        (made / "weights").write_text("w")
        (made / "deep").mkdir()
        (made / "deep" / "card").write_text("c")
        assert not (tmp_path / "adapter").exists()
    placed = calls.index(("replace", "adapter"))
    assert {name for _, name in calls[:placed]} == {"adapter", "weights", "deep", "card"}
    assert calls[placed + 1 :] == [("fsync", tmp_path.name)]
    assert holding(tmp_path) == {"adapter/weights": "w", "adapter/deep/card": "c"}


def test_a_file_that_is_there_is_kept_by_create_and_a_new_one_is_on_disk(
    tmp_path: Path, calls: list[tuple[str, str]]
) -> None:
    disk.create(tmp_path / "secret", b"first", 0o600)
    assert [name for name, _ in calls] == ["fsync", "link", "fsync"]
    disk.create(tmp_path / "secret", b"second", 0o600)
    assert holding(tmp_path) == {"secret": "first"}


@pytest.mark.parametrize(("mode", "left"), [(0o600, 0o600), (0o666, 0o640)])
def test_who_may_read_is_settled_before_anything_is_written(tmp_path: Path, mode: int, left: int) -> None:
    before = os.umask(0o027)
    try:
        with disk.aside(tmp_path / "users.json", mode) as made:
            assert stat.S_IMODE(made.stat().st_mode) == left
        disk.create(tmp_path / "secret", b"x", mode)
        with disk.aside_folder(tmp_path / "job", 0o700):
            pass
    finally:
        os.umask(before)
    assert [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("users.json", "secret", "job")] == [
        left,
        left,
        0o700,
    ]


def full(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_on_a_full_disk_what_was_there_stays_and_nothing_else(
    tmp_path: Path, call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "state").write_text("old")
    monkeypatch.setattr(os, call, full)
    with pytest.raises(OSError, match="No space left"):
        disk.write(tmp_path / "state", "new")
    with pytest.raises(OSError, match="No space left"), disk.aside_folder(tmp_path / "adapter") as made:
        (made / "weights").write_text("w")
    assert holding(tmp_path) == {"state": "old"}
    assert not any(tmp_path.glob(".*"))


def test_what_fails_while_it_is_made_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("old")
    with pytest.raises(ValueError, match="midway"), disk.aside(tmp_path / "state") as made:
        made.write_text("half")
        raise ValueError("midway")
    with pytest.raises(ValueError, match="midway"), disk.aside_folder(tmp_path / "new" / "adapter") as made:
        (made / "weights").write_text("half")
        raise ValueError("midway")
    assert holding(tmp_path) == {"state": "old"}
    assert not any((tmp_path / "new").iterdir())


def test_a_folder_with_something_in_it_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "adapter").mkdir()
    (tmp_path / "adapter" / "weights").write_text("somebody's")
    with pytest.raises(OSError, match="not empty"), disk.aside_folder(tmp_path / "adapter") as made:
        (made / "weights").write_text("mine")
    assert holding(tmp_path) == {"adapter/weights": "somebody's"}


def test_with_over_a_folder_gives_way_once_the_new_one_is_on_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in (("adapter", "old"), ("made", "new")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "weights").write_text(text)
    with monkeypatch.context() as patched, pytest.raises(OSError, match="No space left"):
        patched.setattr(os, "fsync", full)
        disk.place(tmp_path / "made", tmp_path / "adapter", over=True)
    assert holding(tmp_path)["adapter/weights"] == "old"
    disk.place(tmp_path / "made", tmp_path / "adapter", over=True)
    assert holding(tmp_path) == {"adapter/weights": "new"}
    assert [path.name for path in tmp_path.iterdir()] == ["adapter"]


KILLED = """
import os, sys
from pathlib import Path
from chatbot.common import disk

folder, call, last = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
real, count = getattr(os, call), 0

def dying(*arguments, **options):
    global count
    count += 1
    if count == last:
        os._exit(9)
    return real(*arguments, **options)

setattr(os, call, dying)
disk.write(folder / "state", "new")
with disk.aside_folder(folder / "adapter") as made:
    (made / "weights").write_text("w")
disk.discard(folder / "adapter")
"""
KILLS = {  # before the call of that number -> the state of the folder, and what lies aside
    ("fsync", 1): ({"state": "old"}, 1),
    ("replace", 1): ({"state": "old"}, 1),
    ("fsync", 2): ({"state": "new"}, 0),
    ("fsync", 3): ({"state": "new"}, 1),
    ("fsync", 4): ({"state": "new"}, 1),
    ("replace", 2): ({"state": "new"}, 1),
    ("fsync", 5): ({"state": "new", "adapter/weights": "w"}, 1),
    ("rename", 1): ({"state": "new", "adapter/weights": "w"}, 0),
    ("fsync", 6): ({"state": "new"}, 1),
}


@pytest.mark.parametrize("at", KILLS, ids=lambda at: f"{at[0]} {at[1]}")
def test_killed_between_any_two_steps_all_is_whole_and_the_rest_is_swept(tmp_path: Path, at: tuple[str, int]) -> None:
    (tmp_path / "state").write_text("old")
    ended = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path), at[0], str(at[1])], check=False)
    assert ended.returncode == 9
    disk.sweep(tmp_path)  # it may be under way for another process
    state, aside = KILLS[at]
    assert len([path for path in tmp_path.iterdir() if path.name.startswith(disk.ASIDE)]) == aside
    disk.sweep(tmp_path, age=0)
    assert holding(tmp_path) == state
    assert not any(tmp_path.glob(".*"))


def test_what_is_an_hour_old_is_swept_and_what_is_being_made_is_not(tmp_path: Path) -> None:
    for name in (f"{disk.ASIDE}1", f"{disk.ASIDE}2", ".new-1", ".removed-1", ".old-1", "kept"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text("x")
        if not name.endswith("2"):
            os.utime(tmp_path / name, (0, 0))
    disk.sweep(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {f"{disk.ASIDE}2", "kept"}
    disk.sweep(tmp_path / "not there")


def test_what_is_discarded_is_gone_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "job").mkdir()
    (tmp_path / "job" / "data").write_text("x")
    monkeypatch.setattr("shutil.rmtree", lambda path, **_: None)  # killed before it
    disk.discard(tmp_path / "job")
    assert not (tmp_path / "job").exists()
    with pytest.raises(FileNotFoundError):
        disk.discard(tmp_path / "job")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_told_with_what_to_do(number: int) -> None:
    error = disk.told(OSError(number, "No space"), Path("/data/jobs"), "resume the job")
    assert isinstance(error, StoreFull)
    assert str(error) == "The disk with the folder jobs is full. Free some space and resume the job."


def test_any_other_error_of_the_disk_is_told_with_its_reason() -> None:
    error = disk.told(OSError(errno.EROFS, "Read-only file system"), Path("/data"))
    assert type(error) is StoreError
    assert "The folder data cannot be written (Read-only file system)" in str(error)


def test_nobody_brings_anything_to_disk_in_a_way_of_their_own() -> None:
    ways = re.compile(r"\bfsync\b|\bmkstemp\b|\bmkdtemp\b|\bO_EXCL\b|\bos\.(?:replace|rename)\b")
    found = {
        str(path.relative_to(ROOT)): ways.findall(path.read_text("utf-8"))
        for top in ("chatbot", "retrieval", "finetune")
        for path in (ROOT / top).rglob("*.py")
    }
    assert {name for name, used in found.items() if used} == {"chatbot/common/disk.py"}
