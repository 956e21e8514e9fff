"""Signing in and out: the page that asks who one is, and what its form and the button of the sidebar send."""

from collections.abc import Awaitable, Callable

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from chatbot.access import cookies
from chatbot.access.oidc.provider import Provider, SignInFailed, to
from chatbot.access.sessions import A_DAY, COOKIE, LONGEST, USER, Sessions
from chatbot.access.signing_in import SigningIn
from chatbot.access.users import Users
from chatbot.ui.sign_in import render
from chatbot.ui.strings.words import preferred

Page = Callable[[Request], Awaitable[Response]]
START, DONE = "/login/oidc", "/login/oidc/done"
FAILED = "sign_in_failed"  # in the address of the page, when somebody comes back without success
MOST = 4096  # characters of a name or a password: scrypt reads them all


def routes(users: Users, sessions: Sessions, provider: Provider | None = None, *, embedded: bool) -> list[Route]:
    """`/login` as `gradio_client` calls it, `/logout`, which only a page of ours can send, and the way to a provider and back."""
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

    async def leave(request: Request) -> Response:
        """Raises `SignInFailed` where the provider does not answer, which the page then says."""
        assert provider
        return await provider.begin(request, f"{_here(request)}{DONE}")

    async def come_back(request: Request) -> Response:
        assert provider
        person = await provider.end(request)
        name = await run_sync(users.enter, person)
        token = await run_sync(sessions.begin, name, A_DAY)
        answer = provider.left(to(_root(request)), request)
        answer.headers.append("set-cookie", cookies.written(COOKIE, token, A_DAY, request.scope, embedded=embedded))
        return answer

    def _with_cookie(request: Request, token: str, age: int) -> Response:
        answer = JSONResponse({"success": True})
        answer.headers.append("set-cookie", cookies.written(COOKIE, token, age, request.scope, embedded=embedded))
        return answer

    elsewhere = [Route(START, _told(leave), methods=["GET"]), Route(DONE, _told(come_back), methods=["GET"])]
    return [
        Route("/login", sign_in, methods=["POST"]),
        Route("/logout", sign_out, methods=["POST"]),
        *(elsewhere if provider else ()),
    ]


def asks_who(users: Users, provider: Provider | None) -> Page:
    """The page for whoever is not signed in."""

    async def page(request: Request) -> Response:
        language = preferred(request.headers.get("accept-language"))
        start = f"{_root(request).rstrip('/')}{START}"
        there = render.Elsewhere(provider.title, start, own_tab=provider.embedded) if provider else None
        failed = bool(provider) and FAILED in request.query_params
        html = render.sign_in(language, passwords=users.have_passwords, elsewhere=there, failed=failed)
        return HTMLResponse(html, headers={"cache-control": "no-store"})

    return page


def _told(way: Page) -> Page:
    """Whoever comes back without success is told so on the page."""

    async def page(request: Request) -> Response:
        try:
            return await way(request)
        except SignInFailed:
            return to(f"{_root(request)}?{FAILED}=1")

    return page


def _root(request: Request) -> str:
    return f"{request.scope.get('root_path', '').rstrip('/')}/"


def _here(request: Request) -> str:
    """The address of the page as the browser knows it, without the slash at its end."""
    host = request.headers.get("x-forwarded-host", request.headers.get("host", "")).split(",")[0].strip()
    scheme = "https" if cookies.is_https(request.scope) else "http"
    return f"{scheme}://{host}{_root(request).rstrip('/')}"
