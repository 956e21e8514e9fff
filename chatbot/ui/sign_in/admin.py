"""The page on which whoever runs the server sees who is here, what they keep, and what the engine has to do."""

from collections.abc import Callable

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from chatbot.access.doors import NoRoute
from chatbot.access.sessions import USER
from chatbot.access.users import Users
from chatbot.engine.loading import LoadingEngine
from chatbot.types import Quotas
from chatbot.ui.sign_in import render_admin
from chatbot.ui.sign_in.render_admin import Row
from chatbot.ui.sign_in.telling import FRESH, language_of, telling
from chatbot.ui.sign_in.usage import Usage
from chatbot.ui.spoken import Spoken
from chatbot.ui.strings.words import Language

PATH = "/admin"


def routes(
    users: Users, engine: LoadingEngine, usage: Callable[[str], Usage], quotas: Quotas, spoken_by: Spoken
) -> list[Route]:
    """The middleware has seen to it that somebody is signed in. For who is no admin nothing is there."""

    def page(name: str, language: Language) -> str:
        if not users.is_admin(name):
            raise NoRoute("There is nothing at this address.")
        rows = [Row(one, users.is_admin(one), users.groups(one), usage(f"user:{one}")) for one in sorted(users.names())]
        present = engine.present
        servers = present.servers if present else ()
        what = (present.model, present.name, present.device) if present else None
        return render_admin.page(name, rows, quotas, what, engine.load() if present else {}, servers, language)

    async def show(request: Request) -> Response:
        language = await language_of(request, spoken_by)
        return HTMLResponse(await run_sync(page, getattr(request.state, USER), language), headers=FRESH)

    return [Route(PATH, telling(show, "admin", spoken_by), methods=["GET"])]
