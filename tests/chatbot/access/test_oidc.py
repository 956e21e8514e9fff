"""Signing in at a provider of OpenID Connect, which this test starts: who comes in, as whom, and who does not."""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route, request_response
from starlette.testclient import TestClient

from chatbot.access.oidc import provider as oidc
from chatbot.access.oidc.people import KNOWN, People
from chatbot.access.origin import SameOrigin, StrangeOrigin
from chatbot.access.sessions import A_DAY, USER, Sessions, SignedIn
from chatbot.access.users import Users, hash_password
from chatbot.common.database.base import Database
from chatbot.ui.sign_in import routes as sign_in
from tests.chatbot.access.provider import CLIENT, SECRET, Provider
from tests.chatbot.serving import serving

ANN = {"sub": "17", "preferred_username": "ann", "groups": ["gardeners", "readers"]}
HOST = "banyan.example.org"
FROM_ELSEWHERE = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}


@pytest.fixture(scope="module")
def key() -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": "1"})


@pytest.fixture
def provider(key: RSAKey) -> Iterator[Provider]:
    provider = Provider(dict(ANN), signs_with=key)
    with serving(provider.app) as provider.address:
        yield provider


def house(provider: Provider, users: Users, **options: Any) -> Starlette:
    """Our part of the app: who is signed in is told by /me."""
    sessions, there = Sessions(users), oidc.Provider(provider.address, CLIENT, SECRET, secret=b"x" * 32, **options)

    async def me(request: Request) -> JSONResponse:
        return JSONResponse(getattr(request.state, USER))

    page = request_response(sign_in.asks_who(users, there))
    return Starlette(
        routes=[*sign_in.routes(users, sessions, there, embedded=False), Route("/me", me), Route("/", me)],
        middleware=[Middleware(SameOrigin, hosts=[HOST]), Middleware(SignedIn, sessions=sessions, page=page)],
    )


@contextmanager
def browser(app: Starlette) -> Iterator[TestClient]:
    with closing(TestClient(app, base_url=f"https://{HOST}", follow_redirects=False)) as client:
        yield client


def there_and_back(client: TestClient) -> str:
    """Where the provider sends the browser to, after it was sent there."""
    sent = client.get("/login/oidc")
    assert sent.status_code == 302, sent.text
    back = httpx.get(sent.headers["location"]).headers["location"]
    assert back.startswith(f"https://{HOST}/login/oidc/done?")
    return f"{urlsplit(back).path}?{urlsplit(back).query}"


def signed_in(app: Starlette) -> str | None:
    """Who somebody is afterwards; None where the page says that it did not work."""
    with browser(app) as client:
        answer = client.get(there_and_back(client), headers=FROM_ELSEWHERE)
        assert answer.status_code == 303, answer.text
        if "sign_in_failed" in answer.headers["location"]:
            assert "did not work" in client.get(answer.headers["location"]).text
            return None
        assert answer.headers["location"] == "/"
        name = client.get("/me").json()
        assert isinstance(name, str)
        return name


def users_of(database: Database, *, admins: tuple[str, ...] = (), **passwords: str) -> Users:
    hashes = {name: hash_password(password) for name, password in passwords.items()}
    return Users(hashes, database, people=People(database, admins))


def test_somebody_signs_in_and_keeps_their_name(provider: Provider, accounts: Database) -> None:
    users = users_of(accounts)
    app = house(provider, users)
    with browser(app) as client:
        shown = client.get("/").text
        assert 'href="/login/oidc"' in shown and "Sign in at 127.0.0.1" in shown and 'name="password"' not in shown
        with pytest.raises(StrangeOrigin):
            client.get("/login/oidc", headers=FROM_ELSEWHERE)
    assert signed_in(app) == "ann"
    assert users.groups("ann") == {"gardeners", "readers"} and not users.is_admin("ann")
    provider.who |= {"preferred_username": "annie", "groups": []}
    assert signed_in(app) == "ann", "what is hers stays hers, whatever she calls herself there"
    assert users.groups("ann") == frozenset() and users.knows("ann") and users.names() == ["ann"]


def test_nobody_takes_anothers_name(provider: Provider, accounts: Database) -> None:
    app = house(provider, users := users_of(accounts, ann="correct horse"))
    assert [signed_in(app), signed_in(app)] == ["ann 2", "ann 2"]
    provider.who |= {"sub": "18", "preferred_username": "ＡＮＮ"}
    assert signed_in(app) == "ＡＮＮ 3"
    assert users.groups("ann") == frozenset()
    provider.who |= {"sub": "19", "preferred_username": "\n\u200b"}
    assert signed_in(app) == "somebody"


def test_who_is_named_runs_the_server(provider: Provider, accounts: Database) -> None:
    users = users_of(accounts, admins=("gardeners", "root@example.org", "ben"))
    assert signed_in(house(provider, users)) == "ann" and users.is_admin("ann")
    claims = {"sub": "18", "preferred_username": "ben", "groups": []}
    for who, admin in (
        (claims | {"email": "root@example.org", "email_verified": False}, False),
        (claims | {"email": "root@example.org", "email_verified": True}, True),
        (claims, False),
    ):
        provider.who = who
        assert signed_in(house(provider, users)) == "ben" and users.is_admin("ben") is admin
    assert signed_in(house(provider, users, owns_names=True)) == "ben" and users.is_admin("ben")


def test_what_the_token_does_not_say_is_asked_for(provider: Provider, accounts: Database) -> None:
    provider.who, provider.told = {"sub": "20"}, {"sub": "20", "name": "Zoë Ångström"}
    app = house(provider, users_of(accounts))
    assert signed_in(app) == "Zoë Ångström"
    provider.who, provider.told = {"sub": "21"}, {"sub": "20", "name": "Zoë Ångström"}
    assert signed_in(app) == "21", "what is said of somebody else does not count"


@pytest.mark.parametrize(
    "lies",
    [
        {"aud": "another client"},
        {"aud": []},
        {"iss": "https://elsewhere.example.org"},
        {"nonce": "of another sign-in"},
        {"exp": int(time.time()) - 3600},
        {"iat": int(time.time()) + 3600, "exp": int(time.time()) + 3660},
        {"sub": ""},
    ],
    ids=lambda lies: next(iter(lies)),  # no time of day: workers collect at different seconds
)
def test_a_token_that_is_not_for_this_sign_in_opens_nothing(
    lies: dict[str, Any], provider: Provider, accounts: Database
) -> None:
    provider.lies = lies
    assert signed_in(house(provider, users := users_of(accounts))) is None
    assert users.names() == []


@pytest.mark.parametrize("ahead", [-330, 330], ids=str)
def test_a_clock_may_be_five_minutes_off(ahead: int, provider: Provider, accounts: Database) -> None:
    """The provider's before ours, or behind it: its tokens last a minute. Five and a half, for a machine under load."""
    issued = int(time.time()) + ahead
    provider.lies = {"iat": issued, "exp": issued + 60}
    assert signed_in(house(provider, users_of(accounts))) == "ann"
    assert oidc.SKEW == 360


def test_neither_do_a_strange_signature_another_browser_a_used_code_and_no_state(
    provider: Provider, accounts: Database
) -> None:
    app = house(provider, users_of(accounts))
    provider.signs_with = RSAKey.generate_key(2048, {"kid": "1"})
    assert signed_in(app) is None
    provider.signs_with = provider.known
    with browser(app) as ann, browser(app) as eve:
        back = there_and_back(ann)
        for visitor, way in (
            (eve, back),  # Eve has sent Ann her own way back, or has stolen Ann's
            (ann, "/login/oidc/done"),
            (ann, f"{back}x"),
            (ann, "/login/oidc/done?error=access_denied"),
        ):
            assert "sign_in_failed" in visitor.get(way).headers["location"]
        assert ann.get(there_and_back(ann)).headers["location"] == "/"
        assert "sign_in_failed" in ann.get(back).headers["location"]


def test_a_provider_that_is_away_is_said(accounts: Database) -> None:
    app = house(Provider({}, address="http://127.0.0.1:1"), users_of(accounts, ann="correct horse"))
    with browser(app) as client:
        answer = client.get("/login/oidc")
        assert "sign_in_failed" in answer.headers["location"]
        shown = client.get(answer.headers["location"], headers={"accept-language": "zh"}).text
        assert "没有成功" in shown and 'name="password"' in shown


def test_who_leaves_there_is_out_here_within_a_day_and_their_keys_within_a_month(database: Database) -> None:
    users = users_of(database)
    name = users.enter(oidc.Person("https://x.org", "1", "ann", frozenset(), frozenset()))
    ends = database.now() + A_DAY
    Sessions(users).begin(name, A_DAY)
    ((until,),) = database.read("SELECT until FROM sessions")
    assert abs(until - ends) < 60
    assert users.knows("ann")
    with database.writing() as writing:
        writing.execute("UPDATE people SET at = ?", (database.now() - KNOWN - 1,))
    assert not users.knows("ann") and not users.is_admin("ann")
