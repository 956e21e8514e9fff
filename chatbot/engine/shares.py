"""A line for each asker before the engine's own, so that nobody's many requests stand between the model and all others.

Of one asker as many requests go on to the engine as it has slots, and whenever one of them ends the next goes to the end of
the engine's line: who waits with many takes turns with everybody else, and has all of the slots while there is nobody else.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Lock

from chatbot.common.errors import EngineBusy
from chatbot.engine.base import Engine
from chatbot.engine.slot_queue import SlotQueue
from chatbot.types import Chunk

WAITING = (
    128  # of one asker: as many as there are requests of an address (chatbot.access.turns), whatever each asks for
)
NOBODY = ""  # Banyan itself, which stands in the engine's line only


class Shares:
    """The lines of those who wait or have somebody at work. Safe to use from any thread."""

    def __init__(self, waiting: int = WAITING) -> None:
        self._waiting = waiting
        self._lines: dict[str, SlotQueue] = {}
        self._here: Counter[str] = Counter()
        self._lock = Lock()

    def chunks(
        self, engine: Engine, asker: str, ask: Callable[[], Iterator[Chunk]], stop: Event | None
    ) -> Iterator[Chunk]:
        """What is asked, when it is the asker's turn; before, the place. Raises `EngineBusy`."""
        if asker == NOBODY:
            yield from ask()
            return
        with self._line(asker, engine) as line, line.ticket() as turn:
            for place in turn.wait(stop):
                yield Chunk(place=place + engine.load()["waiting"])
            yield from ask()  # where `stop` was set the engine says so

    @contextmanager
    def turn(self, engine: Engine, asker: str) -> Iterator[None]:
        """The same for what tells nothing meanwhile."""
        if asker == NOBODY:
            yield
            return
        with self._line(asker, engine) as line, line.ticket() as turn:
            for _ in turn.wait():
                pass
            yield

    def waiting(self) -> int:
        """Requests that no engine knows of yet."""
        with self._lock:
            return sum(line.load()["waiting"] for line in self._lines.values())

    @contextmanager
    def _line(self, asker: str, engine: Engine) -> Iterator[SlotQueue]:
        slots = engine.load()["slots"]
        with self._lock:
            line = self._lines.setdefault(asker, OwnLine(slots, self._waiting))
            self._here[asker] += 1
        try:
            yield line
        finally:
            with self._lock:
                self._here[asker] -= 1
                if not self._here[asker]:
                    del self._here[asker], self._lines[asker]


class OwnLine(SlotQueue):
    def full(self, waiting: int) -> EngineBusy:
        return EngineBusy(
            f"{waiting} requests of yours are waiting already. Please wait for some of them to end.",
            kind="own_line_full",
            waiting=waiting,
        )
