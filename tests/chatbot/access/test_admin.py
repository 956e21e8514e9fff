"""Who may change the model that answers everybody."""

from types import SimpleNamespace
from typing import Any

import pytest

from chatbot.access.admin import Admins
from chatbot.access.users import Users, hash_password
from chatbot.common.database.base import Database
from chatbot.common.errors import AccessDenied

HERE = {"host": "127.0.0.1:7860"}


def asks(client: str | None = "127.0.0.1", name: str | None = None, **headers: str) -> Any:
    given = {key.replace("_", "-"): value for key, value in {**HERE, **headers}.items()}
    return SimpleNamespace(username=name, client=client and SimpleNamespace(host=client), headers=given)


@pytest.mark.parametrize(
    "request_",
    [
        asks(),
        asks("::1", host="[::1]:7860"),
        asks(host="localhost:7860"),
        asks(origin="http://127.0.0.1:7860"),
    ],
)
def test_without_users_it_is_who_sits_at_the_machine(request_: Any) -> None:
    assert Admins(None)(request_)
    assert not Admins(None, space=True)(request_)


@pytest.mark.parametrize(
    "request_",
    [
        asks("192.168.1.7"),
        asks("192.168.1.7", host="127.0.0.1:7860"),
        asks(None),
        asks("not an address"),
        asks(x_forwarded_for="127.0.0.1"),
        asks(forwarded="for=127.0.0.1"),
        asks(x_real_ip="127.0.0.1"),
        asks(via="1.1 proxy"),
        asks(host="strange.example:7860"),
        asks(origin="http://strange.example"),
        asks(origin="null"),
        asks("192.168.1.7", name="ann"),
    ],
)
def test_who_is_elsewhere_is_not(request_: Any) -> None:
    assert not Admins(None)(request_)
    with pytest.raises(AccessDenied, match="whoever runs this server"):
        Admins(None).require(request_)


def test_with_users_it_is_who_is_marked_wherever_they_are(accounts: Database) -> None:
    password = hash_password("correct horse")
    admins = Admins(Users({"ann": password, "bob": password}, accounts, admins=["ann"]))
    assert admins(asks("192.168.1.7", name="ann", x_forwarded_for="10.0.0.1"))
    for request in (asks(name="bob"), asks(name=None), asks(name="")):
        assert not admins(request)
