"""Signing in and out: the page that asks who one is, and what its form and the button of the sidebar send."""

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from chatbot.access import cookies
from chatbot.access.sessions import COOKIE, LONGEST, USER, Sessions
from chatbot.access.signing_in import SigningIn
from chatbot.access.users import Users
from chatbot.ui.sign_in import render
from chatbot.ui.strings.words import preferred

MOST = 4096  # characters of a name or a password: scrypt reads them all


def routes(users: Users, sessions: Sessions, *, embedded: bool) -> list[Route]:
    """`/login` as `gradio_client` calls it, and `/logout`, which only a page of ours can send."""
    signing_in = SigningIn(users, sessions)

    async def sign_in(request: Request) -> Response:
        """Raises `WrongPassword` or `TooManyTries`."""
        async with request.form(max_files=0, max_fields=8) as form:
            name, password = (str(form.get(key, ""))[:MOST] for key in ("username", "password"))
        token = await signing_in(name.strip(), password, request.client.host if request.client else "")
        return _with_cookie(request, token, LONGEST)

    async def sign_out(request: Request) -> Response:
        name = getattr(request.state, USER)
        if name is not None:
            await run_sync(sessions.end, name)
        return _with_cookie(request, "", 0)

    def _with_cookie(request: Request, token: str, age: int) -> Response:
        answer = JSONResponse({"success": True})
        answer.headers.append("set-cookie", cookies.written(COOKIE, token, age, request.scope, embedded=embedded))
        return answer

    return [
        Route("/login", sign_in, methods=["POST"]),
        Route("/logout", sign_out, methods=["POST"]),
    ]


async def asks_who(request: Request) -> Response:
    """The page for whoever is not signed in."""
    return HTMLResponse(
        render.sign_in(preferred(request.headers.get("accept-language"))), headers={"cache-control": "no-store"}
    )
