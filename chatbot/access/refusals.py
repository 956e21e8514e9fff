"""What is refused on the way in, told to whoever asked."""

from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chatbot.common.errors import BanyanError

RETRY_AFTER = "5"  # seconds; a model is in memory, or a place free, after about that time


class Refusals:
    """ASGI middleware: a `BanyanError` of those behind it becomes an answer, as long as none has begun.

    The page shows its `detail`, which `words(error, accept_language)` says in the browser's language; programs go by `code`.
    """

    def __init__(self, app: ASGIApp, *, words: Callable[[BanyanError, str | None], str]) -> None:
        self._app = app
        self._words = words

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except BanyanError as error:
            if begun or scope["type"] != "http":
                raise
            await self._answer(error, Headers(scope=scope))(scope, receive, send)

    def _answer(self, error: BanyanError, asked: Headers) -> JSONResponse:
        detail = self._words(error, asked.get("accept-language"))
        body = {"detail": detail, "error": {"message": str(error), "code": error.code}}
        headers = {"Retry-After": RETRY_AFTER} if error.status in {429, 503} else {}
        return JSONResponse(body, error.status, headers)
