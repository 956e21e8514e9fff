"""The library's database file: its connections, its schema by numbered migrations, and its errors in plain words."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock, local
from typing import Any

from chatbot.common import sqlite

Rows = list[tuple[Any, ...]]

MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE owners (owner TEXT PRIMARY KEY, generation INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE documents (
        id TEXT PRIMARY KEY, owner TEXT NOT NULL, name TEXT NOT NULL, kind TEXT, size INTEGER NOT NULL,
        sha256 TEXT NOT NULL, status TEXT NOT NULL, pages INTEGER NOT NULL, passages INTEGER NOT NULL,
        warnings TEXT NOT NULL, reason TEXT NOT NULL, code TEXT NOT NULL, created REAL NOT NULL,
        UNIQUE (owner, sha256)
    ) STRICT;
    CREATE TABLE pages (
        document TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
        number INTEGER NOT NULL, label TEXT NOT NULL, text TEXT NOT NULL, warnings TEXT NOT NULL,
        PRIMARY KEY (document, number)
    ) STRICT;
    CREATE TABLE passages (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        document TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
        position INTEGER NOT NULL, page INTEGER NOT NULL, start INTEGER NOT NULL, end INTEGER NOT NULL,
        text TEXT NOT NULL, heading TEXT NOT NULL,
        UNIQUE (document, position)
    ) STRICT;
    CREATE TABLE embedders (
        id INTEGER PRIMARY KEY, fingerprint TEXT NOT NULL UNIQUE, name TEXT NOT NULL, dimension INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE vectors (
        passage INTEGER PRIMARY KEY REFERENCES passages (id) ON DELETE CASCADE,
        embedder INTEGER NOT NULL REFERENCES embedders (id), vector BLOB NOT NULL
    ) STRICT;
    CREATE INDEX vectors_of_embedder ON vectors (embedder);
    CREATE TABLE caches (
        owner TEXT NOT NULL, part TEXT NOT NULL, file TEXT NOT NULL, generation INTEGER NOT NULL,
        rows INTEGER NOT NULL, sha256 TEXT NOT NULL, embedder INTEGER,
        PRIMARY KEY (owner, part)
    ) STRICT, WITHOUT ROWID;
    """,
    "ALTER TABLE passages ADD COLUMN tables TEXT NOT NULL DEFAULT '[]';",
)


class Database:
    """Safe to use from any thread: one connection for writing, and one for each thread that reads.

    What is committed is on disk (WAL, synchronous=FULL); what is deleted is overwritten (secure_delete). Raises `StoreFull`
    when the disk is full and `StoreError` when the file cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()
        self._here = local()
        self._open: list[sqlite3.Connection] = []
        with self._told():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._writer = self._connect()
            self._writer.execute("PRAGMA journal_mode = WAL")
            sqlite.migrate(self._writer, path, MIGRATIONS)

    def close(self) -> None:
        with self._lock:
            for connection in self._open:
                connection.close()

    def read(self, query: str, values: Sequence[object]) -> Rows:
        with self._told():
            if not hasattr(self._here, "reader"):
                self._here.reader = self._connect()
            rows: Rows = self._here.reader.execute(query, values).fetchall()
            return rows

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: committed when the block ends, undone when it raises."""
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
        self._open.append(connection)
        return connection

    @contextmanager
    def _told(self) -> Iterator[None]:
        """The database's errors as ones that say what to do."""
        try:
            yield
        except sqlite.FAULTS as error:
            raise sqlite.told(error, self._path) from error
