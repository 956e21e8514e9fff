"""The llama.cpp servers of one adapter, or of the base without: one that batches, or for a small model one a request.

A step of a batch has its threads wait for each other after every product, a lone token of a small model is one thread's. So
servers of one slot each, side by side, write more than one server with as many slots: with the bundled model on two cores
two answers 106 tokens/s instead of 52 and four 120 instead of 68, on an adapter 110 instead of 23 and 111 instead of 41.
Nothing is shared between them but the mapped weights, so an answer is computed alone.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from chatbot.engine.llamacpp.server import Kind, Server, threads_of_a_token
from chatbot.engine.llamacpp.slot import Slot
from chatbot.engine.slot_queue import SlotQueue

DEAR = 200  # tokens that are read in the time in which a server is built
READERS = 2  # prompts that servers of one slot read at once: 1.35 times as fast as one by one; four are no faster


def team(gguf: Path, kind: Kind, context: int, slots: int, threads: int, *, exact: bool = False) -> "Team":
    """For `slots` requests at once, each of up to `context` tokens. Raises `ModelDamaged`."""
    each = 1 if threads_of_a_token(gguf.stat().st_size, threads) == 1 else slots
    return Team(lambda: Server(gguf, kind, context, each, threads, exact=exact), slots, each)


class Team:
    """Servers of `each` slots, `slots` in all; all but the first server are built when they are needed.

    Who has a ticket of `queue` may borrow a slot.
    """

    def __init__(self, build: Callable[[], Server], slots: int, each: int) -> None:
        self.queue = SlotQueue(slots)
        self._build, self._each, self._most = build, each, slots
        self._reading = SlotQueue(READERS if each == 1 else 1)
        self._lock = threading.Lock()
        self._building = 0
        self._servers = [build()]
        self._slots = self._slots_of(self._servers[0])

    @contextmanager
    def slot(self, prompt: Sequence[int]) -> Iterator[Slot]:
        """A free one, the one whose cache helps most with this prompt."""
        slot = self._take(prompt) or self._add()
        try:
            yield slot
        finally:
            with self._lock:
                slot.running, slot.used = False, time.monotonic()

    def tokenize(self, text: str, special: bool) -> list[int]:
        return self._servers[0].tokenize(text, special)

    def close(self) -> None:
        for server in self._servers:
            server.close()

    def _take(self, prompt: Sequence[int]) -> Slot | None:
        with self._lock:
            slot = self._choose([one for one in self._slots if not one.running], prompt)
            if slot is None:
                self._building += 1
            else:
                slot.running = True
            return slot

    def _choose(self, idle: Sequence[Slot], prompt: Sequence[int]) -> Slot | None:
        """None for one of a new server: where all are at work, and where what the idle ones know is dearer than a new one."""
        best = max(idle, key=lambda one: one.common(prompt), default=None)
        if best is None or 2 * best.common(prompt) >= len(prompt):
            return best
        if len(self._slots) + self._building < self._most:
            cheapest = min(idle, key=lambda one: len(one.known))
            return cheapest if len(cheapest.known) <= DEAR else None
        return min(idle, key=lambda one: one.used)

    def _add(self) -> Slot:
        server: Server | None = None
        try:
            server = self._build()
        finally:
            with self._lock:
                self._building -= 1
                if server:
                    self._servers.append(server)
                    slot = self._slots_of(server)[0]
                    slot.running = True
                    self._slots.append(slot)
        return slot

    def _slots_of(self, server: Server) -> list[Slot]:
        return [Slot(server, number, self._reading) for number in range(self._each)]
