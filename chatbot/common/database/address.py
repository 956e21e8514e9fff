"""Where a PostgreSQL is, as libpq writes it: postgresql://name:password@host:port/database?sslmode=require."""

import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

from pg8000 import dbapi

from chatbot.common.errors import SettingsError

SCHEMES = ("postgresql", "postgres")
MODES = ("disable", "require", "verify-full")  # libpq's, those that leave nothing to chance
KNOWN = frozenset({"sslmode", "sslrootcert", "host"})
PATIENCE = 10.0  # seconds until it must let us in
LONGEST = 60.0  # seconds until a query must be answered: ten times what the largest of ours takes


@dataclass(frozen=True, slots=True)
class Address:
    """`host` may be the folder of a socket. Shown without the password. Raises `SettingsError` for what is no address."""

    name: str
    host: str
    port: int
    user: str
    password: str | None = field(default=None, repr=False)
    mode: str = "disable"
    certificates: str | None = None

    @classmethod
    def of(cls, url: str) -> "Address":
        try:
            parts = urlsplit(url)
            port = parts.port or 5432
        except ValueError:
            raise _wrong("it is no URL") from None
        asked = dict(parse_qsl(parts.query, keep_blank_values=True))
        mode, host = asked.get("sslmode", "disable"), asked.get("host") or parts.hostname or ""
        name, user = unquote(parts.path.removeprefix("/")), unquote(parts.username or "")
        if parts.scheme not in SCHEMES or not name or not user or not host:
            raise _wrong("it needs a user, a host and a database")
        if strange := sorted(set(asked) - KNOWN):
            raise _wrong(f"{', '.join(strange)} is not among {', '.join(sorted(KNOWN))}")
        if mode not in MODES:
            raise _wrong(f"sslmode is one of {', '.join(MODES)}")
        password = None if parts.password is None else unquote(parts.password)
        return cls(name, host, port, user, password, mode, asked.get("sslrootcert"))

    def __str__(self) -> str:
        return f"{self.name} on {self.host}:{self.port}"

    def connect(self, parameters: Mapping[str, str]) -> dbapi.Connection:
        """Raises pg8000's errors and `OSError`."""
        line = self._line()
        line.settimeout(LONGEST)
        return dbapi.connect(
            self.user,
            host=self.host,
            database=self.name,
            password=self.password,
            sock=line,
            ssl_context=self._encryption(),
            application_name="banyan",
            startup_params=dict(parameters),
        )

    def _line(self) -> socket.socket:
        if not self.host.startswith("/"):
            line = socket.create_connection((self.host, self.port), PATIENCE)
            line.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            return line
        line = socket.socket(socket.AF_UNIX)
        line.settimeout(PATIENCE)
        line.connect(f"{self.host}/.s.PGSQL.{self.port}")
        return line

    def _encryption(self) -> ssl.SSLContext | bool:
        if self.mode == "disable":
            return False
        if self.mode == "require":  # pg8000's own: encrypted, whoever it is
            return True
        return ssl.create_default_context(cafile=self.certificates)


def _wrong(why: str) -> SettingsError:
    return SettingsError(
        f"--database (BANYAN_DATABASE) looks like postgresql://name:password@host:5432/database: {why}."
    )
