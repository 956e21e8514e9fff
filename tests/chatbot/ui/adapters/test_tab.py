"""Who may add and take away adapters, and under which names."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chatbot.access.admin import Admins
from chatbot.access.users import Users
from chatbot.common.database.base import Database
from chatbot.engine.adapters.folders import find
from chatbot.engine.loading import LoadingEngine
from chatbot.engine.scripted import ScriptedEngine
from chatbot.store.store import Store
from chatbot.types import Adapter
from chatbot.ui.adapters.tab import Handlers
from chatbot.ui.services import Services
from tests.chatbot.ui.wired import Wired, as_
from tests.lora import write_adapter


class Engine(ScriptedEngine):
    """Its adapters are those on disk, as with an engine that has a model."""

    def __init__(self, folder: Path) -> None:
        super().__init__(model="oak-7b")
        self._folder = folder

    def adapters(self) -> list[Adapter]:
        return find([self._folder])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "adapters"


@pytest.fixture
def page(folder: Path, tmp_path: Path, accounts: Database) -> Iterator[Wired]:
    engine, store = LoadingEngine(lambda *_: Engine(folder), "scripted"), Store(tmp_path / "b.db")
    engine.start()
    assert engine.wait(20)
    admins = Admins(Users({}, accounts, admins=["root"]))
    yield Wired(Services(engine, store, lambda request: f"user:{request.username}", folder, admins=admins))
    engine.close()
    store.close()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    made = write_adapter(tmp_path_factory.mktemp("upload") / "elm", rank=2, layers=1)
    return [str(path) for path in made.iterdir()]


def add(page: Wired, files: list[str], name: str, who: str, *, mine: bool = False) -> str:
    do = page.handlers(Handlers)
    updates = page.one(do.add, files, name, mine, "en", as_(who))
    return str(updates[do._tab.notice])


def remove(page: Wired, name: str, who: str) -> str:
    do = page.handlers(Handlers)
    return str(page.one(do.remove, name, "en", as_(who))[do._tab.notice])


def offered(page: Wired, who: str) -> list[str]:
    do = page.handlers(Handlers)
    chosen: Any = page.one(do.show, "en", as_(who))[do._tab.chosen]
    return (
        [value for _, value in chosen["choices"]]
        if chosen["choices"] and isinstance(chosen["choices"][0], tuple)
        else chosen["choices"]
    )


def test_a_shared_adapter_goes_only_with_who_added_it_or_runs_the_server(
    page: Wired, files: list[str], folder: Path
) -> None:
    assert "ready" in add(page, files, "elm", "ann")
    assert (offered(page, "ann"), offered(page, "eve"), offered(page, "root")) == (["elm"], [], ["elm"])
    assert "Somebody else added" in remove(page, "elm", "eve")
    assert (folder / "elm").is_dir()
    assert "removed" in remove(page, "elm", "ann")
    assert not (folder / "elm").exists()
    add(page, files, "elm", "ann")
    assert "removed" in remove(page, "elm", "root")


def test_what_was_put_into_the_folder_belongs_to_whoever_runs_the_server(page: Wired, folder: Path) -> None:
    write_adapter(folder / "found", rank=2, layers=1)
    assert offered(page, "eve") == []
    assert "Somebody else added" in remove(page, "found", "eve")
    assert "removed" in remove(page, "found", "root")


def test_a_private_one_is_nothing_to_others(page: Wired, files: list[str], folder: Path) -> None:
    add(page, files, "elm", "ann", mine=True)
    assert "no adapter" in remove(page, "elm", "eve")
    assert "removed" in remove(page, "elm", "ann")


@pytest.mark.parametrize(
    "name",
    [
        "oak-7b",
        "OAK-7B",
        "standard",
        "Small",
        "qwen2.5-coder-0.5b-instruct-q4_k_m",
        "summarize",
        "SentimenT",
        "ｓｍａｌｌ",
    ],
)
def test_names_of_models_and_of_banyans_own_are_taken(page: Wired, files: list[str], folder: Path, name: str) -> None:
    """Asked by its name over /v1, it would answer for them."""
    assert "is the name of a model" in add(page, files, name, "ann")
    assert not folder.is_dir() or not any(path.is_dir() for path in folder.iterdir())


@pytest.mark.parametrize("like", ["ELM", "ｅｌｍ", "Elm"])
def test_a_name_that_looks_like_another_is_taken(page: Wired, files: list[str], folder: Path, like: str) -> None:
    add(page, files, "elm", "ann")
    assert "already" in add(page, files, like, "eve")
    assert [path.name for path in folder.iterdir()] == ["elm"]
