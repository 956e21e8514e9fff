"""Prompts that an owner keeps, each under a name."""

import secrets
from dataclasses import dataclass

from chatbot.common.errors import InputError, NotFound
from chatbot.store.corrections import Corrections

MOST = 200  # prompts of an owner: a list that a page shows whole
LONGEST_NAME = 60  # characters, one line of the list


@dataclass(frozen=True, slots=True)
class Prompt:
    id: str
    name: str
    words: str


class Prompts(Corrections):
    """Every query names the owner; what belongs to somebody else is `NotFound`, as if it did not exist."""

    def prompts(self, owner: str) -> list[Prompt]:
        """The owner's, by name."""
        rows = self._read("SELECT id, name, words FROM prompts WHERE owner = ?", (owner,))
        return sorted((Prompt(*row) for row in rows), key=lambda prompt: (prompt.name.casefold(), prompt.name))

    def prompt(self, owner: str, id: str) -> Prompt:
        for prompt in self.prompts(owner):
            if prompt.id == id:
                return prompt
        raise _missing()

    def keep_prompt(self, owner: str, name: str, words: str, id: str = "") -> str:
        """A new one, or another name and other words of that `id`; returns the id.

        Raises `InputError` for a name that is empty, too long or taken, and where there are `MOST` already.
        """
        if not 0 < len(name) <= LONGEST_NAME:
            raise InputError(
                f"A prompt needs a name of at most {LONGEST_NAME} characters.", kind="prompt_name", limit=LONGEST_NAME
            )
        id = self.prompt(owner, id).id if id else ""
        if not id and len(self.prompts(owner)) >= MOST:
            raise InputError(f"There are {MOST} prompts already. Delete one first.", kind="prompts_full", limit=MOST)
        id = id or secrets.token_urlsafe(12)
        with self._writing() as database:
            taken = "SELECT 1 FROM prompts WHERE owner = ? AND name = ? AND id <> ?"
            if database.execute(taken, (owner, name, id)).fetchone():
                raise InputError(f"There is a prompt called {name} already.", kind="prompt_taken", name=name)
            database.execute(
                "INSERT INTO prompts (id, owner, name, words) VALUES (?, ?, ?, ?) "
                "ON CONFLICT (id) DO UPDATE SET name = excluded.name, words = excluded.words",
                (id, owner, name, words),
            )
        return id

    def remove_prompt(self, owner: str, id: str) -> None:
        with self._writing() as database:
            if not database.execute("DELETE FROM prompts WHERE owner = ? AND id = ?", (owner, id)).rowcount:
                raise _missing()


def _missing() -> NotFound:
    return NotFound("There is no such prompt. It may have been deleted in another window.", kind="no_prompt")
