"""What the handlers of the tasks' tabs have in common: a run under a Stop button, and the last results of the visitor."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Event
from typing import Any, ClassVar

import gradio as gr

from chatbot.common.errors import BanyanError, NotFound
from chatbot.store.store import SavedResult, Store
from chatbot.ui.chat.handlers import told
from chatbot.ui.services import Services
from chatbot.ui.strings.words import Language

PAST = 8  # saved results that are listed


class TaskHandlers:
    """Each method is one event; the owner comes from its request, the rest from its arguments.

    `task` names what is run, of which a page does one at a time, and the results in the database.
    """

    task: ClassVar[str]

    def __init__(self, services: Services) -> None:
        self._services = services

    def stop(self, request: gr.Request) -> None:
        self._services.runs.stop(self._services.owner_of(request), self._key(request))

    @contextmanager
    def _running(self, request: gr.Request, adapter: str = "") -> Iterator[tuple[str, Event]]:
        """(owner, the event that Stop and leaving set). Raises `InputError` while this page runs one, `AdapterNotFound`."""
        owner = self._services.owner_of(request)
        with self._services.runs.open(owner, self._key(request), request.session_hash) as stop:
            if adapter:
                self._services.adapter(owner, adapter)
            yield owner, stop

    def _key(self, request: gr.Request) -> str:
        return f"{self.task}:{request.session_hash}"

    def _documents(self, owner: str, chosen: Sequence[str] | None) -> Any:
        """The choices of a list of the owner's documents that can be read, as they are now; what was chosen and is there stays."""
        choices = self._readable(owner)
        kept = [id for id in chosen or () if id in {id for _, id in choices}]
        return gr.update(choices=choices, value=kept)

    def _readable(self, owner: str) -> list[tuple[str, str]]:
        if self._services.library is None:
            return []
        try:
            documents = self._services.library.get().library.list(owner)
        except BanyanError:  # it is still opening; the documents tab says so
            return []
        return [(document.name, document.id) for document in documents if document.passages]

    # The last results of a visitor

    def _results(self, owner: str) -> list[SavedResult]:
        return self._services.store.results(owner, self.task, PAST)

    def _keep(self, owner: str, title: str, record: Mapping[str, Any], language: Language) -> str:
        """The notice that says why it could not be kept, if so."""
        return keep(self._services.store, owner, self.task, title, record, language)

    def _opened(self, owner: str, said: Mapping[str, str]) -> Mapping[str, Any] | None:
        """The record that a click on a saved result asks for; None: it asked to remove it. Raises `NotFound`."""
        if said.get("act") == "remove":
            self._services.store.remove_result(owner, said.get("id", ""))
            return None
        found = next((saved.result for saved in self._results(owner) if saved.id == said.get("id")), None)
        if found is None:
            raise NotFound("There is no such result. It may have been removed in another window.", kind="no_result")
        return found


def keep(store: Store, owner: str, task: str, title: str, result: Mapping[str, Any], language: Language) -> str:
    """Save what came of a task. What cannot be kept (it is too large, the disk is full) is shown all the same: then the
    notice that says why is returned, else nothing."""
    with told(language) as notices:
        store.add_result(owner, task, title, result)
    return "".join(notices)
