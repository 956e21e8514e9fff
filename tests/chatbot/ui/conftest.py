"""A page on the scripted engine, without a browser."""

from collections.abc import Iterator

import pytest

from chatbot.engine.loading import LoadingEngine
from chatbot.engine.scripted import ScriptedEngine
from chatbot.store.store import Store
from chatbot.ui.services import Services
from tests.chatbot.ui.wired import Wired


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """Without documents and fine-tuning; `tests.chatbot.ui.wired.as_` says who asks."""
    engine, store = (
        LoadingEngine(lambda *_: ScriptedEngine(), "scripted"),
        Store(tmp_path_factory.mktemp("store") / "b.db"),
    )
    engine.start()
    assert engine.wait(20)
    yield Services(engine, store, lambda request: str(request.owner))
    engine.close()
    store.close()


@pytest.fixture(scope="module")
def page(services: Services) -> Wired:
    return Wired(services)
