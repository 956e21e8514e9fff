"""What every request goes through before Gradio sees it, and the routes of ours that stand beside Gradio's."""

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from gradio.route_utils import CustomCORSMiddleware
from gradio.routes import App
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.routing import Route, request_response
from starlette.types import ASGIApp, Scope

from chatbot.access import owner as access
from chatbot.access.belongings import Belongings
from chatbot.access.bodies import Bodies
from chatbot.access.doors import Doors
from chatbot.access.headers import SecurityHeaders
from chatbot.access.oidc.provider import Provider
from chatbot.access.origin import SameOrigin
from chatbot.access.refusals import Refusals
from chatbot.access.sessions import USER, Sessions, SignedIn
from chatbot.access.turns import Turns
from chatbot.access.uploads import Uploads
from chatbot.access.users import Users
from chatbot.api import routes as api
from chatbot.api.keys import Door, Keys
from chatbot.api.lines import Known, Lines
from chatbot.common.errors import BanyanError
from chatbot.engine.loading import LoadingEngine
from chatbot.settings import Settings
from chatbot.ui import uploading
from chatbot.ui.documents.opening import OpeningLibrary
from chatbot.ui.help import picture
from chatbot.ui.kept import KeptFiles, KeptPage
from chatbot.ui.parts import render
from chatbot.ui.sign_in import admin
from chatbot.ui.sign_in import keys as keys_page
from chatbot.ui.sign_in import routes as sign_in
from chatbot.ui.sign_in.usage import Usage
from chatbot.ui.spoken import AskedLanguage, Spoken
from chatbot.ui.strings.words import preferred


def entrance(
    settings: Settings,
    engine: LoadingEngine,
    users: Users | None,
    uploads: Uploads,
    under_way: Callable[[], Collection[str]],
    versions: Mapping[str, str],
    library: OpeningLibrary,
    spoken_by: Spoken,
    usage: Callable[[str], Usage],
    jobs: Callable[[], Mapping[str, int]] = dict,
    beside: Sequence[Route] = (),
) -> dict[str, Any]:
    """The `app_kwargs` of the page's launch; `under_way` are the ids of events that its queue holds, `usage` is what an owner keeps,
    `jobs` are how many fine-tunes there are in each state, and `beside` routes of this server's own."""
    sessions = Sessions(users) if users else None
    secret = access.load_secret(settings.data)
    provider = _provider(settings, secret)
    keys = Keys(settings.data / "keys.json")
    door = Door(
        settings.api_key,
        closed=users is not None and settings.api_key is None,
        keys=keys,
        known=users.knows if users else lambda name: False,
    )
    asks = None
    if users and sessions:
        asks = Middleware(SignedIn, sessions=sessions, page=_asks_who(users, provider), keyed=_keyed(door))
    own = _routes(
        settings, engine, users, sessions, provider, uploads, versions, library, door, keys, spoken_by, usage, jobs
    )
    return {
        "routes": [*own, *beside],
        "middleware": _guards(settings, secret, asks, uploads, under_way, spoken_by),
        "lifespan": _without_cors,
    }


def _guards(
    settings: Settings,
    secret: bytes,
    asks: Middleware | None,
    uploads: Uploads,
    under_way: Callable[[], Collection[str]],
    spoken_by: Spoken,
) -> list[Middleware]:
    """What a request goes through, the first first; `asks` wants a name of everybody."""
    most, logged = settings.quota.requests, settings.log_requests == "on"
    return [
        *((Middleware(Lines),) if logged else ()),
        Middleware(SecurityHeaders, embedded=settings.space),
        Middleware(Refusals, words=_words),
        Middleware(SameOrigin, hosts=settings.names, keyed=settings.api_key is not None),
        Middleware(Doors),
        *(() if asks else (Middleware(KeptFiles),)),
        Middleware(access.OwnerCookie, secret=secret, embedded=settings.space),
        *((asks,) if asks else ()),
        *((Middleware(Known),) if logged else ()),
        Middleware(Turns, most=most),
        Middleware(Bodies),
        Middleware(Belongings, secret=secret, uploads=uploads, under_way=under_way, most=most),
        Middleware(AskedLanguage, language_of=spoken_by),
        *(() if asks else (Middleware(KeptPage),)),  # who signs in is named in the page
    ]


def signed_in(request: Request) -> str | None:
    """Who asks, for the `auth_dependency` of the page's launch."""
    name = getattr(request.state, USER, None)
    return name if isinstance(name, str) else None


def _routes(
    settings: Settings,
    engine: LoadingEngine,
    users: Users | None,
    sessions: Sessions | None,
    provider: Provider | None,
    uploads: Uploads,
    versions: Mapping[str, str],
    library: OpeningLibrary,
    door: Door,
    keys: Keys,
    spoken_by: Spoken,
    usage: Callable[[str], Usage],
    jobs: Callable[[], Mapping[str, int]],
) -> Sequence[Route]:
    ours = api.routes(
        engine,
        state=engine.state,
        asked_by=engine.asked_by,
        door=door,
        versions=versions,
        embedder=lambda: library.get().embedder,
        metrics=lambda: engine.measures.text(engine.load, jobs),
    )
    names = (
        [
            *sign_in.routes(users, sessions, provider, embedded=settings.space),
            *keys_page.routes(keys, users, spoken_by),
            *admin.routes(users, engine, usage, settings.quota, spoken_by),
        ]
        if users and sessions
        else []
    )
    return [*ours, *names, *uploading.routes(uploads, settings.quota), *picture.routes()]


def _provider(settings: Settings, secret: bytes) -> Provider | None:
    if not settings.oidc:
        return None
    return Provider(
        settings.oidc,
        settings.oidc_client,
        settings.oidc_secret,
        secret=secret,
        embedded=settings.space,
        owns_names=settings.space,
    )


def _asks_who(users: Users, provider: Provider | None) -> ASGIApp:
    return request_response(sign_in.asks_who(users, provider))


def _keyed(door: Door) -> Callable[[Scope], str | None]:
    return lambda scope: door.user(Request(scope))


@asynccontextmanager
async def _without_cors(app: App) -> AsyncIterator[None]:
    """Gradio lets pages of any origin read what it answers, from a place outside of every middleware of ours."""
    app.user_middleware = [one for one in app.user_middleware if one.cls is not CustomCORSMiddleware]
    app.middleware_stack = app.build_middleware_stack()
    yield


def _words(error: BanyanError, accept_language: str | None) -> str:
    return render.message(error, preferred(accept_language))
