"""The llama.cpp servers of the base and of each adapter in use, over the same mapped weights."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from chatbot.common.errors import EngineUnavailable
from chatbot.engine.llamacpp.team import Team

ADAPTER_TEAMS = 8  # alive at once; each costs key-value caches of its own
IDLE = 120.0  # seconds until an adapter's servers that nobody uses give their memory back


class Teams:
    """The base model's team of servers and those of the adapters in use.

    An adapter's is built for its first request and closed when nobody has used it for `IDLE` seconds, or sooner
    when another adapter needs its room: at most `ADAPTER_TEAMS` live at once.
    """

    def __init__(self, build: Callable[[Path | None], Team]) -> None:
        self._build = build
        self._changed = threading.Condition()
        self._building: set[Path] = set()
        self._users: Counter[Path | None] = Counter()
        self._used: dict[Path | None, float] = {}  # when the last user left
        self._closed = False
        self._teams: dict[Path | None, Team] = {None: build(None)}
        threading.Thread(target=self._sweep, name="llamacpp-idle", daemon=True).start()

    @contextmanager
    def use(self, lora: Path | None, stop: threading.Event | None = None) -> Iterator[Team | None]:
        """The adapter's team, None when `stop` was set while it waited for room. Raises `EngineUnavailable`."""
        team = self._acquire(lora, stop)
        try:
            yield team
        finally:
            if team is not None:
                self._release(lora)

    def load(self) -> dict[str, int]:
        with self._changed:
            loads = [team.queue.load() for team in self._teams.values()]
            slots = self._teams[None].queue.slots if None in self._teams else 0
        return {key: sum(load[key] for load in loads) for key in ("running", "waiting")} | {"slots": slots}

    def close(self) -> None:
        """Idle teams close now, the others when their last request ends."""
        with self._changed:
            self._closed = True
            for team in self._teams.values():
                team.queue.close()
            self._changed.notify_all()
        self._close_idle(0.0)

    def _acquire(self, lora: Path | None, stop: threading.Event | None) -> Team | None:
        while not (stop and stop.is_set()):
            with self._changed:
                if self._closed:
                    raise EngineUnavailable("The model was closed. Please try again.", kind="model_closed")
                if lora in self._teams:
                    self._users[lora] += 1  # from here on nobody closes it
                    return self._teams[lora]
                assert lora, "the base's team lives as long as the engine"
                if lora in self._building or not self._has_room():
                    self._changed.wait(0.1)
                    continue
                self._building.add(lora)
            self._add(lora)
        return None

    def _has_room(self) -> bool:
        alive = len(self._teams) - 1 + len(self._building)
        return alive < ADAPTER_TEAMS or any(key is not None and not self._users[key] for key in self._teams)

    def _add(self, lora: Path) -> None:
        try:
            self._close_idle(IDLE, beyond=ADAPTER_TEAMS - 1)
            team = self._build(lora)
            with self._changed:
                self._teams[lora], self._used[lora] = team, time.monotonic()
                if self._closed:
                    team.queue.close()
        finally:
            with self._changed:
                self._building.discard(lora)
                self._changed.notify_all()

    def _release(self, lora: Path | None) -> None:
        with self._changed:
            self._users[lora] -= 1
            self._used[lora] = time.monotonic()
            self._changed.notify_all()
        if self._closed:
            self._close_idle(0.0)

    def _close_idle(self, seconds: float, beyond: int | None = None) -> None:
        """Close what nobody has used for `seconds`, and of the rest the longest idle ones `beyond` that many."""
        with self._changed:
            idle = [key for key in self._teams if not self._users[key] and (key is not None or self._closed)]
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
