"""The database file behind the store. Migrations are numbered and only ever appended."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from chatbot.common import sqlite
from chatbot.types import alike

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
    """
    ALTER TABLE messages ADD COLUMN finish TEXT;
    """,
    """
    CREATE TABLE turns (
        id INTEGER PRIMARY KEY AUTOINCREMENT, conversation TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
        parent INTEGER, role TEXT NOT NULL, content TEXT NOT NULL, created REAL NOT NULL, finish TEXT,
        model TEXT, adapter TEXT, tokens INTEGER, seconds REAL, liked INTEGER, better TEXT
    ) STRICT;
    INSERT INTO turns (conversation, role, content, created, finish)
        SELECT conversation, role, content, created, finish FROM messages ORDER BY conversation, position;
    CREATE INDEX turns_of_conversation ON turns (conversation);
    UPDATE turns SET parent =
        (SELECT max(id) FROM turns AS earlier WHERE earlier.conversation = turns.conversation AND earlier.id < turns.id);
    CREATE INDEX turns_of_parent ON turns (conversation, parent);
    DROP TABLE messages;
    ALTER TABLE conversations ADD COLUMN leaf INTEGER;
    UPDATE conversations SET leaf = (SELECT max(id) FROM turns WHERE conversation = conversations.id);
    ALTER TABLE conversations ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE conversations ADD COLUMN deleted REAL;
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
            self._database.create_function("alike", 1, alike, deterministic=True)
            sqlite.migrate(self._database, path, MIGRATIONS)
        except (sqlite3.Error, OSError) as error:
            raise sqlite.told(error, path) from error

    def close(self) -> None:
        with self._lock:
            self._database.close()

    def _read(self, query: str, values: Sequence[object]) -> list[tuple]:  # type: ignore[type-arg]
        try:
            with self._lock:
                return self._database.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise sqlite.told(error, self._path) from error

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
                    raise sqlite.told(error, self._path) from error
                raise
