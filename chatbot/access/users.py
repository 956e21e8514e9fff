"""The people who may sign in, and their passwords."""

import hashlib
import hmac
import json
import logging
import re
import secrets
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias

from chatbot.access.oidc.people import Known, People
from chatbot.access.oidc.provider import Person
from chatbot.common import disk
from chatbot.common.database.base import Database, Schema
from chatbot.common.errors import AccessDenied, SettingsError

log = logging.getLogger(__name__)

_N, _R, _P = 2**14, 8, 5  # scrypt as OWASP recommends: 16 MiB and some 0.2 s a try
_MOST_TRIES = 10  # wrong passwords for a name from one address ...
_MOST_TRIES_ALL = 100  # ... and from all those together from which nobody ever signed in under it
_WINDOW = 300.0  # seconds
_PROVEN = 30 * 24 * 3600.0  # seconds for which an address counts as one from which a name signed in: a session's
HOW = "python -m chatbot.users NAME"
SCHEMA = Schema(
    "access",
    (
        """
        CREATE TABLE sessions (
            token TEXT PRIMARY KEY, name TEXT NOT NULL, proof TEXT NOT NULL, until REAL NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE tries (name TEXT NOT NULL, address TEXT NOT NULL, at REAL NOT NULL) STRICT;
        CREATE INDEX tries_of_name ON tries (name, at);
        CREATE TABLE proven (
            name TEXT NOT NULL, address TEXT NOT NULL, at REAL NOT NULL, PRIMARY KEY (name, address)
        ) STRICT, WITHOUT ROWID;
        """,
        """
        CREATE TABLE people (
            issuer TEXT NOT NULL, subject TEXT NOT NULL, name TEXT NOT NULL UNIQUE, admin INTEGER NOT NULL,
            circles TEXT NOT NULL, at REAL NOT NULL, PRIMARY KEY (issuer, subject)
        ) STRICT, WITHOUT ROWID;
        """,
    ),
)

Entry: TypeAlias = str | dict[str, str | bool | list[str]]
"""A hash, or {"password": a hash, "admin": whether this one runs the server, "groups": names of groups}."""


class TooManyTries(AccessDenied):
    kind = code = "too_many_passwords"
    status = 429


class Users:
    """Names and scrypt hashes of the people who may sign in, which of them are admins and in which groups each is; wrong passwords
    are throttled. `people` are those besides who sign in at a provider.

    By name and address, so that nobody shuts another out: whoever tries from elsewhere, or under other names, counts for
    themselves. Only a name tried from many addresses is closed to new ones (OWASP, Slow Down Online Guessing Attacks with
    Device Cookies). Tries stand in the database, by the hash of the name: some type the password there. `clock` gives seconds,
    by default the database's. An unknown name costs as much as a known one.
    """

    def __init__(
        self,
        hashes: Mapping[str, str],
        database: Database,
        *,
        admins: Collection[str] = (),
        groups: Mapping[str, Collection[str]] = MappingProxyType({}),
        people: People | None = None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self._hashes, self._admins = dict(hashes), frozenset(admins)
        self._groups, self._people = {name: frozenset(of) for name, of in groups.items()}, people
        self.database, self.now = database, clock or database.now
        self._nobody = hash_password(secrets.token_hex(16))

    @classmethod
    def load(cls, path: Path | None, database: Database, people: People | None = None) -> "Users":
        """Read {"name": "scrypt$n$r$p$salt$hash"} or {"name": {"password": "scrypt$...", "admin": true, "groups": ["name"]}}.

        Without a file there are `people` alone. Raises `SettingsError`, also for a password in plain text.
        """
        if path is None:
            return cls({}, database, people=people)
        try:
            entries = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise SettingsError(f"The users file {path} cannot be read: {error}.") from error
        if not isinstance(entries, dict) or not entries:
            raise SettingsError(f'The users file {path} must look like {{"name": "scrypt$..."}}. Add a user: {HOW}')
        if strange := next((name for name, entry in entries.items() if not _is_entry(entry)), None):
            raise SettingsError(
                f"The entry of “{strange}” in {path} is neither a password hash nor "
                f'{{"password": a hash, "admin": true or false, "groups": [names]}}. Make one: {HOW} [--admin]'
            )
        whole = {name: {"password": entry} if isinstance(entry, str) else entry for name, entry in entries.items()}
        return cls(
            {name: entry["password"] for name, entry in whole.items()},
            database,
            admins=[name for name, entry in whole.items() if entry.get("admin")],
            groups={name: entry.get("groups", ()) for name, entry in whole.items()},
            people=people,
        )

    @property
    def have_passwords(self) -> bool:
        return bool(self._hashes)

    def enter(self, person: Person) -> str:
        """The name here of whoever has signed in at the provider."""
        assert self._people
        return self._people.enter(person, self._hashes)

    def names(self) -> list[str]:
        return [*self._hashes, *(self._people.names() if self._people else ())]

    def knows(self, name: str) -> bool:
        return bool(self.proof(name))

    def proof(self, name: str) -> str:
        """What is true as long as `name` has this password, or is the same person at the provider; empty for nobody."""
        if name in self._hashes:
            return _key(self._hashes[name])
        known = self._elsewhere(name)
        return _key(known.proof) if known else ""

    def is_admin(self, name: str) -> bool:
        """Whether this one may change what concerns everybody, such as the model that answers."""
        known = self._elsewhere(name)
        return known.admin if known else name in self._admins

    def groups(self, name: str) -> frozenset[str]:
        """Those that the users file, or the provider at the last sign-in, says that `name` is in."""
        known = self._elsewhere(name)
        return known.groups if known else self._groups.get(name, frozenset())

    def members(self, group: str) -> list[str]:
        """The names of those who are in a group."""
        elsewhere = self._people.members(group) if self._people else []
        here = [name for name, groups in self._groups.items() if group in groups]
        return [*here, *(name for name in elsewhere if name not in self._hashes)]

    def _elsewhere(self, name: str) -> Known | None:
        return self._people.of(name) if self._people and name and name not in self._hashes else None

    def check(self, name: str, password: str, address: str) -> bool:
        """Works for a fifth of a second. Raises `AccessDenied` after ten wrong tries for a name from an address, or a hundred
        for a name from addresses that are new to it, within five minutes."""
        self._throttle(name, address)
        right = _matches(self._hashes.get(name, self._nobody), password) and name in self._hashes
        self._note(right, name, address)
        return right

    def _note(self, right: bool, name: str, address: str) -> None:
        now = self.now()
        with self.database.writing() as database:
            if right:
                database.execute("DELETE FROM proven WHERE at <= ?", (now - _PROVEN,))
                database.execute(
                    "INSERT INTO proven VALUES (?, ?, ?) ON CONFLICT (name, address) DO UPDATE SET at = excluded.at",
                    (_key(name), address, now),
                )
            else:
                database.execute("DELETE FROM tries WHERE at <= ?", (now - _WINDOW,))
                database.execute("INSERT INTO tries VALUES (?, ?, ?)", (_key(name), address, now))

    def _throttle(self, name: str, address: str) -> None:
        recent = "SELECT address, count(*) FROM tries WHERE name = ? AND at > ? GROUP BY address"
        tried: dict[str, int] = dict(self.database.read(recent, (_key(name), self.now() - _WINDOW)))
        proven = {row[0] for row in self.database.read("SELECT address FROM proven WHERE name = ?", (_key(name),))}
        strange = sum(count for where, count in tried.items() if where not in proven)
        closed = strange >= _MOST_TRIES_ALL and address not in proven
        if closed or tried.get(address, 0) >= _MOST_TRIES:
            log.warning("Sign-in refused: too many wrong passwords for %r from %s", name, address)
            raise TooManyTries("Too many wrong passwords. Please wait five minutes, then try again.")


def _key(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def hash_password(password: str) -> str:
    salt = secrets.token_bytes(16)
    return f"scrypt${_N}${_R}${_P}${salt.hex()}${_scrypt(password, salt, _N, _R, _P).hex()}"


def entry_of(password: str, *, admin: bool = False) -> Entry:
    return {"password": hash_password(password), "admin": True} if admin else hash_password(password)


def _is_entry(entry: object) -> bool:
    if isinstance(entry, dict):
        known = entry.keys() <= {"password", "admin", "groups"} and isinstance(entry.get("admin", False), bool)
        groups = entry.get("groups", [])
        known = known and isinstance(groups, list) and all(isinstance(one, str) and one for one in groups)
        return known and isinstance(entry.get("password"), str) and _is_entry(entry["password"])
    return isinstance(entry, str) and _parse(entry) is not None


def _matches(entry: str, password: str) -> bool:
    parsed = _parse(entry)
    if parsed is None:
        return False
    n, r, p, salt, expected = parsed
    return hmac.compare_digest(_scrypt(password, salt, n, r, p), expected)


def _scrypt(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    data = password.encode("utf-8", "surrogatepass")
    return hashlib.scrypt(data, salt=salt, n=n, r=r, p=p, maxmem=256 * n * r, dklen=32)


def _parse(entry: str) -> tuple[int, int, int, bytes, bytes] | None:
    """The parts of a hash that we could have made; bounds keep a broken file from asking for gigabytes."""
    found = re.fullmatch(r"scrypt\$(\d{1,7})\$(\d{1,2})\$(\d{1,2})\$((?:[0-9a-f]{2}){8,64})\$([0-9a-f]{64})", entry)
    if found is None:
        return None
    n, r, p = (int(found[part]) for part in (1, 2, 3))
    if n < 2 or n & (n - 1) or not r or not p:
        return None
    return n, r, p, bytes.fromhex(found[4]), bytes.fromhex(found[5])


def add_user(path: Path, entry: Mapping[str, Entry]) -> None:
    """Write the entry into the users file, whole or not at all."""
    users = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    disk.write(path, json.dumps({**users, **entry}, ensure_ascii=False, indent=2), mode=0o600)
