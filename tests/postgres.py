"""A PostgreSQL of the tests' own: a cluster in a temporary folder, by an account without rights, gone with the tests."""

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from pg8000 import dbapi

from chatbot.common.database.address import Address
from tests.running import free_port

WHY_NOT = "PostgreSQL is not installed (Debian: apt-get install postgresql)"
WITH_US = ("setpriv", "--pdeathsig", "QUIT")  # however the tests end, the server does so with them
QUICK = ("fsync=off", "full_page_writes=off", "max_connections=100")  # nothing of it outlives the tests


def programs() -> Path | None:
    """The folder of the newest version's initdb and postgres; None where there is none."""
    found = shutil.which("initdb")
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return Path(found).resolve().parent if found else versions[-1].parent if versions else None


@dataclass(slots=True)
class Cluster:
    """`url` is that of a database of ours; `start` and `stop` are those of the server, which ends with this process."""

    folder: Path
    port: int
    password: str
    server: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        return f"postgresql://ann:{self.password}@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        settings = (*QUICK, f"port={self.port}", f"unix_socket_directories={self.folder}")
        options = [part for one in settings for part in ("-c", one)]
        log = self.folder / "log"
        with log.open("ab") as output:
            self.server = subprocess.Popen(
                [*WITH_US, program("postgres"), "-D", self.folder / "data", *options],
                stdout=output, stderr=output, cwd="/", user=_account(),
            )  # fmt: skip
        until = time.monotonic() + 60
        while True:
            try:
                return self.sql("SELECT 1")
            except (dbapi.Error, OSError):
                assert self.server.poll() is None and time.monotonic() < until, log.read_text()
                time.sleep(0.02)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT ends it in order, SIGQUIT at once (PostgreSQL's manual, Shutting Down the Server)."""
        assert self.server
        self.server.send_signal(how)
        self.server.wait(60)

    def sql(self, script: str) -> None:
        """Run it as the owner of everything."""
        with closing(Address.of(self.url).connect({})) as connection:
            connection.autocommit = True
            connection.cursor().execute(script)

    def empty(self) -> None:
        self.sql("DROP SCHEMA IF EXISTS banyan CASCADE")


@contextmanager
def cluster() -> Iterator[Cluster]:
    """A running one. Raises `FileNotFoundError` where PostgreSQL is not installed."""
    with tempfile.TemporaryDirectory(prefix="banyan-pg-") as place:
        folder, password = Path(place), secrets.token_hex(8)
        (folder / "password").write_text(password)
        if account := _account():
            for path in (folder, folder / "password"):
                shutil.chown(path, account, account)
        made = ("-U", "ann", "-A", "scram-sha-256", "--pwfile", folder / "password")
        done = subprocess.run(
            [program("initdb"), "-D", folder / "data", "-E", "UTF8", "--locale=C", "--no-sync", *made],
            user=account, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False, cwd="/",
        )  # fmt: skip
        assert done.returncode == 0, done.stderr.decode()
        running = Cluster(folder, free_port(), password)
        running.start()
        try:
            yield running
        finally:
            running.stop(signal.SIGQUIT)


def program(name: str) -> Path:
    where = programs()
    if where is None:
        raise FileNotFoundError(WHY_NOT)
    return where / name


def _account() -> str | None:
    """PostgreSQL starts for nobody who may do everything."""
    return "postgres" if os.geteuid() == 0 else None
