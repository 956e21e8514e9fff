"""Who somebody is.

`python -m chatbot.access NAME [USERS.json]` asks for a password and prints NAME's entry for the users file, or writes it
into the file.

Owner = login name, else an unguessable id issued by us: a cookie `ID.SIGNATURE`, where only this server's secret makes
the signature. A Gradio `session_hash` is chosen by the client and identifies nobody. Programs that run on this very
machine and keep no cookies, as `gradio_client` does, are one owner together, so that what one call adds the next one finds.
"""

import getpass
import hashlib
import hmac
import json
import logging
import os
import re
import secrets
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping
from http.cookies import CookieError, SimpleCookie
from ipaddress import ip_address
from pathlib import Path
from threading import Lock
from typing import Protocol

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chatbot.errors import AccessDenied, SettingsError

log = logging.getLogger(__name__)

COOKIE = "banyan_owner"
SCRIPT = "script"  # the owner of what programs on this machine add
API = "/gradio_api/"
_YEAR = 365 * 24 * 3600  # seconds
_STATE = "banyan_owner"  # the key in the request's state: no client can write there
_ID = re.compile(r"[A-Za-z0-9_-]{32}\Z")  # token_urlsafe(24)
_N, _R, _P = 2**14, 8, 5  # scrypt as OWASP recommends: 16 MiB and some 0.2 s a try
_MOST_TRIES = 10  # wrong passwords for one name ...
_MOST_TRIES_ALL = 100  # ... and for all names together, so that one password is not tried on every name
_WINDOW = 300.0  # seconds


class RequestLike(Protocol):
    """What is used of a `gradio.Request`: `username` and `state` (as Starlette's request has it)."""

    @property
    def username(self) -> str | None: ...


def owner_of(request: RequestLike | None) -> str:
    """`user:NAME`, else `guest:ID` of this browser, else a fresh `guest:` that nobody will ever be again."""
    name = getattr(request, "username", None)
    if name:
        return f"user:{name}"
    owner = getattr(getattr(request, "state", None), _STATE, None)
    return f"guest:{owner if isinstance(owner, str) else secrets.token_urlsafe(24)}"


def load_secret(folder: Path) -> bytes:
    """The key of the owner cookies, made on first use in `folder`/secret, readable by this account only."""
    path = folder / "secret"
    folder.mkdir(parents=True, exist_ok=True)
    aside = folder / f"secret.{secrets.token_hex(8)}"
    if not path.exists():
        with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_bytes(32))
            file.flush()
            os.fsync(file.fileno())
        try:
            path.hardlink_to(aside)  # unlike a rename, keeps the secret of another process that was faster
        except FileExistsError:
            pass
        finally:
            aside.unlink()
    secret = path.read_bytes()
    if len(secret) < 32:
        raise SettingsError(f"{path} is damaged. Remove it; visitors who are not signed in then start anew.")
    return secret


class OwnerCookie:
    """ASGI middleware: gives each browser an id and tells it to the handler, from the very first request on.

    `embedded` is for Hugging Face Spaces, where the page sits in another site's frame: only a `SameSite=None; Secure;
    Partitioned` cookie comes back there.
    """

    def __init__(self, app: ASGIApp, *, secret: bytes, embedded: bool = False) -> None:
        self._app = app
        self._secret = secret
        self._embedded = embedded

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        known = self._read(Headers(scope=scope))
        script = not known and not self._embedded and _is_script_here(scope)
        owner = known or (SCRIPT if script else secrets.token_urlsafe(24))
        scope = {**scope, "state": {**scope.get("state", {}), _STATE: owner}}

        async def send_with_cookie(message: Message) -> None:
            if message["type"] in {"http.response.start", "websocket.accept"}:
                MutableHeaders(scope=message).append("set-cookie", self._cookie(owner, _is_https(scope)))
            await send(message)

        await self._app(scope, receive, send if known or script else send_with_cookie)

    def _read(self, headers: Headers) -> str | None:
        for header in headers.getlist("cookie"):
            try:
                cookie = SimpleCookie(header).get(COOKIE)
            except CookieError:
                continue
            owner, _, signature = (cookie.value if cookie else "").partition(".")
            if _ID.match(owner) and hmac.compare_digest(signature.encode(), self._sign(owner).encode()):
                return owner
        return None

    def _sign(self, owner: str) -> str:
        return hmac.new(self._secret, b"owner:" + owner.encode(), hashlib.sha256).hexdigest()

    def _cookie(self, owner: str, https: bool) -> str:
        head = f"{COOKIE}={owner}.{self._sign(owner)}; HttpOnly; Path=/; Max-Age={_YEAR}"
        if self._embedded:
            return f"{head}; SameSite=None; Secure; Partitioned"
        return f"{head}; SameSite=Lax" + ("; Secure" if https else "")


def _is_script_here(scope: Scope) -> bool:
    """Whether a program on this machine calls the API. Browsers say where a request comes from, and proxies for whom."""
    headers, client = Headers(scope=scope), scope.get("client")
    try:
        near = client is not None and ip_address(client[0]).is_loopback
    except ValueError:
        near = False
    elsewhere = ("origin", "referer", "sec-fetch-site", "forwarded", "x-forwarded-for", "x-real-ip", "via")
    api = API in scope["path"] or scope["path"].endswith("/config")  # from which gradio_client would keep a cookie
    return near and api and not any(name in headers for name in elsewhere)


def _is_https(scope: Scope) -> bool:
    forwarded = Headers(scope=scope).get("x-forwarded-proto", "").split(",")[0].strip()
    return (forwarded or scope["scheme"]) in {"https", "wss"}


class Users:
    """Names and scrypt hashes of the people who may sign in; wrong passwords are throttled.

    `clock` gives seconds. An unknown name costs as much as a known one.
    """

    def __init__(self, hashes: Mapping[str, str], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._hashes = dict(hashes)
        self._clock = clock
        self._lock = Lock()
        self._failures: deque[tuple[float, str]] = deque(maxlen=_MOST_TRIES_ALL)
        self._nobody = hash_password(secrets.token_hex(16))

    @classmethod
    def load(cls, path: Path, *, clock: Callable[[], float] = time.monotonic) -> "Users":
        """Read {"name": "scrypt$n$r$p$salt$hash"}. Raises `SettingsError`, also for a password in plain text."""
        try:
            entries = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise SettingsError(f"The users file {path} cannot be read: {error}.") from error
        if not isinstance(entries, dict) or not entries:
            raise SettingsError(f'The users file {path} must look like {{"name": "scrypt$..."}}. Add a user: {_HOW}')
        for name, entry in entries.items():
            if not isinstance(entry, str) or _parse(entry) is None:
                raise SettingsError(f"The entry of “{name}” in {path} is no password hash. Make one: {_HOW}")
        return cls(entries, clock=clock)

    def check(self, name: str, password: str) -> bool:
        """Raises `AccessDenied` after ten wrong tries for a name, or a hundred in all, within five minutes."""
        self._throttle(name)
        right = _matches(self._hashes.get(name, self._nobody), password) and name in self._hashes
        with self._lock:
            if not right:
                self._failures.append((self._clock(), name))
        return right

    def sign_in(self, name: str, password: str) -> bool:
        """`check` for a login form that knows only yes and no: who is throttled is refused, and the log says it."""
        try:
            return self.check(name, password)
        except AccessDenied as error:
            log.warning("Sign-in refused: %s", error)
            return False

    def _throttle(self, name: str) -> None:
        with self._lock:
            while self._failures and self._failures[0][0] <= self._clock() - _WINDOW:
                self._failures.popleft()
            tries = sum(1 for _, tried in self._failures if tried == name)
            if tries >= _MOST_TRIES or len(self._failures) >= _MOST_TRIES_ALL:
                raise AccessDenied("Too many wrong passwords. Please wait five minutes, then try again.")


def hash_password(password: str) -> str:
    salt = secrets.token_bytes(16)
    return f"scrypt${_N}${_R}${_P}${salt.hex()}${_scrypt(password, salt, _N, _R, _P).hex()}"


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


_HOW = "python -m chatbot.access NAME"


def main(arguments: list[str]) -> int:
    if len(arguments) not in {1, 2}:
        print(f"Usage: {_HOW} [USERS.json]", file=sys.stderr)
        return 2
    name, password = arguments[0], getpass.getpass("Password: ")
    if len(password) < 8 or password != getpass.getpass("Again: "):
        print("The passwords differ, or have less than 8 characters.", file=sys.stderr)
        return 1
    entry = {name: hash_password(password)}
    if len(arguments) == 1:
        print(json.dumps(entry, ensure_ascii=False))
        return 0
    add_user(Path(arguments[1]), entry)
    return 0


def add_user(path: Path, entry: Mapping[str, str]) -> None:
    """Write the entry into the users file, whole or not at all."""
    users = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    aside = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump({**users, **entry}, file, ensure_ascii=False, indent=2)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
