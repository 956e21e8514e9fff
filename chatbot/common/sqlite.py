"""SQLite as both databases use it: numbered migrations, and errors that say what to do. Paths stand in the log only."""

import logging
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from chatbot.common import disk
from chatbot.common.errors import StoreError

log = logging.getLogger(__name__)

FAULTS = (sqlite3.Error, UnicodeEncodeError, OSError)  # what `told` makes words of


def migrate(database: sqlite3.Connection, path: Path, migrations: Sequence[str]) -> None:
    """Run those that the file has not seen, each in a transaction. Raises `StoreError` for a file of a newer Banyan."""
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if version > len(migrations):
        log.error("%s was written by a newer Banyan", path)
        raise StoreError(
            f"{path.name} was written by a newer Banyan. Update Banyan, or choose another --data folder.",
            kind="database_newer",
            path=path.name,
        )
    for number, script in enumerate(migrations[version:], version + 1):
        database.executescript(f"BEGIN; {script} PRAGMA user_version = {number}; COMMIT;")


def told(error: Exception, path: Path) -> StoreError:
    """One of `FAULTS` at the database `path` as an error for people."""
    if "full" in str(error) or disk.is_full(error):
        return disk.full(path.parent)
    log.error("The database %s: %s", path, error)
    if "not a database" in str(error):
        return StoreError(
            f"{path.name} is not a Banyan database. Move it away, or choose another --data folder.",
            kind="database_foreign",
            path=path.name,
        )
    return StoreError(
        f"The database {path.name} cannot be used ({error}). Check the folder's permissions and the disk.",
        kind="database_unusable",
        path=path.name,
        reason=str(error),
    )
