"""Signing in and out: what others see until then, and when it ends."""

import asyncio
import time
from threading import Event

import pytest

from chatbot.access import users as passwords
from chatbot.access.sessions import LONGEST, Sessions
from chatbot.access.signing_in import MOST_WAITING, SigningIn, WrongPassword, network
from chatbot.access.users import SCHEMA, TooManyTries, Users, hash_password
from chatbot.common.database.base import Database
from chatbot.common.database.door import opened
from tests.loops import running_alone

PASSWORD = hash_password("correct horse")


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_session_ends_with_its_month_and_with_the_sign_out_of_any(database: Database) -> None:
    clock = Clock()
    sessions = Sessions(Users({"ann": PASSWORD, "bob": PASSWORD}, database, clock=clock))
    home, work, bob = sessions.begin("ann"), sessions.begin("ann"), sessions.begin("bob")
    assert [sessions.name(token) for token in (home, work, bob, "", "x" * 43)] == ["ann", "ann", "bob", None, None]
    assert sessions.remembered(home) == "ann"
    sessions.end("ann")
    assert [sessions.name(token) for token in (home, work, bob)] == [None, None, "bob"]
    assert sessions.remembered(home) is None
    clock.now = LONGEST - 1
    assert sessions.name(bob) == "bob"
    clock.now = LONGEST
    assert sessions.name(bob) is None
    assert LONGEST == 30 * 24 * 3600


def test_a_session_outlives_a_restart_but_neither_its_user_nor_their_password(database: Database) -> None:
    token = Sessions(Users({"ann": PASSWORD}, database)).begin("ann")
    assert Sessions(Users({"ann": PASSWORD}, database)).name(token) == "ann"
    assert Sessions(Users({"ann": hash_password("another one")}, database)).name(token) is None
    assert Sessions(Users({"bob": PASSWORD}, database)).name(token) is None
    assert token not in str(database.read("SELECT * FROM sessions")), "who reads the table is not signed in by it"


def test_who_signs_out_at_one_app_is_out_at_all_within_two_seconds(postgres: str) -> None:
    tables = [opened(postgres, SCHEMA) for _ in range(2)]
    here, there = (Sessions(Users({"ann": PASSWORD}, database)) for database in tables)
    token = here.begin("ann")
    assert there.name(token) == there.remembered(token) == "ann"
    here.end("ann")
    begin = time.monotonic()
    while there.remembered(token):
        assert time.monotonic() - begin < 2
        time.sleep(0.02)
    assert there.name(token) is None
    for database in tables:
        database.close()


@pytest.fixture
def users(accounts: Database) -> Users:
    return Users({"ann": PASSWORD}, accounts)


def test_the_loop_goes_on_while_passwords_are_checked(users: Users) -> None:
    async def look() -> tuple[float, int]:
        signing_in = SigningIn(users, Sessions(users))
        tries = [asyncio.create_task(signing_in(f"name{n}", "guess", "192.0.2.1")) for n in range(6)]
        longest, turns, last = 0.0, 0, time.monotonic()
        while not all(one.done() for one in tries):
            await asyncio.sleep(0.005)
            now = time.monotonic()
            longest, turns, last = max(longest, now - last), turns + 1, now
        for one in tries:
            assert isinstance(one.exception(), WrongPassword)
        return longest, turns

    begin = time.monotonic()
    longest, turns = running_alone(look())
    assert turns > 20
    assert longest < (time.monotonic() - begin) / 2, "one password alone would hold it up for a sixth"


def test_a_flood_from_one_address_holds_up_no_other(users: Users, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each address has one password checked at a time, so that of two places one is free; beyond a line it is told so."""
    held = Event()
    monkeypatch.setattr(passwords, "_matches", lambda entry, password: password != "guess" or not held.wait(20))

    async def look() -> str:
        signing_in = SigningIn(users, Sessions(users))
        flood = [asyncio.create_task(signing_in("eve", "guess", "192.0.2.1")) for _ in range(MOST_WAITING + 1)]
        await asyncio.sleep(0.05)
        with pytest.raises(TooManyTries, match="at once"):
            await signing_in("ann", "correct horse", "192.0.2.1")
        token = await asyncio.wait_for(signing_in("ann", "correct horse", "198.51.100.7"), 10)
        held.set()
        await asyncio.gather(*flood, return_exceptions=True)
        return token

    assert running_alone(look())


def test_a_household_is_one_address() -> None:
    assert network("2001:db8:1:2::1") == network("2001:db8:1:2:ffff::9") != network("2001:db8:1:3::1")
    assert network("192.0.2.1") != network("192.0.2.2")
    assert network("testclient") == "testclient"
