"""What fails on a page beside the one of Gradio's is said on that page, in its language."""

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from chatbot.access.owner import owner_in
from chatbot.access.sessions import USER
from chatbot.common.errors import BanyanError
from chatbot.ui.parts.render import message
from chatbot.ui.sign_in import render
from chatbot.ui.sign_in.routes import Page
from chatbot.ui.spoken import Spoken
from chatbot.ui.strings.words import Language

FRESH = {"cache-control": "no-store"}


async def language_of(request: Request, spoken_by: Spoken) -> Language:
    return await run_sync(spoken_by, owner_in(request.scope), request.headers.get("accept-language"))


def telling(page: Page, title: str, spoken_by: Spoken) -> Page:
    """`page`, or what it raised under its `title`, which is the key of a string. Without a language, what that raised goes on."""

    async def told(request: Request) -> Response:
        try:
            return await page(request)
        except BanyanError as error:
            language = await language_of(request, spoken_by)
            html = render.failed(title, getattr(request.state, USER), message(error, language), language)
            return HTMLResponse(html, error.status, headers=FRESH)

    return told
