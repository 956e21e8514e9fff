"""What the sidebar's list does: open, rename, move to a folder, pin, save as a file, delete, bring back, search."""

from collections.abc import Callable

import gradio as gr

from chatbot.common.errors import NotFound
from chatbot.store.values import Heading
from chatbot.tasks import chat
from chatbot.ui.chat.handlers import Handlers as Chat
from chatbot.ui.chat.handlers import told
from chatbot.ui.chat.layout import ChatTab
from chatbot.ui.chat.list import render as render_list
from chatbot.ui.chat.list.listing import FOLDER, listing
from chatbot.ui.chat.sidebar import Sidebar
from chatbot.ui.parts.clickable import clicked
from chatbot.ui.parts.updates import Updates
from chatbot.ui.services import Services
from chatbot.ui.strings.words import Language

LONGEST_TITLE, LONGEST_FOLDER = 200, 60  # characters


class Handlers:
    """Each method is one event; the owner comes from its request, the rest from its arguments."""

    def __init__(self, services: Services, tab: ChatTab, bar: Sidebar, tabs: gr.Tabs, chat: Chat) -> None:
        self._services, self._store = services, services.store
        self._tab, self._bar, self._tabs, self._chat = tab, bar, tabs, chat
        self._acts: dict[str, Callable[[str, str, str | None, str, Language], Updates]] = {
            "open": self._open,
            "rename": self._rename,
            "move": self._move,
            "folder": self._look,
            "pin": self._pin,
            "unpin": self._pin,
            "md": self._save,
            "json": self._save,
            "delete": self._delete,
            "restore": self._restore,
        }

    def act(self, open_id: str | None, language: Language, request: gr.Request, event: gr.EventData) -> Updates:
        """A click on a row, or on what its menu offers."""
        owner, said = self._services.owner_of(request), clicked(event)
        act, id = said.get("act", ""), said.get("id", "")
        with told(language) as notices:
            if act not in self._acts:
                raise NotFound("There is no such conversation.", kind="no_conversation")
            given = said.get("title", "") if act in ("rename", "move") else act
            return {self._tab.notice: "", **self._acts[act](owner, id, open_id, given, language)}
        return {self._tab.notice: notices[0]}

    def search(self, words: str, open_id: str | None, language: Language, request: gr.Request) -> str:
        owner = self._services.owner_of(request)
        wanted = words.strip()[:LONGEST_TITLE]
        headings = self._store.find(owner, wanted) if wanted else []
        return render_list.found(headings, open_id, wanted, language)

    def spoken(self, open_id: str | None, language: Language, request: gr.Request) -> str:
        """After a change of language."""
        return listing(self._services, self._services.owner_of(request), open_id, language)

    def arrive(self, request: gr.Request) -> Updates:
        """What the address names is open: `?chat=ID`, `?tab=NAME`."""
        owner, language = self._services.owner_of(request), self._services.language_of(request)
        asked = request.query_params or {}
        shown: Updates = {}
        with told(language) as notices:
            if id := asked.get("chat"):
                shown = self._open(owner, id, None, "", language)
        shown = shown or {self._bar.conversations: listing(self._services, owner, None, language)}
        tab = asked.get("tab")
        known = [child.id for child in self._tabs.children if isinstance(child, gr.Tab)]
        to = {self._tabs: gr.update(selected=tab)} if tab in known else {}
        return {self._tab.notice: "".join(notices), **shown, **to}

    def _open(self, owner: str, id: str, open_id: str | None, act: str, language: Language) -> Updates:
        return {
            **self._chat.opened(owner, self._store.conversation(owner, id), language),
            self._bar.conversations: listing(self._services, owner, id, language),
            self._tabs: gr.update(selected="chat"),
        }

    def _rename(self, owner: str, id: str, open_id: str | None, title: str, language: Language) -> Updates:
        self._store.rename(owner, id, " ".join(chat.clean(title).split())[:LONGEST_TITLE])
        return {self._bar.conversations: listing(self._services, owner, open_id, language)}

    def _move(self, owner: str, id: str, open_id: str | None, folder: str, language: Language) -> Updates:
        named = " ".join(chat.clean(folder).split())[:LONGEST_FOLDER] if folder.strip() else ""
        self._store.move(owner, id, named)
        return {self._bar.conversations: listing(self._services, owner, open_id, language)}

    def _look(self, owner: str, folder: str, open_id: str | None, act: str, language: Language) -> Updates:
        """Only what is in the folder from now on, also after a reload; what is begun meanwhile goes there."""
        self._store.set_setting(owner, FOLDER, folder)
        return {self._bar.conversations: listing(self._services, owner, open_id, language)}

    def _pin(self, owner: str, id: str, open_id: str | None, act: str, language: Language) -> Updates:
        self._store.pin(owner, id, act == "pin")
        return {self._bar.conversations: listing(self._services, owner, open_id, language)}

    def _save(self, owner: str, id: str, open_id: str | None, kind: str, language: Language) -> Updates:
        return {self._tab.file: self._chat.export(owner, id, kind)}

    def _delete(self, owner: str, id: str, open_id: str | None, act: str, language: Language) -> Updates:
        conversation = self._store.conversation(owner, id)
        self._services.runs.stop(owner, id)
        self._store.delete(owner, id)
        deleted = Heading(id, conversation.title, conversation.updated)
        closed = self._chat.opened(owner, None, language) if id == open_id else {}
        left = None if closed else open_id
        return {**closed, self._bar.conversations: listing(self._services, owner, left, language, deleted)}

    def _restore(self, owner: str, id: str, open_id: str | None, act: str, language: Language) -> Updates:
        self._store.restore(owner, id)
        return self._open(owner, id, open_id, act, language)
