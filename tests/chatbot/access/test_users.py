"""The people who may sign in: passwords nobody can try forever, and a file that holds none of them in plain."""

import json
from pathlib import Path

import pytest

from chatbot.access.users import Users, add_user, hash_password
from chatbot.common.database.base import Database
from chatbot.common.errors import AccessDenied, SettingsError
from chatbot.users import main

HERE, ELSEWHERE = "192.0.2.1", "198.51.100.7"


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def ann() -> str:
    return hash_password("correct horse")


def test_right_and_wrong_passwords(ann: str, database: Database) -> None:
    users = Users({"ann": ann}, database)
    assert users.check("ann", "correct horse", HERE)
    assert not users.check("ann", "correct horse ", HERE)
    assert not users.check("bob", "correct horse", HERE)


def test_ten_wrong_passwords_close_that_name_for_five_minutes(
    ann: str, monkeypatch: pytest.MonkeyPatch, database: Database
) -> None:
    clock = Clock()
    users = Users({"ann": ann, "bob": ann}, database, clock=clock)
    monkeypatch.setattr("chatbot.access.users._scrypt", lambda password, *_: password.encode())
    for _ in range(10):
        assert not users.check("ann", "guess", HERE)
    with pytest.raises(AccessDenied, match="wait five minutes"):
        users.check("ann", "guess", HERE)
    monkeypatch.undo()
    with pytest.raises(AccessDenied):
        users.check("ann", "correct horse", HERE)
    assert users.check("bob", "correct horse", HERE)
    clock.now += 301
    assert users.check("ann", "correct horse", HERE)


def test_wrong_tries_of_others_lock_nobody_out(ann: str, monkeypatch: pytest.MonkeyPatch, accounts: Database) -> None:
    """Whoever tries under other names, or from elsewhere, counts for themselves."""
    users = Users({"ann": ann}, accounts, clock=Clock())
    monkeypatch.setattr("chatbot.access.users._scrypt", lambda password, *_: password.encode())
    for n in range(300):
        assert not users.check(f"name{n}", "guess", HERE)
    for _ in range(10):
        assert not users.check("ann", "guess", ELSEWHERE)
    monkeypatch.undo()
    assert users.check("ann", "correct horse", HERE)


def test_a_name_that_is_tried_from_everywhere_is_open_where_it_signed_in_before(
    ann: str, monkeypatch: pytest.MonkeyPatch, accounts: Database
) -> None:
    users = Users({"ann": ann}, accounts, clock=Clock())
    assert users.check("ann", "correct horse", HERE)
    monkeypatch.setattr("chatbot.access.users._scrypt", lambda password, *_: password.encode())
    for n in range(100):
        assert not users.check("ann", "guess", f"203.0.113.{n}")
    monkeypatch.undo()
    with pytest.raises(AccessDenied):
        users.check("ann", "correct horse", ELSEWHERE)
    assert users.check("ann", "correct horse", HERE)


def test_an_unknown_name_costs_the_same_work(ann: str, monkeypatch: pytest.MonkeyPatch, accounts: Database) -> None:
    users = Users({"ann": ann}, accounts)
    work: list[tuple[int, ...]] = []

    def scrypt(_: str, salt: bytes, *cost: int) -> bytes:
        work.append((len(salt), *cost))
        return b""

    monkeypatch.setattr("chatbot.access.users._scrypt", scrypt)
    users.check("ann", "x", HERE)
    users.check("nobody", "x", HERE)
    assert len(work) == 2
    assert work[0] == work[1]


def test_the_users_file(tmp_path: Path, ann: str, accounts: Database) -> None:
    path = tmp_path / "users.json"
    add_user(path, {"ann": ann})
    add_user(path, {"李": ann})
    assert path.stat().st_mode & 0o777 == 0o600
    assert Users.load(path, accounts).check("李", "correct horse", HERE)


def test_an_admin_is_marked_in_the_file(
    tmp_path: Path, ann: str, monkeypatch: pytest.MonkeyPatch, accounts: Database
) -> None:
    path = tmp_path / "users.json"
    add_user(path, {"ann": ann})
    monkeypatch.setattr("getpass.getpass", lambda prompt: "battery staple")
    assert main(["bob", str(path), "--admin"]) == 0
    assert json.loads(path.read_text())["bob"].keys() == {"password", "admin"}
    users = Users.load(path, accounts)
    assert users.check("bob", "battery staple", HERE)
    assert [users.is_admin(name) for name in ("ann", "bob", "", "nobody")] == [False, True, False, False]
    path.write_text(json.dumps({"bob": {"password": ann, "admin": False}}))
    assert not Users.load(path, accounts).is_admin("bob")
    assert main(["bob", str(path), "--root"]) == 2


@pytest.mark.parametrize(
    "content",
    [
        '{"ann": "correct horse"}',
        '{"ann": "scrypt$3$8$1$00$00"}',
        '{"ann": {"password": "correct horse", "admin": true}}',
        '{"ann": {"admin": true}}',
        "[]",
        "{",
        '{"a": 1}',
    ],
)
def test_a_users_file_without_hashes_is_refused(tmp_path: Path, content: str, accounts: Database) -> None:
    path = tmp_path / "users.json"
    path.write_text(content)
    with pytest.raises(SettingsError) as refused:
        Users.load(path, accounts)
    assert "correct horse" not in str(refused.value)
    if json.dumps("correct horse") in content:
        assert "python -m chatbot.users NAME" in str(refused.value)


def test_groups_stand_in_the_file(tmp_path: Path, ann: str, accounts: Database) -> None:
    path = tmp_path / "users.json"
    entries = {"ann": {"password": ann, "groups": ["readers", "cooks"]}, "bob": {"password": ann, "groups": ["cooks"]}}
    path.write_text(json.dumps({**entries, "eve": ann}))
    users = Users.load(path, accounts)
    assert [users.groups(name) for name in ("ann", "bob", "eve", "", "nobody")] == [
        {"readers", "cooks"}, {"cooks"}, set(), set(), set(),
    ]  # fmt: skip
    assert (users.members("cooks"), users.members("")) == (["ann", "bob"], [])


@pytest.mark.parametrize(
    "more", [{"admin": "yes"}, {"admin": 1}, {"root": True}, {"groups": "readers"}, {"groups": [1]}, {"groups": [""]}]
)
def test_an_entry_that_says_more_than_we_know_is_refused(
    tmp_path: Path, ann: str, more: dict[str, object], accounts: Database
) -> None:
    path = tmp_path / "users.json"
    path.write_text(json.dumps({"ann": {"password": ann, **more}}))
    with pytest.raises(SettingsError, match="ann"):
        Users.load(path, accounts)


@pytest.mark.parametrize(("password", "made"), [("seven77", False), ("eight888", True)])
def test_a_password_of_less_than_eight_characters_makes_no_entry(
    password: str, made: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("getpass.getpass", lambda prompt: password)
    path = tmp_path / "users.json"
    assert (main(["ann", str(path)]) == 0) == made
    assert path.exists() == made
