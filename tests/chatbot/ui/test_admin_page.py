"""The page for whoever runs the server: who is here, what they keep, what is under way."""

from collections.abc import Iterator
from html import escape
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.testclient import TestClient

from chatbot.access.doors import NoRoute
from chatbot.access.oidc.people import People
from chatbot.access.oidc.provider import Person
from chatbot.access.sessions import COOKIE, Sessions, SignedIn
from chatbot.access.users import Users, hash_password
from chatbot.api.keys import Keys
from chatbot.common.database.base import Database
from chatbot.common.errors import EngineError, NotFound, StoreError
from chatbot.engine.loading import LoadingEngine
from chatbot.engine.scripted import ScriptedEngine
from chatbot.types import Quotas, Server
from chatbot.ui.parts.render import message
from chatbot.ui.sign_in import admin, render_admin
from chatbot.ui.sign_in import keys as keys_page
from chatbot.ui.sign_in.usage import Usage
from chatbot.ui.strings.words import languages, text

ROW = render_admin.Row("<ann>", True, frozenset({"g&g"}), Usage(3, 9, 1.25, 0, 1))


@pytest.fixture
def engine() -> Iterator[LoadingEngine]:
    engine = LoadingEngine(lambda reference, progress: ScriptedEngine(model="oak"), "oak")
    engine.start()
    assert engine.wait(20)
    yield engine
    engine.close()


def test_admins_see_everybody_and_nobody_else_sees_anything(accounts: Database, engine: LoadingEngine) -> None:
    people = People(accounts, ["gardeners"])
    users = Users({name: hash_password(name) for name in ("ann", "eve")}, accounts, admins=["ann"], people=people)
    users.enter(Person("https://x.org", "1", "zoë", frozenset({"gardeners"}), frozenset({"gardeners"})))
    sessions, asked = Sessions(users), []

    def usage(owner: str) -> Usage:
        asked.append(owner)
        return Usage(1, 2, 3, 4, 5)

    routes = admin.routes(users, engine, usage, Quotas(), lambda owner, accepts: accepts or "en")
    app = Starlette(routes=routes, middleware=[Middleware(SignedIn, sessions=sessions, page=Response("who?"))])
    for language in ("en", "zh"):
        with TestClient(app, cookies={COOKIE: sessions.begin("eve")}) as eve:
            answer = eve.get("/admin", headers={"accept-language": language})
        assert answer.status_code == 404 and asked == []
        assert message(NoRoute("There is nothing at this address."), language) in answer.text
        assert "scripted" not in answer.text and f'lang="{text("language.tag", language)}"' in answer.text
    for name in ("ann", "zoë"):
        with TestClient(app, cookies={COOKIE: sessions.begin(name)}) as client:
            shown = client.get("/admin", headers={"accept-language": "en"}).text
        assert "oak · scripted" in shown and "0 of" in shown
        assert [shown.index(f">{one} ") for one in ("ann", "eve", "zoë")]
        assert shown.count("runs this server") == 2 and ">gardeners<" in shown
    assert asked == ["user:ann", "user:eve", "user:zoë"] * 2


def test_what_is_near_its_quota_or_away_stands_out_and_names_are_text() -> None:
    fault = EngineError("It <b>broke</b>.", kind="remote_failed", url="http://two", status=500, reason="<b>")
    servers = [Server("http://one/v1", 2), Server("http://two/v1", 0, fault)]
    for language, load in (("en", "1 of 4 places taken, 2 waiting"), ("zh", "4 个位置中已占用 1 个，2 个在等待")):
        shown = render_admin.page(
            "root", [ROW], Quotas(documents=10), None, {"running": 1, "waiting": 2, "slots": 4}, servers, language
        )
        assert load in shown
        assert "&lt;ann&gt;" in shown and "g&amp;g" in shown and escape(message(fault, language)) in shown
        assert "<ann>" not in shown and "<b>broke" not in shown
        assert '<td class="near">9 <small>/ 10</small></td>' in shown and "<td>1 <small>/ 50</small></td>" in shown
        assert "<li class=near><code>http://two/v1</code>" in shown
    one_less = render_admin.Row("ann", False, frozenset(), Usage(3, 8, 0, 0, 0))
    assert 'class="near"' not in render_admin.page("root", [one_less], Quotas(documents=10), None, {}, (), "es")


@pytest.mark.parametrize("language", languages())
def test_what_fails_on_the_page_of_keys_is_said_there_in_its_language(
    accounts: Database, language: str, tmp_path: Path
) -> None:
    users = Users({"ann": hash_password("ann")}, accounts)
    sessions, path = Sessions(users), tmp_path / "keys.json"
    app = Starlette(
        routes=keys_page.routes(Keys(path), users, lambda owner, accepts: accepts or "en"),
        middleware=[Middleware(SignedIn, sessions=sessions, page=Response("who?"))],
    )
    said = {"accept-language": language}
    with TestClient(app, cookies={COOKIE: sessions.begin("ann")}, headers=said) as ann:
        gone = ann.post("/keys", data={"revoke": "none"})
        missing = NotFound("There is no key none.", kind="no_key", id="none")
        assert gone.status_code == 400 and escape(message(missing, language)) in gone.text
        assert text("keys_make", language) in gone.text, "one may go on"
        path.write_text("{", "utf-8")
        with pytest.raises(StoreError) as broken:
            Keys(path).all()
        for answer in (ann.get("/keys"), ann.post("/keys", data={"label": "x"})):
            assert answer.status_code == 500 and answer.headers["cache-control"] == "no-store"
            assert escape(message(broken.value, language)) in answer.text and str(tmp_path) not in answer.text
            assert text("keys_back", language) in answer.text and text("keys_make", language) not in answer.text
