"""Who may add and take away adapters, and under which names."""

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chatbot.access.admin import Admins
from chatbot.access.users import Users
from chatbot.common.database.base import Database
from chatbot.engine.adapters.folders import find, visible
from chatbot.engine.loading import LoadingEngine
from chatbot.engine.scripted import ScriptedEngine
from chatbot.store.store import Store
from chatbot.types import Adapter
from chatbot.ui.adapters.handlers import Handlers
from chatbot.ui.adapters.measured import Measured, Taught, taught
from chatbot.ui.adapters.render import WITH, Card, cards
from chatbot.ui.services import Services
from tests.chatbot.ui.wired import Wired, as_, clicked
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
    store = Store(tmp_path / "b.db")
    groups = {"ann": ["gardeners", "readers"], "ben": ["gardeners"], "eve": ["readers"]}
    users = Users(dict.fromkeys(groups, "scrypt$"), accounts, admins=["root"], groups=groups)
    engine = LoadingEngine(
        lambda *_: Engine(folder), "scripted", members=lambda group: [f"user:{name}" for name in users.members(group)]
    )
    engine.start()
    assert engine.wait(20)
    yield Wired(
        Services(
            engine,
            store,
            lambda request: f"user:{request.username}",
            folder,
            admins=Admins(users),
            groups_of=lambda owner: users.groups(owner.removeprefix("user:")),
        )
    )
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


def press(page: Wired, act: str, name: str, who: str, *, armed: str = "") -> dict[str, Any]:
    """What the page shows then, by what it is."""
    do = page.handlers(Handlers)
    updates = page.one(do.act, armed, "en", as_(who), clicked(act=act, id=name))
    tab = do._tab
    parts = {"cards": tab.cards, "notice": tab.notice, "file": tab.file, "armed": tab.armed}
    return {part: updates[of] for part, of in parts.items() if of in updates}


def remove(page: Wired, name: str, who: str) -> str:
    return str(press(page, "remove", name, who, armed=name)["notice"])


def offered(page: Wired, who: str, act: str = "remove") -> list[str]:
    """The adapters whose card has that button for them."""
    do = page.handlers(Handlers)
    shown = str(page.one(do.show, "en", as_(who))[do._tab.cards])
    return re.findall(rf'data-act="{act}" data-id="([^"]+)"', shown)


def test_who_added_an_adapter_shares_it_with_a_group_that_they_are_in(
    page: Wired, files: list[str], folder: Path
) -> None:
    def share(group: str, who: str = "ann") -> str:
        return str(press(page, f"{WITH}{group}", "elm", who)["notice"])

    def seen() -> list[str]:
        known = page.handlers(Handlers)._services.engine.asked_by("x").adapters()
        return [who for who in ("ann", "ben", "eve", "root") if visible(known, f"user:{who}")]

    assert "ready" in add(page, files, "elm", "ann", mine=True)
    assert offered(page, "ann", f"{WITH}gardeners") == offered(page, "ann", f"{WITH}readers") == ["elm"]
    assert seen() == ["ann"]
    assert "Those in gardeners" in share("gardeners")
    assert seen() == ["ann", "ben"]
    assert offered(page, "ann", "unshare") == ["elm"] and offered(page, "ann", f"{WITH}gardeners") == []
    assert "Somebody else added" in share("gardeners", "ben") and "no adapter" in share("readers", "eve")
    assert "groups that you are in" in share("cooks")
    assert seen() == ["ann", "ben"]
    share("readers")
    assert seen() == ["ann", "eve"]
    press(page, "share", "elm", "ann")
    assert seen() == ["ann", "ben", "eve", "root"]
    press(page, "unshare", "elm", "ann")
    assert seen() == ["ann"]


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


def test_remove_asks_first(page: Wired, files: list[str], folder: Path) -> None:
    add(page, files, "elm", "ann")
    asked = press(page, "remove", "elm", "ann")
    assert asked["armed"] == "elm"
    assert "Really remove?" in asked["cards"]
    assert (folder / "elm").is_dir()
    other = press(page, "remove", "oak", "ann", armed="elm")
    assert other["armed"] == "oak"
    assert (folder / "elm").is_dir()


def test_only_whose_it_is_shares_it_and_ends_that(page: Wired, files: list[str]) -> None:
    add(page, files, "elm", "ann", mine=True)
    assert (offered(page, "ann", "share"), offered(page, "eve", "use")) == (["elm"], [])
    assert "no adapter" in press(page, "share", "elm", "eve")["notice"]
    assert "Everybody" in press(page, "share", "elm", "ann")["notice"]
    assert (offered(page, "ann", "unshare"), offered(page, "eve", "use")) == (["elm"], ["elm"])
    assert offered(page, "eve", "share") + offered(page, "root", "share") + offered(page, "eve", "unshare") == []
    for other in ("eve", "root"):
        assert "Somebody else added" in press(page, "unshare", "elm", other)["notice"]
    press(page, "unshare", "elm", "ann")
    assert offered(page, "eve", "use") == []


def test_an_adapter_is_downloaded_by_who_may_use_it(page: Wired, files: list[str]) -> None:
    add(page, files, "elm", "ann", mine=True)
    link = press(page, "download", "elm", "ann")["file"]
    path = Path(re.search(r"file=([^\"]+)", link)[1])  # type: ignore[index]
    assert page.handlers(Handlers)._services.uploads.belongs(str(path), "user:ann")
    with zipfile.ZipFile(path) as packed:
        assert {Path(name).name for name in packed.namelist()} >= {"adapter_config.json", "adapter_model.safetensors"}
        assert "owner.json" not in {Path(name).name for name in packed.namelist()}
    assert "no adapter" in press(page, "download", "elm", "eve")["notice"]


@pytest.mark.parametrize(
    "card",
    [
        {"scores": "none", "data": []},
        {"scores": [{"name": "f1", "before": "much", "after": 1, "rows": 3}, 7], "data": {"rows": -1}},
        {"scores": [{"name": "loss", "before": float("inf"), "after": 1.0, "rows": 3}], "data": {"rows": True}},
        {"scores": [{"name": "general_loss", "before": 2.0, "after": 1.0, "rows": 3}]},
    ],
)
def test_a_card_that_is_no_card_of_ours_says_nothing(folder: Path, card: dict[str, Any]) -> None:
    made = write_adapter(folder / "odd", rank=2, layers=1, card=card)
    assert taught(Adapter("odd", path=str(made))) == Taught()


def test_what_an_adapter_was_taught_stands_in_its_card(folder: Path) -> None:
    scores = [{"name": name, "before": 0.2, "after": 0.4, "rows": 9} for name in ("loss", "general_loss", "chrf")]
    made = write_adapter(folder / "elm", rank=2, layers=1, card={"scores": scores, "data": {"rows": 50}})
    assert taught(Adapter("elm", path=str(made))) == Taught(50, Measured("chrf", 0.2, 0.4, 9))


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


def test_how_an_adapter_was_judged_is_told_in_the_language_of_the_page() -> None:
    adapter = Adapter("elm", verdict="better: chrF 0.2 before, 0.4 after")
    card = Card(adapter, Taught(50, Measured("chrf", 0.2, 0.4, 9, (0.1, 0.3))))
    assert '<p lang="en">better: chrF' in cards([card], "en")
    said = cards([card], "zh")
    assert "训练前 0.200，训练后 0.400（95 % 区间 +0.100 到 +0.300），共 9 条留出数据。" in said
    assert "before" not in said
    assert '<p lang="en">' in cards([Card(adapter)], "zh"), "a card without figures has its own sentence alone"


def test_a_figure_that_speaks_against_the_verdict_is_not_what_it_was_come_to_by(folder: Path) -> None:
    scores = [{"name": "chrf", "before": 0.4, "after": 0.3, "rows": 8}]
    made = write_adapter(folder / "fir", rank=2, layers=1, card={"scores": scores, "data": {"rows": 50}})
    assert taught(Adapter("fir", path=str(made), verdict="Better: as it is served, on 72 rows.")) == Taught(50)
    worse = Taught(50, Measured("chrf", 0.4, 0.3, 8))
    assert taught(Adapter("fir", path=str(made), verdict="Worse: as it is served.")) == worse
