"""The owner's documents, and which of them questions may use."""

from collections.abc import Mapping

from chatbot.common.errors import BanyanError
from chatbot.store.store import Store
from chatbot.ui.documents import render as render_documents
from chatbot.ui.documents.opening import OpeningLibrary
from chatbot.ui.parts import render
from chatbot.ui.strings.words import Language

UNUSED = "documents_unused"  # the setting that holds the ids of documents no question may use


class Usable:
    def __init__(self, opening: OpeningLibrary, store: Store) -> None:
        self._opening = opening
        self._store = store

    def listing(self, owner: str, opened: str | None, language: Language) -> str:
        """All of them as HTML, or why they cannot be shown."""
        try:
            documents = self._opening.get().library.list(owner)
        except BanyanError as error:
            return render.notice(error, language)
        return render_documents.document_list(documents, self._unused(owner), opened, language)

    def ids(self, owner: str) -> list[str] | None:
        """Those that a question may use; None when that is all of them."""
        unused = self._unused(owner)
        documents = [d.id for d in self._opening.get().library.list(owner) if d.passages]
        kept = [id for id in documents if id not in unused]
        return None if len(kept) == len(documents) else kept

    def use(self, owner: str, said: Mapping[str, str]) -> None:
        """Do what a click on a checkbox, on "only this", on "all" or on "none" asks for."""
        documents = {document.id for document in self._opening.get().library.list(owner)}
        unused = self._unused(owner) & documents
        if said["act"] == "use":
            unused ^= {said.get("id", "")} & documents
        elif said["act"] == "only":
            unused = documents - {said.get("id", "")} if said.get("id") in documents else unused
        else:
            unused = documents if said["act"] == "use_none" else set()
        self._store.set_setting(owner, UNUSED, sorted(unused))

    def _unused(self, owner: str) -> set[str]:
        saved = self._store.setting(owner, UNUSED, [])
        return {str(id) for id in saved} if isinstance(saved, list) else set()
