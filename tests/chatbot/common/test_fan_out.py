"""Many at once, no more than is fair; a stop that waits for nobody; a failure that ends the rest."""

import threading
import time
from collections.abc import Iterator
from itertools import count

import pytest

from chatbot.common.errors import EngineUnavailable
from chatbot.common.fan_out import fan_out


class Busy:
    """Work that lasts until it is let go, and remembers how many were at it."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.now = self.most = 0
        self.go = threading.Event()
        self._lock = threading.Lock()

    def __call__(self, item: int) -> int:
        with self._lock:
            self.begun.append(item)
            self.now += 1
            self.most = max(self.most, self.now)
        assert self.go.wait(20)
        with self._lock:
            self.now -= 1
        return item * item


def until(what: object, wanted: int) -> None:
    deadline = time.monotonic() + 10
    while len(what) < wanted:  # type: ignore[arg-type]
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize(("slots", "width"), [(0, 1), (1, 1), (4, 4), (16, 16), (64, 16)])
def test_as_many_at_once_as_there_are_slots_and_never_more_than_sixteen(slots: int, width: int) -> None:
    busy = Busy()
    steps = fan_out(busy, range(40), slots)
    assert next(steps) == []
    until(busy.begun, width)
    busy.go.set()
    done = [pair for step in steps for pair in step]
    assert sorted(done) == [(n, n * n) for n in range(40)]
    assert busy.most == width
    assert sorted(busy.begun) == list(range(40))


def test_items_are_read_as_they_are_needed() -> None:
    read: list[int] = []

    def endless() -> Iterator[int]:
        for n in count():
            read.append(n)
            yield n

    steps = fan_out(lambda n: n, endless(), 2)
    next(steps)
    assert len(read) <= 4
    steps.close()  # type: ignore[attr-defined]


def test_nothing_to_do_is_done_at_once() -> None:
    assert list(fan_out(str, [], 4)) == []


def test_after_stop_what_is_done_comes_nothing_begins_and_nobody_waits() -> None:
    busy, stop, told = Busy(), threading.Event(), threading.Event()

    def work(n: int) -> int:
        return n if n == 0 else busy(n)

    steps = fan_out(work, range(10), 2, stop=stop, end=told.set)
    found = next(steps)
    while len(busy.begun) < 2:
        found += next(steps)
    stop.set()
    began = time.monotonic()
    assert [pair for step in steps for pair in step] == []
    assert found == [(0, 0)]
    assert time.monotonic() - began < 0.5
    assert told.is_set()
    assert busy.now == 2
    busy.go.set()
    time.sleep(0.1)
    assert len(busy.begun) == 2


def test_what_ended_before_the_stop_is_not_lost() -> None:
    stop, last = threading.Event(), threading.Event()

    def work(n: int) -> int:
        if n == 1:  # the other one ends while the step before is looked at, and then the stop comes
            assert last.wait(20)
        return n

    steps = fan_out(work, range(2), 2, stop=stop)
    found = [pair for _ in range(2) for pair in next(steps)]
    last.set()
    time.sleep(0.2)
    stop.set()
    assert found == [(0, 0)]
    assert list(steps) == [[(1, 1)]]
    assert list(fan_out(work, range(2), 2, stop=stop)) == []


def test_closing_tells_those_under_way_and_waits_for_them() -> None:
    busy = Busy()
    steps = fan_out(busy, range(10), 2, end=busy.go.set)
    next(steps)
    until(busy.begun, 2)
    steps.close()  # type: ignore[attr-defined]
    assert busy.now == 0
    assert len(busy.begun) == 2


def test_closing_does_not_wait_for_what_cannot_be_told() -> None:
    busy = Busy()
    steps = fan_out(busy, range(10), 2)
    next(steps)
    until(busy.begun, 2)
    steps.close()  # type: ignore[attr-defined]
    assert busy.now == 2
    busy.go.set()
    time.sleep(0.1)
    assert len(busy.begun) == 2


def test_a_finished_one_tells_nobody() -> None:
    told = threading.Event()
    assert [pair for step in fan_out(str, [1, 2], 2, end=told.set) for pair in step]
    assert not told.is_set()


def test_a_failing_one_ends_the_others_with_its_error() -> None:
    busy = Busy()

    def work(n: int) -> int:
        if n == 1:
            until(busy.begun, 1)
            raise EngineUnavailable("gone")
        return busy(n)

    with pytest.raises(EngineUnavailable):
        for _ in fan_out(work, range(10), 2, end=busy.go.set):
            pass
    assert busy.now == 0
    assert len(busy.begun) < 5


def test_what_was_done_beside_a_failing_one_comes_before_its_error() -> None:
    ended = [threading.Event(), threading.Event()]

    def work(n: int) -> int:
        try:
            if n == 1:
                raise EngineUnavailable("gone")
            return n
        finally:
            ended[n].set()

    def items() -> Iterator[int]:
        yield from range(2)
        assert all(one.wait(20) for one in ended)
        time.sleep(0.05)  # until their threads have told the result

    done: list[tuple[int, int]] = []
    with pytest.raises(EngineUnavailable):
        for step in fan_out(work, items(), 2):
            done += step
    assert done == [(0, 0)]
