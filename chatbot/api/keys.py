"""Who may call `/v1`: whoever holds the server's key, or one of a user's, who then may use what is that user's.

A key has 256 bits of chance, so a plain SHA-256 of it is kept: there is nothing to guess (OWASP, Password Storage, on high-entropy secrets).
"""

import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from starlette.requests import Request

from chatbot.common import disk
from chatbot.common.errors import AccessDenied, InputError, NotFound, StoreError
from chatbot.common.system import locks

PREFIX = "banyan-"
HOW = "python -m chatbot.keys"
MOST = 50  # keys of a user: one a program and machine; the file is read whole at each change
_SHOWN = 8  # characters of the hash by which a key is called


@dataclass(frozen=True, slots=True)
class Key:
    """`id` is the beginning of its hash; `label` says what it is for."""

    id: str
    user: str
    label: str
    made: str  # a day, ISO 8601


class Keys:
    """Those in a file, which is looked at again whenever it has changed: a command, or another app, may write it while this one runs."""

    def __init__(self, path: Path) -> None:
        self._path, self._turn = path, path.with_suffix(".lock")
        self._seen: tuple[int, int] | None = None
        self._known: Mapping[str, Key] = {}

    def user_of(self, key: str) -> str | None:
        """Whose it is; None: nobody's, or it was revoked."""
        found = self._read().get(_hash(key))
        return found.user if found else None

    def all(self) -> list[Key]:
        return list(self._read().values())

    def of(self, user: str) -> list[Key]:
        return [key for key in self.all() if key.user == user]

    def make(self, user: str, label: str) -> str:
        """A new key, which is shown this once. Raises `InputError` where the user has `MOST`."""
        key = PREFIX + secrets.token_urlsafe(32)
        made = Key(_hash(key)[:_SHOWN], user, label, datetime.now(UTC).date().isoformat())
        with locks.turn(self._turn):
            if len(self.of(user)) >= MOST:
                raise InputError(
                    f"There are {MOST} keys. Revoke one that is not used any more.", kind="keys_most", most=MOST
                )
            self._write({**self._read(), _hash(key): made})
        return key

    def revoke(self, id: str, user: str | None = None) -> None:
        """Only that user's, if one is named. Raises `NotFound`."""
        with locks.turn(self._turn):
            known = self._read()
            kept = {hashed: key for hashed, key in known.items() if key.id != id or user not in (None, key.user)}
            if len(kept) == len(known):
                raise NotFound(f"There is no key {id}.", kind="no_key", id=id)
            self._write(kept)

    def _read(self) -> Mapping[str, Key]:
        try:
            state = self._path.stat()
        except FileNotFoundError:
            return {}
        if (seen := (state.st_mtime_ns, state.st_ino)) != self._seen:
            try:
                records = json.loads(self._path.read_text("utf-8"))
                self._known = {hashed: Key(**record) for hashed, record in records.items()}
            except (ValueError, TypeError, AttributeError) as error:
                name = self._path.name
                raise StoreError(
                    f"The keys in {name} cannot be read: {error}.", kind="keys_unread", name=name, reason=str(error)
                ) from error
            self._seen = seen
        return self._known

    def _write(self, keys: Mapping[str, Key]) -> None:
        records = {hashed: asdict(key) for hashed, key in keys.items()}
        disk.write(self._path, json.dumps(records, ensure_ascii=False, indent=2), mode=0o600)


@dataclass(frozen=True, slots=True)
class Door:
    """`api_key` is the server's own; `closed` says that people must sign in to see the page: without a key nobody comes in then.

    `known` says whether there still is a user of that name.
    """

    api_key: str | None = None
    closed: bool = False
    keys: Keys | None = None
    known: Callable[[str], bool] = lambda name: True

    def enter(self, request: Request) -> str:
        """Whom the request acts for, as owners are called; empty: nobody in particular. Raises `AccessDenied`."""
        user = self.user(request)
        if user is not None:
            return f"user:{user}"
        sent = _sent(request)
        if self.api_key is not None:
            if not hmac.compare_digest(sent.encode(), self.api_key.encode()):
                raise AccessDenied("The API key is missing or wrong. Send it as “Authorization: Bearer KEY”.")
        elif self.closed:
            raise AccessDenied(
                f"This server asks people to sign in: send a key of yours, made at /keys or by {HOW}, or start it with --api-key to open /v1."
            )
        return ""

    def user(self, request: Request) -> str | None:
        """Whose key it carries."""
        sent = _sent(request)
        user = self.keys.user_of(sent) if self.keys and sent else None
        return user if user is not None and self.known(user) else None


def _sent(request: Request) -> str:
    """As OpenAI has it sent, or as Anthropic does."""
    scheme, _, sent = request.headers.get("authorization", "").partition(" ")
    return sent.strip() if scheme.lower() == "bearer" else request.headers.get("x-api-key", "")


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
