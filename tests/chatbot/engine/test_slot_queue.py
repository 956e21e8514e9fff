"""The line in front of the slots: first come, first served, and everybody is told their place."""

from threading import Event, Thread

import pytest

from chatbot.common.errors import EngineBusy, EngineUnavailable
from chatbot.engine.base import collect
from chatbot.engine.scripted import ScriptedEngine
from chatbot.engine.slot_queue import SlotQueue
from chatbot.types import Message, Sampling


def test_places_count_down_and_the_first_comes_first() -> None:
    line, order = SlotQueue(1), list[str]()
    told: dict[str, list[int]] = {name: [] for name in "abc"}

    def come(name: str) -> None:
        with line.ticket() as ticket:
            for place in ticket.wait():
                told[name].append(place)
            order.append(name)

    with line.ticket() as first:
        assert list(first.wait()) == []
        visitors = [Thread(target=come, args=(name,)) for name in "abc"]
        for number, visitor in enumerate(visitors, 1):
            visitor.start()
            while line.load()["waiting"] < number:
                pass
        assert line.load() == {"running": 1, "waiting": 3, "slots": 1}
    for visitor in visitors:
        visitor.join(10)
    assert order == ["a", "b", "c"]
    assert told["c"] == sorted(told["c"], reverse=True)
    assert line.load()["running"] == 0


def test_stop_while_waiting_leaves_the_line() -> None:
    line, stop = SlotQueue(1), Event()
    with line.ticket() as first:
        list(first.wait())
        with line.ticket() as second:
            places = second.wait(stop)
            assert next(places) == 1
            stop.set()
            assert list(places) == []
            assert not second.running
        assert line.load()["waiting"] == 0


def test_a_full_line_turns_away_and_a_closed_one_too() -> None:
    line = SlotQueue(1, max_waiting=1)
    with line.ticket() as first:
        list(first.wait())
        with line.ticket() as second:
            with pytest.raises(EngineBusy) as busy, line.ticket():
                pass
            assert busy.value.details == {"waiting": 1}
            line.close()
            with pytest.raises(EngineUnavailable):
                list(second.wait())


def test_an_engine_tells_the_place_in_its_chunks() -> None:
    engine = ScriptedEngine(["one two three four"] * 2, slots=1, seconds_per_token=0.05)
    first = engine.stream([Message("user", "a")], Sampling())
    next(first)
    second = engine.stream([Message("user", "b")], Sampling())
    assert next(second).place == 1
    assert collect(first).text
    assert collect(second).text == "one two three four"
