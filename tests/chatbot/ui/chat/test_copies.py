"""What a browser asks so that it can keep its conversations, and who is told what."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient

from chatbot.access.doors import Doors, is_open
from chatbot.access.owner import OwnerCookie
from chatbot.access.refusals import Refusals
from chatbot.access.sessions import COOKIE, Sessions, SignedIn
from chatbot.access.users import Users, hash_password
from chatbot.common.database.base import Database
from chatbot.common.errors import AccessDenied
from chatbot.store.store import Store
from chatbot.types import Message
from chatbot.ui.chat import copies
from chatbot.ui.chat.sidebar import forgets_html
from chatbot.ui.parts.render import message
from chatbot.ui.strings.words import languages, text


def house(store: Store, secret: bytes = b"s" * 32, *who: Middleware) -> Starlette:
    """As much of the entrance as stands before these routes."""
    guards = [
        Middleware(Refusals, words=lambda error, accepts: message(error, accepts or "en")),
        Middleware(Doors),
        Middleware(OwnerCookie, secret=secret),
        *who,
    ]
    return Starlette(routes=copies.routes(store), middleware=guards)


def guest(app: Starlette) -> TestClient:
    """A browser, which has its cookie from the page."""
    client = TestClient(app, base_url="http://testserver")
    client.get("/copies")
    return client


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(Store(tmp_path / "banyan.db")) as store:
        yield store


def talk(store: Store, owner: str, words: str) -> str:
    id = store.create(owner, title=words)
    store.append(owner, id, Message("user", words), at=0)
    return id


def test_a_guest_brings_conversations_to_a_server_that_begins_anew(tmp_path: Path) -> None:
    with closing(Store(tmp_path / "old.db")) as old, closing(Store(tmp_path / "new.db")) as new:
        before = guest(house(old))
        assert before.get("/copies").json()["talks"] == []
        text = copied(old, "guest:whoever", "Oaks")
        after = guest(house(new, b"t" * 32))
        first = after.get("/copies").json()
        assert first["place"] != before.get("/copies").json()["place"]
        id = after.post("/copies", content=text).json()["id"]
        ((listed, mark),) = after.get("/copies").json()["talks"]
        assert listed == id
        assert after.get(f"/copies/{id}").text == f"{mark}\n{text}"
        assert guest(house(new, b"t" * 32)).get("/copies").json()["talks"] == [], "nobody else's"
        assert after.get("/copies").headers["cache-control"] == "no-store"


def copied(store: Store, owner: str, words: str) -> str:
    return store.copies(owner, talk(store, owner, words))[0].text


def test_another_guest_of_the_same_server_is_another_place(store: Store) -> None:
    app = house(store)
    one, other = guest(app), guest(app)
    places = [client.get("/copies").json()["place"] for client in (one, one, other)]
    assert places[0] == places[1] != places[2]


def test_who_keeps_no_cookie_is_asked_for_nothing_and_brings_nothing(store: Store) -> None:
    client = TestClient(house(store))
    assert client.get("/copies").json() == {"place": ""}
    client.cookies.clear()
    refused = client.post("/copies", content=copied(store, "guest:x", "Oaks"))
    assert refused.status_code == AccessDenied.status
    assert refused.json()["detail"].startswith("Conversations are brought back")


def test_people_who_sign_in_see_their_own_by_every_route(store: Store, accounts: Database) -> None:
    users = Users({name: hash_password(name) for name in ("ann", "eve")}, accounts)
    sessions = Sessions(users)
    app = house(store, b"s" * 32, Middleware(SignedIn, sessions=sessions, page=Starlette()))
    ann, eve = (TestClient(app, cookies={COOKIE: sessions.begin(name)}) for name in ("ann", "eve"))
    for client in (ann, eve):
        client.get("/copies")
    id = talk(store, "user:ann", "Oaks")
    assert ann.get("/copies").json()["who"] == "user:ann"
    assert [one for one, _ in ann.get("/copies").json()["talks"]] == [id]
    assert eve.get("/copies").json()["talks"] == []
    assert eve.get(f"/copies/{id}").status_code == 404
    assert eve.delete(f"/copies/{id}").status_code == 204
    assert store.conversations("user:ann"), "which took nothing of hers"
    assert eve.post("/copies", content=ann.get(f"/copies/{id}").text.split("\n", 1)[1]).json()["id"] != id
    assert ann.delete(f"/copies/{id}").status_code == ann.delete(f"/copies/{id}").status_code == 204
    assert not store.conversations("user:ann")


@pytest.mark.parametrize("language", languages())
def test_what_is_no_copy_is_refused_in_the_language_of_the_page(store: Store, language: str) -> None:
    client = guest(house(store))
    refused = client.post("/copies", content=b"{}", headers={"accept-language": language})
    assert refused.status_code == 400
    assert refused.json()["error"]["code"] == "invalid_input", "by which the script sets the copy aside"
    if language != "en":
        assert refused.json()["detail"] == text("error.copy_unreadable", language)
    assert client.get("/copies").json()["talks"] == []


def test_the_doors_stand_open_as_far_as_that() -> None:
    assert is_open("GET", "/copies") and is_open("POST", "/copies") and is_open("DELETE", "/copies/a-b_C")
    assert not is_open("DELETE", "/copies") and not is_open("GET", "/copies/../secret")


@pytest.mark.parametrize("language", languages())
def test_the_page_says_what_is_kept_and_where(language: str) -> None:
    said = forgets_html(language)
    assert text("forgets", language) in said
    assert "{count}" in text("forgets_full", language) and 'data-full="' in said and "{count}" in said
    assert text("forgets_signing_out", language) not in said
    assert text("forgets_signing_out", language) in forgets_html(language, signs_in=True)
