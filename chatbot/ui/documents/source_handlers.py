"""What the source column does: show a cited place or a document, rename it, remove it."""

from collections.abc import Iterator, Mapping

import gradio as gr

from chatbot.common.errors import InputError
from chatbot.ui.chat.handlers import told
from chatbot.ui.documents import render as render_documents
from chatbot.ui.documents.layout import DocumentsTab, SourceColumn
from chatbot.ui.documents.opening import OpeningLibrary
from chatbot.ui.documents.shelf.usable import Usable
from chatbot.ui.documents.sources import Shown, Sources
from chatbot.ui.parts import render
from chatbot.ui.parts.clickable import clicked
from chatbot.ui.parts.updates import Updates
from chatbot.ui.services import Services
from chatbot.ui.strings.words import Language, text


class SourceHandlers:
    """Each method is one event; the owner comes from its request, the rest from its arguments."""

    def __init__(self, services: Services, tab: DocumentsTab) -> None:
        assert services.library is not None  # the tab is built only where there is a library
        self._services = services
        self._opening: OpeningLibrary = services.library
        self._sources = Sources(services.library)
        self._usable = Usable(services.library, services.store)
        self._tab = tab

    def act(
        self, opened: str | None, language: Language, request: gr.Request, event: gr.EventData
    ) -> Iterator[Updates]:
        """A click on something with `data-act`."""
        owner, said = self._services.owner_of(request), clicked(event)
        yield gr.skip()  # what is asked for may be nothing that is shown
        with told(language) as notices:
            if said.get("act") in ("use", "use_all", "use_none", "only"):
                self._usable.use(owner, said)
                yield {self._tab.library.listing: self._usable.listing(owner, opened, language)}
                return
            if said.get("act") == "move":
                self._opening.get().library.collections.put(owner, said.get("id", ""), said.get("to", ""))
                yield self._listed(owner, opened, language)
                return
            if said.get("act") in ("rename", "remove", "close"):
                yield self._changed(owner, opened, said, language)
                return
            for shown in self._sources.show(owner, said, language):
                yield self._shown(owner, shown, language)
        if notices:
            yield self._failed(notices[0])

    def _changed(self, owner: str, opened: str | None, said: Mapping[str, str], language: Language) -> Updates:
        act, id = said["act"], said.get("id", "")
        if act == "close":
            return self._shown(owner, nothing(language), language)
        if act == "remove":
            return self._removed(owner, id, language)
        if not said.get("title", "").strip():
            raise InputError("A document needs a name.", kind="document_name")
        self._opening.get().library.rename(owner, id, said["title"])
        if id != opened:
            return {self._tab.library.listing: self._usable.listing(owner, opened, language)}
        *_, shown = self._sources.show(owner, {"act": "open", "id": id}, language)
        return self._shown(owner, shown, language)

    def _removed(self, owner: str, id: str, language: Language) -> Updates:
        name = self._opening.get().library.get(owner, id).name
        self._services.remove_document(owner, id)
        self._usable.forget(owner, id)
        told_so = render.success(text("doc_removed", language, name=name))
        return self._shown(owner, nothing(language), language) | {self._tab.talk.notice: told_so}

    def _shown(self, owner: str, shown: Shown, language: Language) -> Updates:
        return {
            **showing(self._tab.source, shown, language),
            **self._listed(owner, shown.opened, language),
            self._tab.talk.notice: "",
        }

    def _listed(self, owner: str, opened: str | None, language: Language) -> Updates:
        return self._usable.shown(owner, opened, language, self._tab.library, signs_in=self._services.signs_in)

    def _failed(self, notice: str) -> Updates:
        return {self._tab.talk.notice: notice}


def showing(column: SourceColumn, shown: Shown, language: Language) -> Updates:
    """The whole column."""
    return {column.shown: shown.html, column.opened: shown.opened}


def nothing(language: Language) -> Shown:
    return Shown(render_documents.source_none(language))
