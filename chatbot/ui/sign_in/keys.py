"""The page on which who signs in makes keys for programs, and takes them away again."""

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from chatbot.access.sessions import USER
from chatbot.access.users import Users
from chatbot.api.keys import Keys
from chatbot.common.errors import InputError, NotFound
from chatbot.ui.parts import render as parts
from chatbot.ui.sign_in import render
from chatbot.ui.sign_in.telling import FRESH, language_of, telling
from chatbot.ui.spoken import Spoken
from chatbot.ui.strings.words import Language

LONGEST = 60  # characters of what a key is for


def routes(keys: Keys, users: Users, spoken_by: Spoken) -> list[Route]:
    """`/keys`, in the language of the page; the middleware has seen to it that somebody is signed in, and that it is our page that sends."""

    async def show(request: Request) -> Response:
        return await run_sync(_page, request, keys, users, await language_of(request, spoken_by))

    async def change(request: Request) -> Response:
        """Makes a key for the `label` that is sent, or takes away the one whose id `revoke` is."""
        user = getattr(request.state, USER)
        async with request.form(max_files=0, max_fields=2) as form:
            label, revoke = (str(form.get(name, ""))[:LONGEST].strip() for name in ("label", "revoke"))
        words = await language_of(request, spoken_by)
        try:
            if revoke:
                await run_sync(keys.revoke, revoke, user)
                return _page(request, keys, users, words)
            return _page(request, keys, users, words, made=await run_sync(keys.make, user, label))
        except (InputError, NotFound) as error:
            return _page(request, keys, users, words, fault=parts.message(error, words), status=400)

    return [
        Route("/keys", telling(show, "api_keys", spoken_by), methods=["GET"]),
        Route("/keys", telling(change, "api_keys", spoken_by), methods=["POST"]),
    ]


def _page(
    request: Request,
    keys: Keys,
    users: Users,
    language: Language,
    *,
    made: str = "",
    fault: str = "",
    status: int = 200,
) -> Response:
    user = getattr(request.state, USER)
    html = render.keys(user, keys.of(user), language, made=made, fault=fault, admin=users.is_admin(user))
    return HTMLResponse(html, status, headers=FRESH)
