"""Conversations, prompts, settings and results of tasks, each under its owner.

Every query names the owner; what belongs to somebody else is `NotFound`, as if it did not exist.
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chatbot.common.errors import NotFound, StoreError
from chatbot.store.copies import Copies
from chatbot.store.stops import Stops

RESULTS = 50  # kept per owner and task; the oldest go first
LARGEST_RESULT = 1_000_000  # characters of JSON


@dataclass(frozen=True, slots=True)
class SavedResult:
    """What a task gave to this owner. `created` is in seconds since 1970, UTC; `result` is the task's own record."""

    id: str
    title: str
    created: float
    result: dict[str, Any]


class Store(Copies):
    """What Banyan remembers of each owner."""

    @property
    def stops(self) -> Stops | None:
        """What other Banyans were told to stop; None where there is no other."""
        return Stops(self._database) if self._database.shared else None

    # Settings of an owner

    def setting(self, owner: str, name: str, default: object = None) -> object:
        """The JSON value saved under `name`."""
        rows = self._read("SELECT value FROM settings WHERE owner = ? AND name = ?", (owner, name))
        return json.loads(rows[0][0]) if rows else default

    def set_setting(self, owner: str, name: str, value: object) -> None:
        with self._writing() as database:
            database.execute(
                "INSERT INTO settings VALUES (?, ?, ?) ON CONFLICT (owner, name) DO UPDATE SET value = excluded.value",
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
                "INSERT INTO results VALUES (?, ?, ?, ?, ?, ?)", (id, owner, task, title, text, self._now())
            )
            database.execute(
                "DELETE FROM results WHERE owner = ? AND task = ? AND id NOT IN (SELECT id FROM results "
                "WHERE owner = ? AND task = ? ORDER BY created DESC, id DESC LIMIT ?)",
                (owner, task, owner, task, RESULTS),
            )
        return id

    def results(self, owner: str, task: str, limit: int = 10) -> list[SavedResult]:
        """What `task` gave to the owner, the latest first."""
        rows = self._read(
            "SELECT id, title, created, result FROM results WHERE owner = ? AND task = ? "
            "ORDER BY created DESC, id DESC LIMIT ?",
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
                database.execute(
                    "DELETE FROM results WHERE owner = ? AND replace(result, ?, '') <> result", (owner, named)
                )

    def forget(self, document: str) -> None:
        """Remove of everybody what names a document by its id."""
        with self._writing() as database:
            database.execute("DELETE FROM results WHERE replace(result, ?, '') <> result", (json.dumps(document),))
