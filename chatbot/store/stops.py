"""Answers that are told to stop at another Banyan than the one that writes them."""

from collections.abc import Mapping

from chatbot.common.database.base import Database

KEPT = 60.0  # seconds until a word is forgotten: an answer hears of it within one, or is none any more


class Stops:
    """Under the answer's owner and the name of what is answered. Raises as `Database` does."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def now(self) -> float:
        return self._database.now()

    def ask(self, owner: str, run: str) -> None:
        """Stop what the owner has under way by that name, wherever it is written."""
        with self._database.writing() as database:
            now = self._database.now()
            database.execute("DELETE FROM stops WHERE at < ?", (now - KEPT,))
            database.execute(
                "INSERT INTO stops VALUES (?, ?, ?) ON CONFLICT (owner, run) DO UPDATE SET at = excluded.at",
                (owner, run, now),
            )

    def asked(self) -> Mapping[tuple[str, str], float]:
        """(owner, name) of all that were told to stop lately, and when, by the database's clock."""
        return {(owner, run): at for owner, run, at in self._database.read("SELECT owner, run, at FROM stops")}
