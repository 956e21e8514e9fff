"""SQLite: conversations and settings, each under its owner. Migrations are numbered and only ever appended.

Every query names the owner; what belongs to somebody else is `NotFound`, as if it did not exist.
"""

import json
import secrets
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from chatbot.errors import NotFound, StoreError, StoreFull
from chatbot.types import Message, Role

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
)


@dataclass(frozen=True, slots=True)
class Heading:
    """A conversation as the sidebar lists it. Times are seconds since 1970, UTC."""

    id: str
    title: str
    updated: float


@dataclass(frozen=True, slots=True)
class Conversation:
    """A saved conversation; `messages` hold user and assistant turns, the system prompt stands apart."""

    id: str
    title: str
    system_prompt: str
    adapter: str | None
    created: float
    updated: float
    messages: tuple[Message, ...]


class Store:
    """One database file, safe to use from any thread. What returns is on disk (WAL, synchronous=FULL).

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

    # Conversations

    def conversations(self, owner: str, limit: int = 200) -> list[Heading]:
        """The owner's conversations, the latest first."""
        rows = self._read(
            "SELECT id, title, updated FROM conversations WHERE owner = ? ORDER BY updated DESC, rowid DESC LIMIT ?",
            (owner, limit),
        )
        return [Heading(*row) for row in rows]

    def conversation(self, owner: str, id: str) -> Conversation:
        rows = self._read(
            "SELECT id, title, system_prompt, adapter, created, updated FROM conversations WHERE owner = ? AND id = ?",
            (owner, id),
        )
        if not rows:
            raise _missing()
        messages = self._read(
            "SELECT role, content FROM messages JOIN conversations ON id = conversation "
            "WHERE owner = ? AND conversation = ? ORDER BY position",
            (owner, id),
        )
        id, title, system_prompt, adapter, created, updated = rows[0]
        turns = tuple(Message(_role(role), content) for role, content in messages)
        return Conversation(id, title, system_prompt, adapter, created, updated, turns)

    def create(self, owner: str, *, title: str, system_prompt: str = "", adapter: str | None = None) -> str:
        """Begin a conversation and return its id."""
        id, now = secrets.token_urlsafe(12), time.time()
        with self._writing() as database:
            database.execute(
                "INSERT INTO conversations VALUES (?, ?, ?, ?, ?, ?, ?)",
                (id, owner, title, system_prompt, adapter, now, now),
            )
        return id

    def append(self, owner: str, id: str, message: Message, *, at: int) -> None:
        """Put `message` at position `at` and drop what stood there and after: editing and regenerating are this too.

        Raises `StoreError` when the conversation is shorter than `at`.
        """
        with self._writing() as database:
            _own(database, owner, id)
            (length,) = database.execute("SELECT count(*) FROM messages WHERE conversation = ?", (id,)).fetchone()
            if at > length:
                raise StoreError("This conversation was changed in another window. Open it again from the list.")
            database.execute("DELETE FROM messages WHERE conversation = ? AND position >= ?", (id, at))
            database.execute(
                "INSERT INTO messages VALUES (?, ?, ?, ?, ?)", (id, at, message.role, message.content, time.time())
            )
            database.execute("UPDATE conversations SET updated = ? WHERE id = ?", (time.time(), id))

    def truncate(self, owner: str, id: str, length: int) -> None:
        """Keep the first `length` messages."""
        with self._writing() as database:
            _own(database, owner, id)
            database.execute("DELETE FROM messages WHERE conversation = ? AND position >= ?", (id, length))

    def rename(self, owner: str, id: str, title: str) -> None:
        with self._writing() as database:
            _own(database, owner, id)
            database.execute("UPDATE conversations SET title = ? WHERE id = ?", (title, id))

    def configure(self, owner: str, id: str, *, system_prompt: str, adapter: str | None) -> None:
        """Remember the system prompt and adapter in use."""
        with self._writing() as database:
            _own(database, owner, id)
            database.execute(
                "UPDATE conversations SET system_prompt = ?, adapter = ? WHERE id = ?", (system_prompt, adapter, id)
            )

    def delete(self, owner: str, id: str) -> None:
        with self._writing() as database:
            _own(database, owner, id)
            database.execute("DELETE FROM conversations WHERE id = ?", (id,))

    # Settings of an owner

    def setting(self, owner: str, name: str, default: object = None) -> object:
        """The JSON value saved under `name`."""
        rows = self._read("SELECT value FROM settings WHERE owner = ? AND name = ?", (owner, name))
        return json.loads(rows[0][0]) if rows else default

    def set_setting(self, owner: str, name: str, value: object) -> None:
        with self._writing() as database:
            database.execute(
                "INSERT INTO settings VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
                (owner, name, json.dumps(value)),
            )

    def _migrate(self) -> None:
        (version,) = self._database.execute("PRAGMA user_version").fetchone()
        if version > len(MIGRATIONS):
            raise StoreError(
                f"{self._path} was written by a newer Banyan. Update Banyan, or choose another --data folder."
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


def _own(database: sqlite3.Connection, owner: str, id: str) -> None:
    if not database.execute("SELECT 1 FROM conversations WHERE owner = ? AND id = ?", (owner, id)).fetchone():
        raise _missing()


def _missing() -> NotFound:
    return NotFound("There is no such conversation. It may have been deleted in another window.")


def _role(text: str) -> Role:
    return "assistant" if text == "assistant" else "user"


def _told(error: Exception, path: Path) -> StoreError:
    """The database's error as one that says what to do."""
    if "full" in str(error) or getattr(error, "errno", None) == 28:
        return StoreFull(f"The disk with {path.parent} is full. Free some space and try again; what was saved is safe.")
    if isinstance(error, sqlite3.DatabaseError) and "not a database" in str(error):
        return StoreError(f"{path} is not a Banyan database. Move it away, or choose another --data folder.")
    return StoreError(f"The database {path} cannot be used ({error}). Check the folder's permissions and the disk.")
