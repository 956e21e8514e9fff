"""SQLite: conversations, settings and results of tasks, each under its owner.

Every query names the owner; what belongs to somebody else is `NotFound`, as if it did not exist.
"""

import json
import secrets
import sqlite3
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chatbot.common.errors import NotFound, StoreError
from chatbot.store.database import Database
from chatbot.types import FinishReason, Message, Role

RESULTS = 50  # kept per owner and task; the oldest go first
LARGEST_RESULT = 1_000_000  # characters of JSON


@dataclass(frozen=True, slots=True)
class Heading:
    """A conversation as the sidebar lists it. Times are seconds since 1970, UTC."""

    id: str
    title: str
    updated: float


@dataclass(frozen=True, slots=True)
class Conversation:
    """A saved conversation; `messages` hold user and assistant turns, the system prompt stands apart.

    `cut`: the last answer reached the longest that was allowed, and can be gone on with.
    """

    id: str
    title: str
    system_prompt: str
    adapter: str | None
    created: float
    updated: float
    messages: tuple[Message, ...]
    cut: bool = False


@dataclass(frozen=True, slots=True)
class SavedResult:
    """What a task gave to this owner. `created` is in seconds since 1970, UTC; `result` is the task's own record."""

    id: str
    title: str
    created: float
    result: dict[str, Any]


class Store(Database):
    """What Banyan remembers of each owner."""

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
            "SELECT role, content, finish FROM messages JOIN conversations ON id = conversation "
            "WHERE owner = ? AND conversation = ? ORDER BY position",
            (owner, id),
        )
        id, title, system_prompt, adapter, created, updated = rows[0]
        turns = tuple(Message(_role(role), content) for role, content, _ in messages)
        cut = bool(messages) and messages[-1][2] == "length"
        return Conversation(id, title, system_prompt, adapter, created, updated, turns, cut)

    def create(self, owner: str, *, title: str, system_prompt: str = "", adapter: str | None = None) -> str:
        """Begin a conversation and return its id."""
        id, now = secrets.token_urlsafe(12), time.time()
        with self._writing() as database:
            database.execute(
                "INSERT INTO conversations VALUES (?, ?, ?, ?, ?, ?, ?)",
                (id, owner, title, system_prompt, adapter, now, now),
            )
        return id

    def append(self, owner: str, id: str, message: Message, *, at: int, finish: FinishReason | None = None) -> None:
        """Put `message` at position `at` and drop what stood there and after: editing and regenerating are this too.

        `finish` says why an answer ended, where it came to its end. Raises `StoreError` when the conversation is shorter than `at`.
        """
        with self._writing() as database:
            _own(database, owner, id)
            (length,) = database.execute("SELECT count(*) FROM messages WHERE conversation = ?", (id,)).fetchone()
            if at > length:
                raise StoreError(
                    "This conversation was changed in another window. Open it again from the list.",
                    kind="conversation_changed",
                )
            database.execute("DELETE FROM messages WHERE conversation = ? AND position >= ?", (id, at))
            database.execute(
                "INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?)",
                (id, at, message.role, message.content, time.time(), finish),
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

    # Results of tasks

    def add_result(self, owner: str, task: str, title: str, result: Mapping[str, Any]) -> str:
        """Keep what `task` gave, JSON values only, and return its id. Raises `StoreError` when it is too large."""
        text = json.dumps(result)
        if len(text) > LARGEST_RESULT:
            raise StoreError("This result is too large to be kept. Download it instead.", kind="result_large")
        id = secrets.token_urlsafe(12)
        with self._writing() as database:
            database.execute(
                "INSERT INTO results VALUES (?, ?, ?, ?, ?, ?)", (id, owner, task, title, text, time.time())
            )
            database.execute(
                "DELETE FROM results WHERE owner = ? AND task = ? AND id NOT IN (SELECT id FROM results "
                "WHERE owner = ? AND task = ? ORDER BY created DESC, rowid DESC LIMIT ?)",
                (owner, task, owner, task, RESULTS),
            )
        return id

    def results(self, owner: str, task: str, limit: int = 10) -> list[SavedResult]:
        """What `task` gave to the owner, the latest first."""
        rows = self._read(
            "SELECT id, title, created, result FROM results WHERE owner = ? AND task = ? "
            "ORDER BY created DESC, rowid DESC LIMIT ?",
            (owner, task, limit),
        )
        return [SavedResult(id, title, created, json.loads(result)) for id, title, created, result in rows]

    def remove_result(self, owner: str, id: str) -> None:
        with self._writing() as database:
            if not database.execute("DELETE FROM results WHERE owner = ? AND id = ?", (owner, id)).rowcount:
                raise NotFound("There is no such result. It may have been removed in another window.", kind="no_result")

    def remove_results(self, owner: str, task: str = "", *, naming: str = "") -> None:
        """Remove the owner's results of `task`, or of every task those that name a document by its id."""
        with self._writing() as database:
            if task:
                database.execute("DELETE FROM results WHERE owner = ? AND task = ?", (owner, task))
            if naming:
                named = json.dumps(naming)
                database.execute("DELETE FROM results WHERE owner = ? AND instr(result, ?) > 0", (owner, named))


def _own(database: sqlite3.Connection, owner: str, id: str) -> None:
    if not database.execute("SELECT 1 FROM conversations WHERE owner = ? AND id = ?", (owner, id)).fetchone():
        raise _missing()


def _missing() -> NotFound:
    return NotFound(
        "There is no such conversation. It may have been deleted in another window.", kind="no_conversation"
    )


def _role(text: str) -> Role:
    return "assistant" if text == "assistant" else "user"
