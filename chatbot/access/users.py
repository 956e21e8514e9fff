"""The people who may sign in, and their passwords."""

import hashlib
import hmac
import json
import logging
import re
import secrets
import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from threading import Lock
from typing import TypeAlias

from chatbot.common import disk
from chatbot.common.errors import AccessDenied, SettingsError

log = logging.getLogger(__name__)

_N, _R, _P = 2**14, 8, 5  # scrypt as OWASP recommends: 16 MiB and some 0.2 s a try
_MOST_TRIES = 10  # wrong passwords for a name from one address ...
_MOST_TRIES_ALL = 100  # ... and from all those together from which nobody ever signed in under it
_WINDOW = 300.0  # seconds
HOW = "python -m chatbot.users NAME"

Entry: TypeAlias = str | dict[str, str | bool]
"""A hash, or {"password": a hash, "admin": whether this one runs the server}."""


class TooManyTries(AccessDenied):
    kind = code = "too_many_passwords"
    status = 429


class Users:
    """Names and scrypt hashes of the people who may sign in, and which of them are admins; wrong passwords are throttled.

    By name and address, so that nobody shuts another out: whoever tries from elsewhere, or under other names, counts for
    themselves. Only a name tried from many addresses is closed to new ones (OWASP, Slow Down Online Guessing Attacks with
    Device Cookies). `clock` gives seconds. An unknown name costs as much as a known one.
    """

    def __init__(
        self,
        hashes: Mapping[str, str],
        *,
        admins: Collection[str] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._hashes, self._admins = dict(hashes), frozenset(admins)
        self._clock = clock
        self._lock = Lock()
        self._failures: list[tuple[float, str, str]] = []  # when, name, address
        self._proven: set[tuple[str, str]] = set()  # (name, address) that signed in
        self._nobody = hash_password(secrets.token_hex(16))

    @classmethod
    def load(cls, path: Path, *, clock: Callable[[], float] = time.monotonic) -> "Users":
        """Read {"name": "scrypt$n$r$p$salt$hash"} or {"name": {"password": "scrypt$...", "admin": true}}.

        Raises `SettingsError`, also for a password in plain text.
        """
        try:
            entries = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise SettingsError(f"The users file {path} cannot be read: {error}.") from error
        if not isinstance(entries, dict) or not entries:
            raise SettingsError(f'The users file {path} must look like {{"name": "scrypt$..."}}. Add a user: {HOW}')
        if strange := next((name for name, entry in entries.items() if not _is_entry(entry)), None):
            raise SettingsError(
                f"The entry of “{strange}” in {path} is neither a password hash nor "
                f'{{"password": a hash, "admin": true or false}}. Make one: {HOW} [--admin]'
            )
        hashes = {name: entry if isinstance(entry, str) else entry["password"] for name, entry in entries.items()}
        admins = [name for name, entry in entries.items() if isinstance(entry, dict) and entry.get("admin")]
        return cls(hashes, admins=admins, clock=clock)

    def knows(self, name: str) -> bool:
        return name in self._hashes

    def is_admin(self, name: str) -> bool:
        """Whether this one may change what concerns everybody, such as the model that answers."""
        return name in self._admins

    def check(self, name: str, password: str, address: str) -> bool:
        """Works for a fifth of a second. Raises `AccessDenied` after ten wrong tries for a name from an address, or a hundred
        for a name from addresses that are new to it, within five minutes."""
        self._throttle(name, address)
        right = _matches(self._hashes.get(name, self._nobody), password) and name in self._hashes
        with self._lock:
            if right:
                self._proven.add((name, address))
            else:
                self._failures.append((self._clock(), name, address))
        return right

    def _throttle(self, name: str, address: str) -> None:
        with self._lock:
            begin = self._clock() - _WINDOW
            self._failures = [failure for failure in self._failures if failure[0] > begin]
            tried = [where for _, whom, where in self._failures if whom == name]
            strange = sum((name, where) not in self._proven for where in tried)
            closed = strange >= _MOST_TRIES_ALL and (name, address) not in self._proven
        if closed or tried.count(address) >= _MOST_TRIES:
            log.warning("Sign-in refused: too many wrong passwords for %r from %s", name, address)
            raise TooManyTries("Too many wrong passwords. Please wait five minutes, then try again.")


def hash_password(password: str) -> str:
    salt = secrets.token_bytes(16)
    return f"scrypt${_N}${_R}${_P}${salt.hex()}${_scrypt(password, salt, _N, _R, _P).hex()}"


def entry_of(password: str, *, admin: bool = False) -> Entry:
    return {"password": hash_password(password), "admin": True} if admin else hash_password(password)


def _is_entry(entry: object) -> bool:
    if isinstance(entry, dict):
        known = entry.keys() <= {"password", "admin"} and isinstance(entry.get("admin", False), bool)
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
