"""Kill -9 at random moments; a thousand of them are in `tests.bench.crash`."""

import sqlite3
from pathlib import Path

import pytest

from tests.bench.crash import crash, faults

pytestmark = pytest.mark.slow


def test_fifteen_kills_lose_nothing_halve_nothing_and_bring_nothing_back(tmp_path: Path) -> None:
    changes, losses = crash(tmp_path, 15)
    assert losses == []
    assert changes > 15


def test_the_check_sees_a_loss(tmp_path: Path) -> None:
    """Each kind of damage, done by hand, is told: the test above can fail."""
    crash(tmp_path, 3)
    with sqlite3.connect(tmp_path / "data" / "library.db") as database:
        (id, name) = database.execute("SELECT id, name FROM documents").fetchone()
        database.execute("DELETE FROM passages WHERE document = ? AND position = 0", (id,))
    assert any(f"{name} has other passages" in fault for fault in faults(tmp_path))
    (tmp_path / "data" / "files" / id).write_text("other")
    assert any(f"{name} has another original" in fault for fault in faults(tmp_path))
    with sqlite3.connect(tmp_path / "data" / "library.db") as database:
        database.execute("PRAGMA foreign_keys = ON")
        database.execute("DELETE FROM documents WHERE id = ?", (id,))
    assert any(f"{name} was acknowledged and is lost" in fault for fault in faults(tmp_path))
