"""Those who sign in at a provider of OpenID Connect: who they are there, and what they are called here."""

import json
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from itertools import chain, count

from chatbot.access.oidc.provider import Person
from chatbot.common.database.base import Database

KNOWN = 30 * 24 * 3600.0  # seconds after a sign-in for which keys of programs count: as long as a session lasts
LONGEST_NAME = 64  # characters


@dataclass(frozen=True, slots=True)
class Known:
    """`proof` changes with whoever has the name."""

    proof: str
    admin: bool
    groups: frozenset[str]


class People:
    """By the provider's `sub`, the only claim that stays one person's (OpenID Connect Core 1.0, 5.7): a name that somebody gives
    themselves there opens nobody else's things here."""

    def __init__(self, database: Database, admins: Collection[str] = ()) -> None:
        self._database, self._admins = database, frozenset(admins)

    def enter(self, person: Person, taken: Collection[str]) -> str:
        """The name of whoever has just signed in. The first time it is what they are called there, or near it where that is `taken`."""
        groups, admin = json.dumps(sorted(person.groups)), int(bool(self._admins & person.marks))
        now = self._database.now()
        with self._database.writing() as database:
            found = database.execute(
                "SELECT name FROM people WHERE issuer = ? AND subject = ?", (person.issuer, person.subject)
            ).fetchone()
            if found and found[0] not in taken:
                database.execute(
                    "UPDATE people SET admin = ?, circles = ?, at = ? WHERE name = ?", (admin, groups, now, found[0])
                )
                return str(found[0])
            database.execute("DELETE FROM people WHERE issuer = ? AND subject = ?", (person.issuer, person.subject))
            others = [row[0] for row in database.execute("SELECT name FROM people").fetchall()]
            name = _free(person.name, {*map(_plain, chain(taken, others))})
            database.execute(
                "INSERT INTO people VALUES (?, ?, ?, ?, ?, ?)",
                (person.issuer, person.subject, name, admin, groups, now),
            )
        return name

    def of(self, name: str) -> Known | None:
        """Who is called so, if they have signed in within a month."""
        rows = self._database.read(
            "SELECT issuer, subject, admin, circles FROM people WHERE name = ? AND at > ?",
            (name, self._database.now() - KNOWN),
        )
        if not rows:
            return None
        issuer, subject, admin, groups = rows[0]
        return Known(f"{issuer} {subject}", bool(admin), frozenset(json.loads(groups)))

    def members(self, group: str) -> list[str]:
        """The names of those whom the provider has put into a group, as `of` knows them."""
        rows = self._database.read("SELECT name, circles FROM people WHERE at > ?", (self._database.now() - KNOWN,))
        return [str(name) for name, groups in rows if group in json.loads(groups)]

    def names(self) -> list[str]:
        return [str(row[0]) for row in self._database.read("SELECT name FROM people ORDER BY name")]


def _free(wish: str, taken: Collection[str]) -> str:
    name = "".join(one for one in wish if one.isprintable()).strip()[:LONGEST_NAME].strip() or "somebody"
    return next(found for n in count(1) if _plain(found := name if n == 1 else f"{name} {n}") not in taken)


def _plain(name: str) -> str:
    """The same for names that look alike (Unicode TR 15, NFKC)."""
    return unicodedata.normalize("NFKC", name).casefold()
