"""The page on which who signs in makes keys for programs, and takes them away again."""

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from chatbot.access.sessions import USER
from chatbot.api.keys import Keys
from chatbot.common.errors import BanyanError
from chatbot.ui.parts import render as parts
from chatbot.ui.sign_in import render
from chatbot.ui.strings.words import preferred

LONGEST = 60  # characters of what a key is for


def routes(keys: Keys) -> list[Route]:
    """`/keys`; the middleware has seen to it that somebody is signed in, and that it is our page that sends."""

    async def show(request: Request) -> Response:
        return _page(request, keys)

    async def change(request: Request) -> Response:
        """Makes a key for the `label` that is sent, or takes away the one whose id `revoke` is."""
        user = getattr(request.state, USER)
        async with request.form(max_files=0, max_fields=2) as form:
            label, revoke = (str(form.get(name, ""))[:LONGEST].strip() for name in ("label", "revoke"))
        try:
            if revoke:
                await run_sync(keys.revoke, revoke, user)
                return _page(request, keys)
            return _page(request, keys, made=await run_sync(keys.make, user, label))
        except BanyanError as error:
            return _page(request, keys, fault=parts.message(error, _language(request)), status=400)

    return [Route("/keys", show, methods=["GET"]), Route("/keys", change, methods=["POST"])]


def _page(request: Request, keys: Keys, *, made: str = "", fault: str = "", status: int = 200) -> Response:
    user = getattr(request.state, USER)
    html = render.keys(user, keys.of(user), _language(request), made=made, fault=fault)
    return HTMLResponse(html, status, headers={"cache-control": "no-store"})


def _language(request: Request) -> str:
    return preferred(request.headers.get("accept-language"))
