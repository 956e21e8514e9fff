"""Who asks for much takes turns with everybody else, at the real queue of an engine's slots."""

from collections.abc import Iterator, Sequence
from threading import Event, Thread

import pytest

from chatbot.common.errors import EngineBusy
from chatbot.engine.loading import LoadingEngine
from chatbot.engine.scripted import ScriptedEngine
from chatbot.engine.shares import WAITING
from chatbot.types import Chunk, Message, Prompt, Sampling


class Line:
    """An engine of one slot, which is held until `go`; then everybody's requests are answered in their turn."""

    def __init__(self, seconds: float = 0.02) -> None:
        self.go = Event()
        self.scripted = ScriptedEngine(self._say, slots=1, seconds_per_token=seconds)
        self.engine = LoadingEngine(lambda *_: self.scripted, "scripted")
        self.engine.start()
        assert self.engine.wait(10)
        self._asking: list[Thread] = []

    def _say(self, messages: Sequence[Message]) -> str:
        assert self.go.wait(10)
        return messages[-1].content

    def ask(self, asker: str) -> None:
        """One more request, which stands in line when this returns."""
        before = len(self._asking)
        thread = Thread(target=lambda: list(self.stream(asker)))
        self._asking.append(thread)
        thread.start()
        while sum(self.engine.load()[part] for part in ("running", "waiting")) <= before:
            pass

    def stream(self, asker: str, stop: Event | None = None) -> Iterator[Chunk]:
        return self.engine.asked_by(asker).stream([Message("user", asker)], Sampling(), stop=stop)

    def order(self) -> str:
        """Who was answered, in turn."""
        self.go.set()
        for thread in self._asking:
            thread.join(10)
        return "".join(messages[-1].content for messages in self.scripted.prompts)


def test_who_comes_later_is_answered_before_the_many_requests_of_another() -> None:
    line = Line()
    for _ in range(10):
        line.ask("a")
    line.ask("b")
    line.ask("c")
    line.ask("c")
    assert line.order() == "abcacaaaaaaaa", "one of each in turn"


def test_a_place_counts_those_that_the_engine_knows_of() -> None:
    line = Line()
    line.ask("a")
    line.ask("b")
    line.ask("a")
    assert next(line.stream("a")).place == 3, "behind one of b and one of its own"
    line.order()


def test_nobody_fills_the_line() -> None:
    line = Line(seconds=0)
    for _ in range(WAITING + 1):
        line.ask("a")
    with pytest.raises(EngineBusy) as busy:
        next(line.stream("a"))
    assert (busy.value.kind, busy.value.status, busy.value.details) == ("own_line_full", 429, {"waiting": WAITING})
    assert next(line.stream("b")).place == 1, "another has a place, and the next turn"
    line.order()


def test_a_stop_while_waiting_gives_the_place_back() -> None:
    line, stop = Line(), Event()
    line.ask("a")
    waiting = line.stream("a", stop)
    assert next(waiting).place == 1
    stop.set()
    assert [chunk.finish for chunk in waiting] == ["cancelled"]
    assert line.engine.load() == {"running": 1, "waiting": 0, "slots": 1}
    line.order()


def test_scores_and_texts_take_their_turn_too() -> None:
    line = Line()
    line.go.set()
    own = line.engine.asked_by("a")
    assert own.score([Message("user", "x")], ["one two"]) == [-2.0]
    assert len(own.read(Prompt("one two"), 0)) == 2
    assert "".join(chunk.text for chunk in own.go_on(Prompt("one two"), Sampling())) == "one two"
    assert line.engine.load()["waiting"] == 0
