"""Whether a row of SQLite's is what was written: disks flip bits, and SQLite has no checksums of what its pages say.

Of each row of a sealed table a CRC-32 is kept, which finds every single flipped bit. The connection that writes keeps them by
triggers of its own, and all rows are looked at when the file is opened. What nobody sealed yet, as rows of earlier versions, is
believed. (PostgreSQL has checksums of its pages: `initdb --data-checksums`, the default from version 18 on.)
"""

import sqlite3
import zlib
from collections.abc import Sequence

KEPT = 'CREATE TABLE IF NOT EXISTS seals ("of" TEXT, row INTEGER, seal INTEGER, PRIMARY KEY ("of", row)) STRICT, WITHOUT ROWID'


def seal(*values: str | bytes | float | None) -> int:
    total = 0
    for value in values:
        written = value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")
        total = zlib.crc32(len(written).to_bytes(8, "little") + written, total)
    return total


def damaged(database: sqlite3.Connection, tables: Sequence[str]) -> dict[str, list[int]]:
    """The numbers (`rowid`) of rows that are not what was written, by table; none of a table that was never sealed."""
    database.create_function("seal", -1, seal, deterministic=True)
    database.execute(KEPT)
    found = {}
    for table in tables:
        if names := _columns(database, table):
            rows = database.execute(
                f'SELECT t.rowid FROM {table} AS t JOIN seals AS s ON s."of" = ? AND s.row = t.rowid '  # noqa: S608
                f"WHERE s.seal <> seal({', '.join(f't.{name}' for name in names)})",
                (table,),
            ).fetchall()
            found[table] = [row for (row,) in rows]
    return found


def renew(database: sqlite3.Connection, tables: Sequence[str]) -> None:
    """After a migration: the columns are others, or this is the first time."""
    for table in tables:
        of = ", ".join(_columns(database, table))
        database.execute(
            f"INSERT OR REPLACE INTO seals SELECT '{table}', rowid, seal({of}) FROM {table}"  # noqa: S608
        )


def watch(database: sqlite3.Connection, tables: Sequence[str]) -> None:
    """From now on what this connection writes is sealed."""
    for table in tables:
        of = ", ".join(f"NEW.{name}" for name in _columns(database, table))
        gone = f"DELETE FROM seals WHERE \"of\" = '{table}' AND row ="  # noqa: S608
        came = f"INSERT INTO seals VALUES ('{table}', NEW.rowid, seal({of}))"  # noqa: S608
        # no REPLACE: in a trigger it follows what the statement that fired it says of conflicts
        for event, then in (("INSERT", f"{gone} NEW.rowid; {came}"), ("UPDATE", f"{gone} OLD.rowid; {came}")):
            _on(database, event, table, then)
        _on(database, "DELETE", table, f"{gone} OLD.rowid")


def _on(database: sqlite3.Connection, event: str, table: str, then: str) -> None:
    database.execute(f"CREATE TEMP TRIGGER sealed_{event}_{table} AFTER {event} ON main.{table} BEGIN {then}; END")


def _columns(database: sqlite3.Connection, table: str) -> list[str]:
    return [f'"{row[1]}"' for row in database.execute(f"PRAGMA table_info({table})")]
