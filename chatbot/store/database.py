"""The database file behind the store. Migrations are numbered and only ever appended."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from chatbot.common.errors import StoreError, StoreFull

MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE conversations (
        id TEXT PRIMARY KEY, owner TEXT NOT NULL, title TEXT NOT NULL, system_prompt TEXT NOT NULL,
        adapter TEXT, created REAL NOT NULL, updated REAL NOT NULL
    ) STRICT;
    CREATE INDEX conversations_of_owner ON conversations (owner, updated DESC);
    CREATE TABLE messages (
        conversation TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
        position INTEGER NOT NULL, role TEXT NOT NULL, content TEXT NOT NULL, created REAL NOT NULL,
        PRIMARY KEY (conversation, position)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE settings (
        owner TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (owner, name)
    ) STRICT, WITHOUT ROWID;
    """,
    """
    CREATE TABLE results (
        id TEXT PRIMARY KEY, owner TEXT NOT NULL, task TEXT NOT NULL, title TEXT NOT NULL, result TEXT NOT NULL,
        created REAL NOT NULL
    ) STRICT;
    CREATE INDEX results_of_owner ON results (owner, task, created DESC);
    """,
)


class Database:
    """One SQLite file, safe to use from any thread. What was written is on disk (WAL, synchronous=FULL).

    Raises `StoreFull` when the disk is full and `StoreError` when the file cannot be used; neither loses what was saved.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = FULL")
            self._database.execute("PRAGMA foreign_keys = ON")
            self._migrate()
        except (sqlite3.Error, OSError) as error:
            raise _told(error, path) from error

    def close(self) -> None:
        with self._lock:
            self._database.close()

    def _migrate(self) -> None:
        (version,) = self._database.execute("PRAGMA user_version").fetchone()
        if version > len(MIGRATIONS):
            raise StoreError(
                f"{self._path} was written by a newer Banyan. Update Banyan, or choose another --data folder.",
                kind="database_newer",
                path=str(self._path),
            )
        for number, script in enumerate(MIGRATIONS[version:], version + 1):
            self._database.executescript(f"BEGIN; {script} PRAGMA user_version = {number}; COMMIT;")

    def _read(self, query: str, values: Sequence[object]) -> list[tuple]:  # type: ignore[type-arg]
        try:
            with self._lock:
                return self._database.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise _told(error, self._path) from error

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                self._database.execute("BEGIN IMMEDIATE")
                yield self._database
                self._database.execute("COMMIT")
            except BaseException as error:
                if self._database.in_transaction:
                    self._database.execute("ROLLBACK")
                if isinstance(error, sqlite3.Error | UnicodeEncodeError):
                    raise _told(error, self._path) from error
                raise


def _told(error: Exception, path: Path) -> StoreError:
    """The database's error as one that says what to do."""
    if "full" in str(error) or getattr(error, "errno", None) == 28:
        return StoreFull(
            f"The disk with {path.parent} is full. Free some space and try again; what was saved is safe.",
            kind="disk_full",
            folder=str(path.parent),
        )
    if isinstance(error, sqlite3.DatabaseError) and "not a database" in str(error):
        return StoreError(
            f"{path} is not a Banyan database. Move it away, or choose another --data folder.",
            kind="database_foreign",
            path=str(path),
        )
    return StoreError(
        f"The database {path} cannot be used ({error}). Check the folder's permissions and the disk.",
        kind="database_unusable",
        path=str(path),
        reason=str(error),
    )
