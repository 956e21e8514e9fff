"""The documents of the shelf: of which collection they are shown and asked, and which of them questions may use."""

from collections.abc import Mapping, Sequence

from chatbot.common.errors import BanyanError
from chatbot.store.store import Store
from chatbot.ui.documents.opening import OpeningLibrary
from chatbot.ui.documents.shelf import render as render_shelf
from chatbot.ui.documents.shelf.layout import LibraryColumn
from chatbot.ui.parts import render
from chatbot.ui.parts.updates import Updates
from chatbot.ui.strings.words import Language
from retrieval.library import Library
from retrieval.types import Collection, Document

UNUSED = "documents_unused"  # the setting that holds the ids of documents no question may use
CHOSEN = "documents_collection"  # the one that holds the id of the collection on the shelf


class Usable:
    def __init__(self, opening: OpeningLibrary, store: Store) -> None:
        self._opening = opening
        self._store = store

    @property
    def _library(self) -> Library:
        return self._opening.get().library

    def chosen(self, owner: str) -> Collection | None:
        """The collection on the shelf, as long as the owner may read it."""
        id = self._store.setting(owner, CHOSEN, "")
        return next((one for one in self._library.collections.of(owner) if one.id == id), None) if id else None

    def own(self, owner: str) -> str:
        """The id of the collection that takes in what is added: the chosen one, if it is the owner's."""
        chosen = self.chosen(owner)
        return chosen.id if chosen and chosen.owner == owner else ""

    def choose(self, owner: str, id: str) -> None:
        """Put a collection on the shelf; all of the owner's documents where `id` is empty."""
        self._store.set_setting(owner, CHOSEN, id)

    def shown(
        self, owner: str, opened: str | None, language: Language, column: LibraryColumn, *, signs_in: bool
    ) -> Updates:
        """The documents on the shelf and the collections."""
        return {
            column.listing: self.listing(owner, opened, language),
            column.collections: self.collections(owner, language, signs_in=signs_in),
        }

    def listing(self, owner: str, opened: str | None, language: Language) -> str:
        """The documents on the shelf as HTML, or why they cannot be shown."""
        try:
            chosen, known = self.chosen(owner), self._library.collections.of(owner)
            documents = self._documents(owner, chosen)
        except BanyanError as error:
            return render.notice(error, language)
        own = [one for one in known if one.owner == owner]
        return render_shelf.document_list(documents, self._unused(owner), opened, language, chosen=chosen, own=own)

    def collections(self, owner: str, language: Language, *, signs_in: bool) -> str:
        try:
            known, chosen = self._library.collections.of(owner), self.chosen(owner)
            count = len(self._library.list(owner))
        except BanyanError:
            return ""  # the listing says why
        return render_shelf.collections(known, count, chosen, language, owner=owner, signs_in=signs_in)

    def ids(self, owner: str) -> list[str] | None:
        """Those on the shelf that a question may use; None when that is all of them."""
        unused = self._unused(owner)
        documents = [d.id for d in self._documents(owner, self.chosen(owner)) if d.passages]
        kept = [id for id in documents if id not in unused]
        return None if len(kept) == len(documents) else kept

    def use(self, owner: str, said: Mapping[str, str]) -> None:
        """Do what a click on a checkbox, on "only this", on "all" or on "none" asks for."""
        here = {document.id for document in self._documents(owner, self.chosen(owner))}
        unused, named = self._unused(owner), {said.get("id", "")} & here
        if said["act"] == "use":
            unused ^= named
        elif said["act"] == "only":
            unused = (unused | here) - named if named else unused
        else:
            unused = unused | here if said["act"] == "use_none" else unused - here
        self._store.set_setting(owner, UNUSED, sorted(unused))

    def forget(self, owner: str, id: str) -> None:
        """A document that is gone."""
        self._store.set_setting(owner, UNUSED, sorted(self._unused(owner) - {id}))

    def _documents(self, owner: str, chosen: Collection | None) -> Sequence[Document]:
        return self._library.collections.documents(owner, chosen.id) if chosen else self._library.list(owner)

    def _unused(self, owner: str) -> set[str]:
        saved = self._store.setting(owner, UNUSED, [])
        return {str(id) for id in saved} if isinstance(saved, list) else set()
