"""The queue in front of an engine's slots: first come, first served, and everybody knows their place."""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition, Event

from chatbot.common.errors import EngineBusy, EngineUnavailable

TICK = 0.1  # seconds between looks at the stop event; bounds how late a waiting person's Stop is seen


class SlotQueue:
    """`slots` requests run, at most `max_waiting` wait behind them."""

    def __init__(self, slots: int, max_waiting: int = 256) -> None:
        self.slots = slots
        self._max_waiting = max_waiting
        self._running = 0
        self._waiting: deque[Ticket] = deque()
        self._changed = Condition()
        self._closed = False

    @contextmanager
    def ticket(self) -> Iterator["Ticket"]:
        """Wait for a slot; leaving the block frees the slot or the place. Raises `EngineBusy` when the queue is full."""
        ticket = Ticket(self)
        with self._changed:
            if len(self._waiting) >= self._max_waiting:
                raise self.full(len(self._waiting))
            self._waiting.append(ticket)
        try:
            yield ticket
        finally:
            with self._changed:
                if ticket.running:
                    self._running -= 1
                else:
                    self._waiting.remove(ticket)
                self._changed.notify_all()

    def full(self, waiting: int) -> EngineBusy:
        """What is told to who comes when so many are waiting."""
        return EngineBusy(f"{waiting} requests are waiting already. Please try again in a minute.", waiting=waiting)

    def load(self) -> dict[str, int]:
        with self._changed:
            return {"running": self._running, "waiting": len(self._waiting), "slots": self.slots}

    def close(self) -> None:
        """Turn everybody who waits away with `EngineUnavailable`."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _try_enter(self, ticket: "Ticket") -> int:
        """0 when the ticket got a slot, else its place in the queue."""
        with self._changed:
            place = self._place(ticket)
            if place:
                self._changed.wait(TICK)
                place = self._place(ticket)
            if place == 0:
                self._waiting.popleft()
                self._running += 1
                ticket.running = True
                self._changed.notify_all()
            return place

    def _place(self, ticket: "Ticket") -> int:
        if self._closed:
            raise EngineUnavailable(
                "The model was closed while the request waited. Please try again.", kind="model_closed"
            )
        ahead = self._waiting.index(ticket)
        return 0 if ahead == 0 and self._running < self.slots else ahead + 1


class Ticket:
    """One request's place in the queue."""

    def __init__(self, queue: SlotQueue) -> None:
        self.running = False
        self._queue = queue

    def wait(self, stop: Event | None = None) -> Iterator[int]:
        """Yield the place in the queue whenever it changes; end when the slot is ours or `stop` is set (see `running`)."""
        told = 0
        while not (stop and stop.is_set()):
            place = self._queue._try_enter(self)
            if place == 0:
                return
            if place != told:
                told = place
                yield place
