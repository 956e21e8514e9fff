"""The door: what stores ask of a database, whatever stands behind it.

Queries are written as SQLite and PostgreSQL both read them, with `?` for values; migrations as SQLite reads them, with its
types. What the two call differently is `postgres.translated`.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from threading import BoundedSemaphore
from typing import Any, Generic, Protocol, TypeVar

Rows = list[tuple[Any, ...]]
C = TypeVar("C")


@dataclass(frozen=True, slots=True)
class Schema:
    """Tables that belong together: in SQLite a file of their own. Migrations are numbered and only ever appended.

    `sealed` are those in whose rows a damaged disk is noticed; each has a `rowid` of SQLite's.
    """

    name: str
    migrations: tuple[str, ...]
    sealed: tuple[str, ...] = ()


class Cursor(Protocol):
    @property
    def rowcount(self) -> int: ...
    def fetchone(self) -> Any: ...
    def fetchall(self) -> Sequence[Any]: ...
    def __iter__(self) -> Iterator[Any]: ...


class Transaction(Protocol):
    def execute(self, query: str, values: Sequence[object] = ..., /) -> Cursor: ...
    def executemany(self, query: str, rows: Iterable[Sequence[object]], /) -> object: ...


class Database(Protocol):
    """Safe to use from any thread. What is committed is on disk. Raises `StoreFull`, `StoreUnavailable` and `StoreError`."""

    shared: bool
    """Whether several apps use it at once."""
    damaged: Mapping[str, Sequence[int]]
    """The `rowid` of rows, by table, that were not what had been written when it was opened: see `Schema.sealed`."""

    def read(self, query: str, values: Sequence[object] = ()) -> Rows:
        """What one query finds."""
        ...

    def writing(self) -> AbstractContextManager[Transaction]:
        """One transaction: committed when the block ends, undone when it raises. Of all apps, one at a time writes to a schema."""
        ...

    def now(self) -> float:
        """Seconds since 1970, by the same clock for all who share the database."""
        ...

    def purge(self) -> None:
        """What was deleted is gone from the disk, too, as far as that can be done at once."""
        ...

    def close(self) -> None: ...


class Pool(Generic[C]):
    """Connections that wait to be used again. `most` are in use at once; who comes then waits."""

    def __init__(self, connect: Callable[[], C], close: Callable[[C], None], most: int) -> None:
        self._connect, self._close = connect, close
        self._places = BoundedSemaphore(most)
        self._idle: deque[C] = deque()
        self._closed = False

    @contextmanager
    def lent(self) -> Iterator[C]:
        """A connection, which is not used again when the block raises."""
        with self._places:
            try:
                connection = self._idle.pop()
            except IndexError:
                connection = self._connect()
            kept = False
            try:
                yield connection
                kept = not self._closed
            finally:
                if kept:
                    self._idle.append(connection)
                else:
                    self._close(connection)

    def clear(self) -> None:
        """Close those that wait."""
        while True:
            try:
                self._close(self._idle.pop())
            except IndexError:
                return

    def close(self) -> None:
        """Close those that wait now, and those in use when they are given back."""
        self._closed = True
        self.clear()
