"""What the shelf does with collections. Every handler acts under the owner of its request."""

import gradio as gr

from chatbot.common.errors import InputError
from chatbot.ui.chat.handlers import told
from chatbot.ui.documents.layout import DocumentsTab
from chatbot.ui.documents.shelf import render as render_shelf
from chatbot.ui.documents.shelf.render import USER
from chatbot.ui.documents.shelf.usable import Usable
from chatbot.ui.parts import render
from chatbot.ui.parts.clickable import clicked
from chatbot.ui.parts.updates import Updates
from chatbot.ui.services import Services
from chatbot.ui.strings.words import Language, text
from retrieval.store.collections import Collections
from retrieval.types import EVERYBODY

MOST_READERS = 100  # names in one list: what somebody types, not a directory


class CollectionHandlers:
    """Each method is one event; the owner comes from its request, the rest from its arguments."""

    def __init__(self, services: Services, tab: DocumentsTab) -> None:
        assert services.library is not None  # the tab is built only where there is a library
        self._services = services
        self._opening = services.library
        self._usable = Usable(services.library, services.store)
        self._library, self._notice = tab.library, tab.talk.notice

    @property
    def _collections(self) -> Collections:
        return self._opening.get().library.collections

    def act(self, opened: str | None, language: Language, request: gr.Request, event: gr.EventData) -> Updates:
        """A click on something with `data-act`: choose, make, rename, share, remove."""
        owner, said = self._services.owner_of(request), clicked(event)
        act, id, panel = said.get("act"), said.get("id", ""), self._closed()
        with told(language) as notices:
            if act == "choose":
                self._usable.choose(owner, id)
            elif act == "collect":
                self._usable.choose(owner, self._collections.create(owner, said.get("title", "")).id)
            elif act == "rename":
                self._collections.rename(owner, id, said.get("title", ""))
            elif act == "remove":
                self._collections.remove(owner, id)
            elif act == "share":
                panel = self._panel(owner, id, language)
        return {**self._shown(owner, opened, language), **panel, self._notice: notices[0] if notices else ""}

    def share(
        self, id: str, whom: str, names: str, opened: str | None, language: Language, request: gr.Request
    ) -> Updates:
        owner = self._services.owner_of(request)
        with told(language) as notices:
            readers = self._readers(whom, names)
            self._collections.share(owner, id, readers)
            shown, said = self._shown(owner, opened, language), text("col_saved", language)
            return {**shown, **self._closed(), self._notice: render.success(said)}
        return {self._notice: notices[0]}

    def _readers(self, whom: str, names: str) -> set[str]:
        """Raises `InputError` for a name that nobody has."""
        if whom != "named":
            return {EVERYBODY} if whom == "everybody" else set()
        named = {name for part in names.replace("，", ",").replace("、", ",").split(",") if (name := part.strip())}
        if len(named) > MOST_READERS:
            raise InputError(f"These are more than {MOST_READERS} names.", kind="many_readers", most=MOST_READERS)
        for name in sorted(named):
            if not self._services.is_user(name):
                raise InputError(f"Nobody named {name[:80]} may sign in here.", kind="no_user", name=name[:80])
        return {f"{USER}{name}" for name in named}

    def _panel(self, owner: str, id: str, language: Language) -> Updates:
        """Of a collection of the owner's. Raises `NotFound`."""
        sharing, one = self._library.sharing, self._collections.owned(owner, id)
        whom, names = render_shelf.readers(one)
        return {
            sharing.panel: gr.update(visible=self._services.signs_in),
            sharing.title: render_shelf.heading(one.name),
            sharing.whom: whom,
            sharing.names: names,
            sharing.id: one.id,
        }

    def _closed(self) -> Updates:
        return {self._library.sharing.panel: gr.update(visible=False), self._library.sharing.id: ""}

    def _shown(self, owner: str, opened: str | None, language: Language) -> Updates:
        return self._usable.shown(owner, opened, language, self._library, signs_in=self._services.signs_in)
