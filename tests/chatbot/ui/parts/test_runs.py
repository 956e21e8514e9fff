"""The answers being written now: one per conversation, each stopped by the right event."""

import pytest

from chatbot.common.errors import InputError
from chatbot.ui.parts.runs import Runs


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
