"""The page as it is first painted, in the language of who asks for it: what comes with the first event comes seconds later."""

import asyncio
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import gradio as gr
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from chatbot.access.owner import owner_in
from chatbot.ui.parts.localise import Localised
from chatbot.ui.strings.words import ENGLISH, Language

ASKED: ContextVar[Language] = ContextVar("asked", default=ENGLISH)  # of the request for the page that is being answered
Spoken = Callable[[str, str | None], Language]
"""(owner, Accept-Language) -> the language of the page"""


class SpokenPage(gr.Blocks):  # type: ignore[misc]
    """Gradio writes `config` into the page: here in the language that is asked for."""

    def __init__(self, words: Localised, **rest: Any) -> None:
        self._words = words
        super().__init__(**rest)

    @property
    def config(self) -> Any:
        language = ASKED.get()
        if language not in self._spoken:
            self._spoken[language] = self._in(language)
        return self._spoken[language]

    @config.setter
    def config(self, built: Any) -> None:
        self._built, self._spoken = built, dict[Language, Any]()

    def _in(self, language: Language) -> Any:
        own = {
            component._id: _properties(component, changes)
            for component, changes in self._words.painted(language).items()
        }
        components = [one | {"props": one["props"] | own.get(one["id"], {})} for one in self._built["components"]]
        return self._built | {"components": components}


def _properties(component: Any, changes: dict[str, Any]) -> dict[str, Any]:
    """As the browser takes them."""
    found = {name: value for name, value in changes.items() if name != "__type__"}
    return found | ({"value": component.postprocess(found["value"])} if "value" in found else {})


class AskedLanguage:
    """ASGI middleware: finds out in which language the page is asked for. It stands behind what says who asks."""

    def __init__(self, app: ASGIApp, *, language_of: Spoken) -> None:
        self._app, self._language_of = app, language_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == "/":
            wanted = Headers(scope=scope).get("accept-language")
            ASKED.set(await asyncio.to_thread(self._language_of, owner_in(scope), wanted))
        await self._app(scope, receive, send)
