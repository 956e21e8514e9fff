"""SQLite behind the door: one file, one connection that writes, and a few that read beside it. Paths stand in the log only."""

import logging
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from chatbot.common import disk
from chatbot.common.database import seals
from chatbot.common.database.base import Pool, Rows, Schema
from chatbot.common.errors import StoreError

READERS = 8  # at once: more than there are cores on most machines that keep their data in one file
FAULTS = (sqlite3.Error, UnicodeEncodeError, OSError)  # what `told` makes words of

log = logging.getLogger(__name__)


class Sqlite:
    """What is committed is on disk (WAL, synchronous=FULL); what is deleted is overwritten (secure_delete)."""

    shared = False

    def __init__(self, path: Path, schema: Schema) -> None:
        self._path = path
        self._lock = Lock()
        self._readers = Pool(self._connect, sqlite3.Connection.close, READERS)
        with self._told():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._writer = self._connect()
            _check(self._writer, path)
            self._writer.execute("PRAGMA journal_mode = WAL")
            self.damaged: Mapping[str, Sequence[int]] = seals.damaged(self._writer, schema.sealed)
            if _migrate(self._writer, path, schema):
                seals.renew(self._writer, schema.sealed)
            seals.watch(self._writer, schema.sealed)

    def close(self) -> None:
        self._readers.close()
        with self._lock:
            self._writer.close()

    def now(self) -> float:
        return time.time()

    def read(self, query: str, values: Sequence[object] = ()) -> Rows:
        with self._told(), self._readers.lent() as connection:
            return connection.execute(query, values).fetchall()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._told():
            try:
                self._writer.execute("BEGIN IMMEDIATE")
                yield self._writer
                self._writer.execute("COMMIT")
            finally:
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")

    def purge(self) -> None:
        """Empty the write-ahead log, where what was deleted still stands. A reader may delay it to the next time."""
        with self._lock, self._told():
            self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=30, check_same_thread=False, isolation_level=None)
        for pragma in ("synchronous = FULL", "foreign_keys = ON", "secure_delete = ON"):
            connection.execute(f"PRAGMA {pragma}")
        return connection

    @contextmanager
    def _told(self) -> Iterator[None]:
        """The database's errors as ones that say what to do."""
        try:
            yield
        except FAULTS as error:
            raise _told(error, self._path) from error


def _check(database: sqlite3.Connection, path: Path) -> None:
    """Look through the whole file. What only an index has wrong is made anew; raises `StoreError` for the rest."""
    if _is_sound(database):
        return
    log.error("%s is damaged; its indexes are made anew", path)
    database.execute("REINDEX")
    if not _is_sound(database):
        raise StoreError(
            f"The database {path.name} is damaged on the disk, so it is not opened. Put a copy of it from before in its place, or "
            "move it away to begin anew.",
            kind="database_damaged",
            path=path.name,
        )


def _is_sound(database: sqlite3.Connection) -> bool:
    return bool(database.execute("PRAGMA integrity_check(1)").fetchone() == ("ok",))


def _migrate(database: sqlite3.Connection, path: Path, schema: Schema) -> bool:
    """Run those that the file has not seen, each in a transaction; says whether there were any. Raises `StoreError` for a file
    of a newer Banyan."""
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if version > len(schema.migrations):
        log.error("%s was written by a newer Banyan", path)
        raise StoreError(
            f"{path.name} was written by a newer Banyan. Update Banyan, or choose another --data folder.",
            kind="database_newer",
            path=path.name,
        )
    for number, script in enumerate(schema.migrations[version:], version + 1):
        database.executescript(f"BEGIN; {script} PRAGMA user_version = {number}; COMMIT;")
    return bool(version < len(schema.migrations))


def _told(error: Exception, path: Path) -> StoreError:
    """One of `FAULTS` at the database `path` as an error for people."""
    if "full" in str(error) or disk.is_full(error):
        return disk.full(path.parent)
    log.error("The database %s: %s", path, error)
    if "not a database" in str(error):
        return StoreError(
            f"{path.name} is not a Banyan database. Move it away, or choose another --data folder.",
            kind="database_foreign",
            path=path.name,
        )
    return StoreError(
        f"The database {path.name} cannot be used ({error}). Check the folder's permissions and the disk.",
        kind="database_unusable",
        path=path.name,
        reason=str(error),
    )
