"""The queue in front of the model when a slot alone is not enough: there must be room in the cache too."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from chatbot.engine.slot_queue import SlotQueue, Ticket


class CacheBudget:
    """Tokens of cache, and who holds how many. Any thread may ask."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self._held: dict[Reservation, int] = {}
        self._short: set[Reservation] = set()
        self._lock = Lock()

    def admit(self, size: int) -> "Reservation | None":
        """Nobody comes in while a request that had begun already waits for room."""
        with self._lock:
            if self._short or self.free < size:
                return None
            reservation = Reservation(self)
            self._held[reservation] = size
            return reservation

    @property
    def free(self) -> int:
        return self.capacity - sum(self._held.values())


class Reservation:
    """One request's share of the room."""

    def __init__(self, budget: CacheBudget) -> None:
        self._budget = budget

    def resize(self, size: int) -> bool:
        """Hold `size` tokens from now on; False, and nothing changes, when there is no room or the request has ended."""
        budget = self._budget
        with budget._lock:
            if self not in budget._held or budget.free + budget._held[self] < size:
                return False
            budget._held[self] = size
            budget._short.discard(self)
            return True

    def yield_all(self) -> None:
        """Give the room back for now; until `resize` succeeds, nobody new is let in."""
        with self._budget._lock:
            if self in self._budget._held:
                self._budget._held[self] = 0
                self._budget._short.add(self)

    def close(self) -> None:
        with self._budget._lock:
            self._budget._held.pop(self, None)
            self._budget._short.discard(self)


class CacheQueue(SlotQueue):
    """A queue whose head enters when both a slot and its share of the room are free."""

    def __init__(self, slots: int, budget: CacheBudget) -> None:
        super().__init__(slots)
        self._budget = budget
        self._needs: dict[Ticket, int] = {}
        self._reserved: dict[Ticket, Reservation] = {}

    @contextmanager
    def place(self, need: int) -> Iterator[Ticket]:
        """As `ticket`, for a request that begins with `need` tokens of cache."""
        with self.ticket() as ticket:
            self._needs[ticket] = need
            try:
                yield ticket
            finally:
                del self._needs[ticket]
                if reservation := self._reserved.pop(ticket, None):
                    reservation.close()

    def reservation(self, ticket: Ticket) -> Reservation:
        """Of a ticket that is running."""
        return self._reserved[ticket]

    def _place(self, ticket: Ticket) -> int:
        place = super()._place(ticket)
        if place or ticket in self._reserved:
            return place
        if (reservation := self._budget.admit(self._needs[ticket])) is None:
            return 1
        self._reserved[ticket] = reservation
        return 0
