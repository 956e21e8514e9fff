"""The llama.cpp servers of the base and of each adapter in use, over the same mapped weights."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from chatbot.common.errors import EngineUnavailable
from chatbot.engine.llamacpp.server import Kind
from chatbot.engine.llamacpp.team import Team

BASE = Kind()
TEAMS = (
    9  # alive at once beside the base's: of eight adapters and of one kind more; each costs key-value caches of its own
)
IDLE = 120.0  # seconds until servers that nobody uses give their memory back


class Teams:
    """The base model's team of servers and those of the other kinds in use: of adapters, and for log-probabilities.

    Theirs are built for the first request and closed when nobody has used them for `IDLE` seconds, or sooner
    when another kind needs the room: at most `TEAMS` live at once.
    """

    def __init__(self, build: Callable[[Kind], Team]) -> None:
        self._build = build
        self._changed = threading.Condition()
        self._building: set[Kind] = set()
        self._users: Counter[Kind] = Counter()
        self._used: dict[Kind, float] = {}  # when the last user left
        self._closed = False
        self._teams: dict[Kind, Team] = {BASE: build(BASE)}
        threading.Thread(target=self._sweep, name="llamacpp-idle", daemon=True).start()

    @contextmanager
    def use(self, kind: Kind, stop: threading.Event | None = None) -> Iterator[Team | None]:
        """The team of that kind, None when `stop` was set while it waited for room. Raises `EngineUnavailable`."""
        team = self._acquire(kind, stop)
        try:
            yield team
        finally:
            if team is not None:
                self._release(kind)

    def load(self) -> dict[str, int]:
        with self._changed:
            loads = [team.queue.load() for team in self._teams.values()]
            slots = self._teams[BASE].queue.slots if BASE in self._teams else 0
        return {key: sum(load[key] for load in loads) for key in ("running", "waiting")} | {"slots": slots}

    def close(self) -> None:
        """Idle teams close now, the others when their last request ends."""
        with self._changed:
            self._closed = True
            for team in self._teams.values():
                team.queue.close()
            self._changed.notify_all()
        self._close_idle(0.0)

    def _acquire(self, kind: Kind, stop: threading.Event | None) -> Team | None:
        while not (stop and stop.is_set()):
            with self._changed:
                if self._closed:
                    raise EngineUnavailable("The model was closed. Please try again.", kind="model_closed")
                if kind in self._teams:
                    self._users[kind] += 1  # from here on nobody closes it
                    return self._teams[kind]
                assert kind != BASE, "the base's team lives as long as the engine"
                if kind in self._building or not self._has_room():
                    self._changed.wait(0.1)
                    continue
                self._building.add(kind)
            self._add(kind)
        return None

    def _has_room(self) -> bool:
        alive = len(self._teams) - 1 + len(self._building)
        return alive < TEAMS or any(key != BASE and not self._users[key] for key in self._teams)

    def _add(self, kind: Kind) -> None:
        try:
            self._close_idle(IDLE, beyond=TEAMS - 1)
            team = self._build(kind)
            with self._changed:
                self._teams[kind], self._used[kind] = team, time.monotonic()
                if self._closed:
                    team.queue.close()
        finally:
            with self._changed:
                self._building.discard(kind)
                self._changed.notify_all()

    def _release(self, kind: Kind) -> None:
        with self._changed:
            self._users[kind] -= 1
            self._used[kind] = time.monotonic()
            self._changed.notify_all()
        if self._closed:
            self._close_idle(0.0)

    def _close_idle(self, seconds: float, beyond: int | None = None) -> None:
        """Close what nobody has used for `seconds`, and of the rest the longest idle ones `beyond` that many."""
        with self._changed:
            idle = [key for key in self._teams if not self._users[key] and (key != BASE or self._closed)]
            idle.sort(key=lambda key: self._used.get(key, 0.0))
            surplus = 0 if beyond is None else len(self._teams) - 1 + len(self._building) - 1 - beyond
            old = time.monotonic() - seconds
            doomed = [
                self._teams.pop(key)
                for number, key in enumerate(idle)
                if number < surplus or self._used.get(key, 0.0) <= old
            ]
            self._changed.notify_all()
        for team in doomed:
            team.close()

    def _sweep(self) -> None:
        while not self._closed:
            self._close_idle(IDLE)
            with self._changed:
                self._changed.wait(IDLE / 4)
