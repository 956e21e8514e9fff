"""A PostgreSQL of the tests' own: a cluster in a temporary folder, by an account without rights, gone with the tests."""

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from chatbot.common.database.address import Address
from tests.running import free_port

WHY_NOT = "PostgreSQL is not installed (Debian: apt-get install postgresql)"
QUICK = ("fsync=off", "full_page_writes=off", "max_connections=100")  # nothing of it outlives the tests


def programs() -> Path | None:
    """The folder of the newest version's initdb and postgres; None where there is none."""
    found = shutil.which("initdb")
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return Path(found).resolve().parent if found else versions[-1].parent if versions else None


@dataclass(slots=True)
class Cluster:
    """`url` is that of a database of ours; `start` and `stop` are those of the server."""

    folder: Path
    port: int
    password: str

    @property
    def url(self) -> str:
        return f"postgresql://ann:{self.password}@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        options = " ".join(
            f"-c {one}" for one in (*QUICK, f"port={self.port}", f"unix_socket_directories={self.folder}")
        )
        _run("pg_ctl", "-D", self.folder / "data", "-l", self.folder / "log", "-o", options, "-w", "start")

    def stop(self, mode: str = "fast") -> None:
        _run("pg_ctl", "-D", self.folder / "data", "-m", mode, "-w", "stop")

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
        if os.geteuid() == 0:  # PostgreSQL starts for nobody who may do everything
            for path in (folder, folder / "password"):
                shutil.chown(path, "postgres", "postgres")
        made = ("-U", "ann", "-A", "scram-sha-256", "--pwfile", folder / "password")
        _run("initdb", "-D", folder / "data", "-E", "UTF8", "--locale=C", "--no-sync", *made)
        running = Cluster(folder, free_port(), password)
        running.start()
        try:
            yield running
        finally:
            running.stop("immediate")


def _run(name: str, *arguments: str | Path) -> None:
    where = programs()
    if where is None:
        raise FileNotFoundError(WHY_NOT)
    user = "postgres" if os.geteuid() == 0 else None
    done = subprocess.run(
        [where / name, *arguments], user=user, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False, cwd="/"
    )
    assert done.returncode == 0, f"{name}: {done.stderr.decode()}"
