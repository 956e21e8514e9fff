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
from dataclasses import dataclass, field
from pathlib import Path

from chatbot.engine.gguf.adapter import GgufAdapter
from chatbot.engine.llamacpp.server import Server, threads_of_a_token
from chatbot.engine.slot_queue import SlotQueue

DEAR = 200  # tokens that are read in the time in which a server is built
READERS = 2  # long prompts that servers of one slot read at once: 1.35 times as fast as one by one; four are no faster


def team(gguf: Path, lora: GgufAdapter | None, context: int, slots: int, threads: int) -> "Team":
    """For `slots` requests at once, each of up to `context` tokens. Raises `ModelDamaged`."""
    small = threads_of_a_token(gguf.stat().st_size, threads) == 1
    if not small and lora is not None and not lora.steady:
        slots = 1
    each, reading = 1 if small else slots, threading.Semaphore(READERS if small else 1)
    return Team(lambda: Server(gguf, lora, context, each, threads, reading), slots, each)


@dataclass(eq=False, slots=True)
class _Member:
    server: Server
    running: int = 0
    known: Sequence[int] = ()
    """The prompt it read last."""
    used: float = field(default_factory=time.monotonic)

    def common(self, prompt: Sequence[int]) -> int:
        """Tokens at the beginning of the prompt that it need not read."""
        pairs = enumerate(zip(self.known, prompt, strict=False))
        return next((at for at, (a, b) in pairs if a != b), min(len(self.known), len(prompt)))


class Team:
    """Servers of `each` slots, `slots` in all; all but the first are built when they are needed.

    Who has a ticket of `queue` may borrow one.
    """

    def __init__(self, build: Callable[[], Server], slots: int, each: int) -> None:
        self.queue = SlotQueue(slots)
        self._build, self._each, self._most = build, each, slots // each
        self._lock = threading.Lock()
        self._members = [_Member(build())]
        self._building = 0

    @contextmanager
    def server(self, prompt: Sequence[int]) -> Iterator[Server]:
        """One with a slot free, of which the cache helps most with this prompt."""
        member = self._take(prompt) or self._add(prompt)
        try:
            yield member.server
        finally:
            with self._lock:
                member.running -= 1
                member.used = time.monotonic()

    def tokenize(self, text: str, special: bool) -> list[int]:
        return self._members[0].server.tokenize(text, special)

    def close(self) -> None:
        for member in self._members:
            member.server.close()

    def _take(self, prompt: Sequence[int]) -> _Member | None:
        with self._lock:
            member = self._choose([one for one in self._members if one.running < self._each], prompt)
            if member is None:
                self._building += 1
            else:
                member.running += 1
                member.known = prompt
            return member

    def _choose(self, idle: Sequence[_Member], prompt: Sequence[int]) -> _Member | None:
        """None for a new one: where all are at work, and where what the idle ones know is dearer than a new one."""
        best = max(idle, key=lambda one: one.common(prompt), default=None)
        if best is None or 2 * best.common(prompt) >= len(prompt):
            return best
        if len(self._members) + self._building < self._most:
            cheapest = min(idle, key=lambda one: len(one.known))
            return cheapest if len(cheapest.known) <= DEAR else None
        return min(idle, key=lambda one: one.used)

    def _add(self, prompt: Sequence[int]) -> _Member:
        server: Server | None = None
        try:
            server = self._build()
        finally:
            with self._lock:
                self._building -= 1
                if server:
                    member = _Member(server, running=1, known=prompt)
                    self._members.append(member)
        return member
