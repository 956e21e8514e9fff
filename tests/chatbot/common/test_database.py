"""What a PostgreSQL may do to those who keep things in it: nothing is lost, and every fault is told without the password."""

import logging
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from chatbot.common.database.address import Address
from chatbot.common.database.base import Schema
from chatbot.common.database.door import Place, opened
from chatbot.common.database.postgres import translated
from chatbot.common.errors import NotFound, SettingsError, StoreError, StoreUnavailable
from chatbot.settings import load
from tests.postgres import Cluster

SCHEMA = Schema("notes", ("CREATE TABLE notes (id INTEGER PRIMARY KEY AUTOINCREMENT, said TEXT NOT NULL) STRICT;",))
LATER = Schema("notes", (*SCHEMA.migrations, "ALTER TABLE notes ADD COLUMN at REAL NOT NULL DEFAULT 0;"))
ADD, ALL = "INSERT INTO notes (said) VALUES (?)", "SELECT said FROM notes ORDER BY id"


def test_a_transaction_is_whole_or_not_at_all(place: Place) -> None:
    database = opened(place, SCHEMA)
    with database.writing() as notes:
        notes.executemany(ADD, [("a",), ("b",)])
    with pytest.raises(NotFound), database.writing() as notes:
        notes.execute(ADD, ("lost",))
        raise NotFound("There is no such thing.")
    assert database.read(ALL) == [("a",), ("b",)]
    database.close()


def test_a_newer_app_adds_its_columns_and_an_older_one_leaves_the_database_alone(place: Place) -> None:
    first = opened(place, SCHEMA)
    with first.writing() as notes:
        notes.execute(ADD, ("kept",))
    opened(place, LATER).close()
    assert first.read("SELECT said, at FROM notes") == [("kept", 0.0)]
    with pytest.raises(StoreError, match="newer Banyan") as refused:
        opened(place, SCHEMA)
    assert refused.value.kind == "database_newer"
    first.close()


def test_apps_that_start_at_once_migrate_once(postgres: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        started = list(pool.map(lambda _: opened(postgres, LATER), range(4)))
    for database in started:
        assert database.read(ALL) == []
        database.close()


def test_ids_of_a_transaction_follow_one_another_whoever_else_writes(postgres: str) -> None:
    """Passages of a document are named by their first id and their number."""
    apps = [opened(postgres, SCHEMA) for _ in range(3)]

    def write(n: int) -> None:
        for _ in range(4):
            with apps[n].writing() as notes:
                for _ in range(5):
                    notes.execute(ADD, (str(n),))

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(write, range(3)))
    said = [row[0] for row in apps[0].read(ALL)]
    assert len(said) == 60
    assert all(len(set(said[at : at + 5])) == 1 for at in range(0, 60, 5))
    for database in apps:
        database.close()


@pytest.mark.parametrize("ahead", [-300.0, 300.0])
def test_a_clock_that_is_five_minutes_off_is_set_by_the_databases(
    postgres: str, ahead: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    right, theirs = opened(postgres, SCHEMA), time.time
    monkeypatch.setattr(time, "time", lambda: theirs() + ahead)
    wrong = opened(postgres, SCHEMA)
    read = wrong.now()
    monkeypatch.undo()
    assert abs(right.now() - read) < 5, "one clock for all, whatever their machines say, from the start"
    assert abs(wrong.now() - theirs()) > 200, "it knows how far its own was off"
    with wrong.writing():
        assert abs(wrong.now() - theirs()) < 5, "and that it was set right"
    for database in (right, wrong):
        database.close()


def test_a_nul_becomes_the_sign_for_what_cannot_be_shown_and_a_half_character_is_refused(postgres: str) -> None:
    database = opened(postgres, SCHEMA)
    with database.writing() as notes:
        notes.executemany(ADD, [("a\0b",)])
    with pytest.raises(StoreError), database.writing() as notes:
        notes.execute(ADD, ("\ud800",))
    assert database.read(ALL) == [("a\ufffdb",)]
    database.close()


def test_a_database_that_restarts_is_waited_for_by_nobody_and_found_again(cluster: Cluster, postgres: str) -> None:
    database = opened(postgres, SCHEMA)
    with database.writing() as notes:
        notes.execute(ADD, ("kept",))
    with pytest.raises(StoreUnavailable) as lost, database.writing() as notes:
        notes.execute(ADD, ("never committed",))
        cluster.stop(signal.SIGQUIT)
        notes.execute(ADD, ("never sent",))
    assert lost.value.status == 503
    with pytest.raises(StoreUnavailable):
        database.read(ALL)
    cluster.start()
    assert database.read(ALL) == [("kept",)]
    cluster.stop()
    cluster.start()
    with database.writing() as notes:  # its idle connection broke while nobody looked
        notes.execute(ADD, ("after",))
    assert database.read(ALL) == [("kept",), ("after",)]
    database.close()


def test_a_wrong_password_is_told_and_stands_nowhere(
    cluster: Cluster, postgres: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    wrong = postgres.replace(cluster.password, "hunter2hunter2")
    with pytest.raises(StoreError, match="lets nobody in") as refused:
        opened(wrong, SCHEMA)
    assert refused.value.kind == "database_closed"
    settings = load(["--data", "/nowhere"], {"BANYAN_DATABASE": wrong})
    assert "hunter2" not in f"{refused.value} {caplog.text} {settings!r} {Address.of(wrong)!r}"
    with pytest.raises(StoreError, match="lets nobody in"):
        opened(postgres.replace("/postgres", "/nothing-here"), SCHEMA)


def test_nobody_at_the_address_is_told(cluster: Cluster, postgres: str) -> None:
    with pytest.raises(StoreUnavailable, match="does not answer"):
        opened(postgres.replace(f":{cluster.port}", ":1"), SCHEMA)


@pytest.mark.parametrize(
    "url",
    [
        "mysql://ann:hunter2@host/db",
        "postgresql://ann:hunter2@host",
        "postgresql://host/db",
        "postgresql://ann:hunter2@host:many/db",
        "postgresql://ann:hunter2@host/db?sslmode=prefer",
        "postgresql://ann:hunter2@host/db?sslmoed=require",
        "data/banyan.db",
    ],
)
def test_what_is_no_address_is_refused_before_anything_starts(url: str) -> None:
    with pytest.raises(SettingsError, match="BANYAN_DATABASE") as refused:
        load(["--database", url], {})
    assert "hunter2" not in str(refused.value)


def test_an_address_is_read_as_libpq_writes_it() -> None:
    address = Address.of("postgres://a%40b:p%2Fw@[::1]:6000/d?sslmode=verify-full&sslrootcert=/ca.pem")
    assert (address.user, address.password, address.host, address.port) == ("a@b", "p/w", "::1", 6000)
    assert (address.name, address.mode, address.certificates) == ("d", "verify-full", "/ca.pem")
    assert Address.of("postgresql://ann@/d?host=/run/postgresql").host == "/run/postgresql"


def test_a_socket_is_an_address(cluster: Cluster, postgres: str) -> None:
    where = postgres.replace(f"127.0.0.1:{cluster.port}", f":{cluster.port}") + f"?host={cluster.folder}"
    opened(where, SCHEMA).close()


def test_a_migration_says_the_same_to_both() -> None:
    script = "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER, x REAL, b BLOB) STRICT, WITHOUT ROWID;"
    assert translated(script) == (
        "CREATE TABLE t (id BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, n BIGINT, x DOUBLE PRECISION, b BYTEA);"
    )


def test_sqlite_stands_beside_what_is_kept(tmp_path: Path) -> None:
    """The default: nothing is asked for, and nothing of PostgreSQL is needed."""
    assert load(["--data", str(tmp_path)], {}).place("banyan.db") == tmp_path / "banyan.db"
