"""A library, and the documents tab over it, without a browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from chatbot.engine.loading import LoadingEngine
from chatbot.engine.scripted import ScriptedEngine
from chatbot.store.store import Store
from chatbot.ui.documents.intake import Intake
from chatbot.ui.services import Services
from retrieval.library import Library
from retrieval.web.door import Web
from tests.chatbot.ui.documents.shelves import opening
from tests.chatbot.ui.wired import Wired


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    library = Library(tmp_path / "library", None)
    yield library
    library.close()


@pytest.fixture
def page(library: Library, tmp_path: Path) -> Iterator[Wired]:
    loading = LoadingEngine(lambda *_: ScriptedEngine(lambda messages: "It was planted in 1998."), "scripted")
    loading.start()
    assert loading.wait(20)
    store, opened = Store(tmp_path / "banyan.db"), opening(library)
    intake = Intake(opened, web=Web(lambda address, port: str(address) == "127.0.0.1"))
    yield Wired(
        Services(
            loading,
            store,
            lambda request: str(request.owner),
            library=opened,
            intake=intake,
            signs_in=True,
            is_user=lambda name: name in ("ann", "bob"),
        )
    )
    intake.close()
    loading.close()
    store.close()
