"""Which server of a team reads a prompt. What the servers answer is tested with those of llama.cpp, in test_llamacpp."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import count
from typing import Any

import pytest

from chatbot.common.errors import ModelDamaged
from chatbot.engine.llamacpp.pool import Teams
from chatbot.engine.llamacpp.team import DEAR, Team
from chatbot.engine.slot_queue import SlotQueue

LONG, OTHER = [1] * (DEAR + 1), [2] * (DEAR + 1)


def team(slots: int, each: int = 1) -> Any:
    """Of servers that are numbers, in the order in which they were built."""
    numbers = count()
    build: Any = lambda: next(numbers)  # noqa: E731
    return Team(build, slots, each)


def who(team: Any, prompt: list[int]) -> int:
    with team.slot(prompt) as slot:
        slot.known = prompt  # as if it had been read
        return int(slot.server)


def test_a_server_is_built_for_who_finds_none_idle_and_for_nobody_else() -> None:
    three = team(3)
    assert [who(three, [n]) for n in range(5)] == [0] * 5
    with ExitStack() as stack:
        assert [stack.enter_context(three.slot([n])).server for n in range(3)] == [0, 1, 2]
    assert who(three, [9]) in (0, 1, 2)


def test_a_conversation_comes_back_to_the_server_that_knows_it() -> None:
    two = team(2)
    assert who(two, LONG) == 0
    assert who(two, OTHER) == 1, "to forget a long one costs more than to build another"
    assert who(two, [*LONG, 3]) == 0
    assert who(two, [*OTHER, 3, 4]) == 1
    assert who(two, [*LONG, 3, 5]) == 0
    assert who(two, [7, 8]) == 1, "the one that was unused the longest forgets"
    assert who(two, [*LONG, 3, 5, 6]) == 0


def test_a_server_that_knows_half_of_a_prompt_reads_the_rest() -> None:
    half = LONG[: len(LONG) // 2]
    for rest, server in ((len(half), 0), (len(half) + 1, 1)):
        two = team(2)
        assert who(two, LONG) == 0
        assert who(two, [*half, *[3] * rest]) == server


def test_a_server_with_slots_of_its_own_is_shared() -> None:
    one = team(4, each=4)
    with ExitStack() as stack:
        assert [stack.enter_context(one.slot([n])).server for n in range(4)] == [0] * 4


def test_a_server_that_cannot_be_built_is_tried_again_for_the_next() -> None:
    built = count()

    def build() -> Any:
        number = next(built)
        if number == 1:
            raise ModelDamaged("no memory")
        return number

    two = Team(build, 2, 1)
    with two.slot([1]):
        with pytest.raises(ModelDamaged), two.slot([2]):
            pass
        with two.slot([2]) as slot:
            assert int(str(slot.server)) == 2


def test_as_many_as_have_tickets_find_a_server() -> None:
    four, busy, most = team(4), 0, 0
    lock = threading.Lock()

    def visit(n: int) -> int:
        nonlocal busy, most
        with four.queue.ticket() as turn:
            for _ in turn.wait():
                pass
            with four.slot([n]):
                with lock:
                    busy += 1
                    most = max(most, busy)
                time.sleep(0.001)
                with lock:
                    busy -= 1
        return n

    with ThreadPoolExecutor(64) as pool:
        assert list(pool.map(visit, range(64))) == [*range(64)]
    assert 1 < most <= 4
    assert len(four._servers) <= 4


def test_the_servers_of_nine_kinds_stay_and_those_unused_longest_give_way() -> None:
    closed: list[str] = []

    class Kept:
        def __init__(self, adapter: str) -> None:
            self.adapter, self.queue = adapter, SlotQueue(1)

        def close(self) -> None:
            closed.append(self.adapter)

    build: Any = Kept
    teams: Any = Teams(build)
    for adapter in "abcdefghia":
        with teams.use(adapter):
            pass
    assert closed == []
    with teams.use("j"):
        assert closed == ["b"]
    teams.close()
