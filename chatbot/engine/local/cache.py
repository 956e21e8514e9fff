"""Where each request's keys and values lie in the pool, and who may reuse whose."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from chatbot.engine.local.adapters import Version
from chatbot.engine.local.attention import Pool

SHARED = 16  # tokens; a shorter common beginning is computed anew


@dataclass(eq=False, slots=True)
class Entry:
    """One run of the pool. `ids` are the tokens whose keys and values stand there."""

    start: int
    size: int  # tokens
    adapter: Version | None
    planned: Sequence[int]  # the tokens that will stand there, as far as known; grows with the answer
    ids: list[int] = field(default_factory=list)
    busy: bool = True
    used: int = 0
    state: Any = None  # a cache of transformers' own, for models that cannot use the pool


class Cache:
    """Runs of one pool of `capacity` tokens. What a request leaves stays, to be reused, until others need the room.

    Keys and values depend on the adapter that computed them, so nothing is shared between adapters. With no `pool` it
    only counts, and nothing is shared. Used by the worker's thread alone.
    """

    def __init__(self, capacity: int, pool: Pool | None) -> None:
        self.capacity = capacity
        self._pool = pool
        self._entries: list[Entry] = []  # by start
        self._clock = 0

    def open(self, size: int, adapter: Version | None, planned: Sequence[int]) -> Entry | None:
        """A run of `size` tokens with as much of the beginning of `planned` as is known; None while there is no room."""
        source, shared = self._donor(adapter, planned)
        start = self._room(size, spare=source)
        if start is None:
            return None
        entry = Entry(start, size, adapter, planned)
        self._insert(entry)
        if source and self._pool and source in self._entries:
            self._pool.copy(source.start, start, shared)
            entry.ids = list(planned[:shared])
            source.used = self._tick()
        return entry

    def must_wait(self, adapter: Version | None, planned: Sequence[int]) -> bool:
        """Whether another request is just computing more of the same beginning than is known by now."""
        known = self._donor(adapter, planned)[1]
        for entry in self._entries:
            if entry.busy and entry.adapter == adapter and self._pool:
                coming = min(common(entry.planned, planned), len(planned) - 1)
                if coming > max(len(entry.ids), known) + SHARED:
                    return True
        return False

    def grow(self, entry: Entry, size: int) -> bool:
        """Make the run longer, elsewhere if need be. False when there is no room."""
        if self._reach(entry) >= size:
            entry.size = size
            return True
        start = self._room(size, spare=None)
        if start is None:
            self._compact()  # nothing idle is left: perhaps the last run, or the only one, can grow where it is
            if self._reach(entry) < size:
                return False
            entry.size = size
            return True
        if self._pool:
            self._pool.copy(entry.start, start, len(entry.ids))
        self._entries.remove(entry)
        entry.start, entry.size = start, size
        self._insert(entry)
        return True

    def close(self, entry: Entry) -> None:
        """The request has ended. Its tokens stay for others until the room is needed."""
        entry.busy, entry.state, entry.planned = False, None, entry.ids
        entry.used = self._tick()
        entry.size = len(entry.ids)
        if self._pool is None or len(entry.ids) < SHARED:
            self._entries.remove(entry)

    def keep(self, wanted: Iterable[Version]) -> None:
        """Forget what adapters left that are no more."""
        known = {None, *wanted}
        self._entries = [entry for entry in self._entries if entry.busy or entry.adapter in known]

    def forget(self, entry: Entry) -> None:
        self._entries.remove(entry)

    def _donor(self, adapter: Version | None, planned: Sequence[int]) -> tuple[Entry | None, int]:
        best, most = None, SHARED - 1
        for entry in self._entries if self._pool else ():
            if entry.adapter == adapter:
                shared = min(common(entry.ids, planned), len(planned) - 1)  # the last must be fed, for its logits
                if shared > most:
                    best, most = entry, shared
        return best, most if best else 0

    def _reach(self, entry: Entry) -> int:
        """Tokens from its start to the next run."""
        at = self._entries.index(entry)
        following = self._entries[at + 1].start if at + 1 < len(self._entries) else self.capacity
        return following - entry.start

    def _room(self, size: int, spare: Entry | None) -> int | None:
        """The start of a hole, made if need be by dropping what is idle, longest unused first, and `spare` last."""
        idle = sorted((e for e in self._entries if not e.busy), key=lambda e: (e is spare, e.used))
        while (start := self._hole(size)) is None and idle:
            self._entries.remove(idle.pop(0))
        if start is None and self.capacity - sum(e.size for e in self._entries) >= size:
            self._compact()
            start = self._hole(size)
        return start

    def _hole(self, size: int) -> int | None:
        end = 0
        for entry in self._entries:
            if entry.start - end >= size:
                return end
            end = entry.start + entry.size
        return end if self.capacity - end >= size else None

    def _compact(self) -> None:
        end = 0
        for entry in self._entries:
            if self._pool and entry.start != end:
                self._pool.copy(entry.start, end, len(entry.ids))
            entry.start = end
            end += entry.size

    def _insert(self, entry: Entry) -> None:
        self._entries.append(entry)
        self._entries.sort(key=lambda e: e.start)

    def _tick(self) -> int:
        self._clock += 1
        return self._clock


def common(a: Sequence[int], b: Sequence[int]) -> int:
    """Length of the common beginning, found by halving: slices compare at the speed of C."""
    low, high = 0, min(len(a), len(b))
    while low < high:
        middle = (low + high + 1) // 2
        if a[low:middle] == b[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
