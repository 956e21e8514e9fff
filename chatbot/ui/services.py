"""What the handlers of the page share. None of it holds a visitor's state."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder

from chatbot.access.admin import Admins
from chatbot.access.uploads import Uploads
from chatbot.common.errors import AdapterNotFound, BanyanError
from chatbot.engine.adapters import shipped
from chatbot.engine.adapters.folders import visible
from chatbot.engine.adapters.mirror import Mirror
from chatbot.engine.loading import LoadingEngine
from chatbot.engine.models.catalogue import Machine
from chatbot.engine.models.fetches import Fetches
from chatbot.engine.models.speeds import Speeds
from chatbot.engine.servers import Servers
from chatbot.store.store import Store
from chatbot.tasks.classify.tables.kept import KeptTables
from chatbot.tasks.translate.jobs import Translations
from chatbot.training.training import Training
from chatbot.types import QUOTAS, Adapter, Quotas
from chatbot.ui.documents.intake import Intake
from chatbot.ui.documents.opening import OpeningLibrary
from chatbot.ui.parts.runs import Runs
from chatbot.ui.strings.words import Language, languages, preferred
from retrieval.search.embed import Embedder

MODEL_QUEUE = "model"  # the concurrency id of every event that asks the model; the real limit sits in the engine
MODEL_READERS = 64  # such events at once: those beyond the engine's slots stand in its line and are told their place
OPENING = 120.0  # seconds to wait for a library that is still opening
PRIVATE: dict[str, Any] = {
    "api_visibility": "private",
    "show_progress": "hidden",
}  # plumbing; its handlers check the owner themselves
QUICK: dict[str, Any] = {**PRIVATE, "queue": False}
LATEST: dict[str, Any] = {
    "trigger_mode": "always_last"
}  # a choice made while the one before is at work counts, and it alone
MODEL: dict[str, Any] = {"concurrency_id": MODEL_QUEUE, "concurrency_limit": MODEL_READERS}
MODEL_EVENT: dict[str, Any] = {**PRIVATE, **MODEL}


@dataclass(frozen=True, slots=True)
class Services:
    engine: LoadingEngine
    store: Store
    owner_of: Callable[[gr.Request], str]  # who asks; see chatbot.access.owner
    adapters: Path | None = None  # the folder that new adapters go to; None: none can be added
    mirror: Mirror = field(default_factory=Mirror)  # of that folder in a bucket, where there is one
    runs: Runs = field(default_factory=Runs)
    library: OpeningLibrary | None = None  # None: a page without documents
    intake: Intake | None = None  # there when there is a library
    training: Training | None = None  # None: a page without fine-tuning
    translations: Translations | None = None  # None: text is translated, files are not
    tables: KeptTables | None = None  # None: tables are judged, and not kept
    models: Fetches | None = None  # None: another server runs the model, and nothing can be put in its place
    speeds: Speeds | None = None  # None: nobody measures
    servers: Servers | None = None  # that were named on the page
    machine: Machine = field(default_factory=Machine.seen)
    admins: Admins = field(default_factory=lambda: Admins(None))  # who may change the model
    uploads: Uploads = field(default_factory=lambda: Uploads(Path(get_upload_folder())))
    quotas: Quotas = QUOTAS
    stop: Event = field(default_factory=Event)  # set when the app ends
    forgets: bool = False  # whether all that is kept goes with the next restart, as on a Space without a disk
    signs_in: bool = False  # whether people sign in, and so may sign out
    is_user: Callable[[str], bool] = lambda name: False  # whether somebody of that name may sign in
    groups_of: Callable[[str], frozenset[str]] = lambda owner: frozenset()  # those that an owner is in

    def start(self) -> None:
        """Load the model and open the library, in the background; training jobs go on from where they stand."""
        self.engine.start()
        Thread(target=self.uploads.keep_tidy, args=(self.stop,), name="uploads", daemon=True).start()
        self.mirror.start(self.stop, self.engine.refresh)
        if self.library:
            self.library.start()
        if self.training:
            self.training.jobs.start()

    def close(self) -> None:
        self.stop.set()
        for part in (self.models, self.intake, self.training, self.engine, self.library, self.store):
            if part is not None:
                part.close()

    def language_of(self, request: gr.Request) -> Language:
        return self.spoken_by(self.owner_of(request), request.headers.get("accept-language"))

    def spoken_by(self, owner: str, accept_language: str | None) -> Language:
        """The language that the owner chose, else the one that the browser asks for."""
        asked = preferred(accept_language)
        saved = self.store.setting(owner, "language", asked)
        return saved if saved in languages() else asked

    def remove_document(self, owner: str, id: str) -> None:
        """Take a document away, and before it whatever was saved that quotes it, of all who read it. Raises `NotFound`."""
        assert self.library is not None
        library = self.library.get(OPENING).library
        document = library.get(owner, id)
        if document.owner == owner:  # else it is not there to be removed
            self.store.remove_results(owner, naming=id)
            if document.collection:  # which others may have asked
                self.store.forget(id)
        library.remove(owner, id)

    def embedder(self, patience: float = 0.0) -> Embedder | None:
        """The library's, where it is open or opens within so many seconds."""
        if self.library is None:
            return None
        try:
            return self.library.get(patience).embedder
        except BanyanError:  # it is still opening, or cannot be: the documents tab says so
            return None

    @property
    def shipped(self) -> Path | None:
        """The folder of the adapters that come with Banyan for the model that answers now; None where there are none."""
        return shipped.folder(self.engine.traits.known)

    def adapter(self, owner: str, name: str) -> Adapter:
        """The adapter of that name, where `owner` may use it. Raises `AdapterNotFound`."""
        for adapter in visible(self.engine.adapters(), owner):
            if adapter.name == name:
                return adapter
        raise AdapterNotFound(f"There is no adapter named {name[:80]}. Choose another one.", name=name[:80])

    def origin(self, owner: str, name: str | None) -> Path | None:
        """The folder of the adapter that a fine-tune of `owner` goes on from; None where none was named.

        Raises `AdapterNotFound`.
        """
        path = self.adapter(owner, name).path if name else None
        return Path(path) if path else None
