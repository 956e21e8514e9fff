"""The answers being written now: one per conversation, each stopped by the right event."""

import signal
from pathlib import Path

import pytest

from chatbot.common.errors import InputError
from chatbot.store.store import Store
from chatbot.ui.parts.runs import Runs
from tests.postgres import Cluster


def test_one_answer_per_conversation_and_owner() -> None:
    runs = Runs()
    with runs.open("ann", "c", "s1") as stop:
        with pytest.raises(InputError), runs.open("ann", "c", "s2"):
            pass
        with runs.open("bob", "c", "s3") as other:
            runs.stop("bob", "c")
            assert other.is_set()
        assert not stop.is_set(), "bob stopped ann"
        runs.stop("ann", "c")
        assert stop.is_set()
    with runs.open("ann", "c", "s1") as again:
        assert not again.is_set()


def test_a_closed_tab_stops_what_it_was_reading() -> None:
    runs = Runs()
    with runs.open("ann", "c", "s1") as one, runs.open("ann", "d", "s2") as two:
        runs.leave("s1")
        assert one.is_set()
        assert not two.is_set()


def test_a_stop_at_another_banyan_ends_that_answer_and_no_other(cluster: Cluster, postgres: str) -> None:
    stores = [Store(postgres) for _ in range(2)]
    here, there = (Runs(store.stops) for store in stores)
    there.stop("ann", "b")  # nothing of it was under way
    with here.open("ann", "a", "s1") as mine, here.open("ann", "b", "s1") as next, here.open("bob", "a", "s2") as bobs:
        cluster.stop(signal.SIGQUIT)
        cluster.start()  # it hears again what is said once its database is back
        there.stop("ann", "a")
        assert mine.wait(20)
        assert not next.is_set() and not bobs.is_set()
        assert there.running("ann", "a") is False and here.running("ann", "a")
    for store in stores:
        store.close()


def test_one_banyan_alone_asks_no_database(tmp_path: Path) -> None:
    store = Store(tmp_path / "banyan.db")
    assert store.stops is None
    Runs(store.stops).stop("ann", "a")
    assert store._read("SELECT count(*) FROM stops") == [(0,)]
    store.close()
