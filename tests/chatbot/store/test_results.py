"""Results of tasks: the owner's own, the latest first, and never more than a bounded number."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatbot.common.database.door import Place
from chatbot.common.errors import NotFound, StoreError
from chatbot.store.database import SCHEMA
from chatbot.store.store import LARGEST_RESULT, RESULTS, Store


@pytest.fixture
def store(place: Place) -> Iterator[Store]:
    store = Store(place)
    yield store
    store.close()


def test_a_result_is_there_after_a_restart(place: Place) -> None:
    first = Store(place)
    id = first.add_result("ann", "sentiment", "so good 好", {"label": "positive", "scores": [0.1, 0.9]})
    first.close()
    again = Store(place)
    (saved,) = again.results("ann", "sentiment")
    assert (saved.id, saved.title, saved.result) == (id, "so good 好", {"label": "positive", "scores": [0.1, 0.9]})
    again.close()


def test_nobody_reads_or_removes_what_belongs_to_another_or_to_another_task(store: Store) -> None:
    id = store.add_result("ann", "translate", "secret", {"text": "s"})
    assert store.results("bob", "translate") == [] and store.results("ann", "summarize") == []
    with pytest.raises(NotFound):
        store.remove_result("bob", id)
    assert [saved.id for saved in store.results("ann", "translate")] == [id]
    store.remove_result("ann", id)
    assert store.results("ann", "translate") == []
    with pytest.raises(NotFound):
        store.remove_result("ann", id)


def test_only_the_latest_are_kept_and_those_of_others_are_left_alone(store: Store) -> None:
    store.add_result("bob", "translate", "bob's", {})
    store.add_result("ann", "summarize", "another task", {})
    for number in range(RESULTS + 3):
        store.add_result("ann", "translate", str(number), {"n": number})
    kept = [saved.title for saved in store.results("ann", "translate", limit=1000)]
    assert kept == [str(number) for number in reversed(range(3, RESULTS + 3))]
    assert [saved.title for saved in store.results("ann", "translate", limit=2)] == kept[:2]
    assert len(store.results("bob", "translate")) == len(store.results("ann", "summarize")) == 1


def test_a_result_too_large_to_keep_is_refused_and_nothing_is_lost(store: Store) -> None:
    store.add_result("ann", "translate", "before", {})
    with pytest.raises(StoreError, match="too large"):
        store.add_result("ann", "translate", "huge", {"text": "x" * LARGEST_RESULT})
    assert [saved.title for saved in store.results("ann", "translate")] == ["before"]


def test_a_database_from_before_there_were_results_gets_their_table(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "b.db") as database:
        database.executescript(SCHEMA.migrations[0] + "PRAGMA user_version = 1;")
        database.execute("INSERT INTO settings VALUES ('ann', 'language', '\"zh\"')")
    store = Store(tmp_path / "b.db")
    assert store.setting("ann", "language") == "zh"
    assert store.add_result("ann", "translate", "t", {}) == store.results("ann", "translate")[0].id
    store.close()
