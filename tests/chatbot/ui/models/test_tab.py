"""The models tab without a browser: real fetches from a hub on this machine, and a model that changes."""

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import app
from chatbot.access.admin import Admins
from chatbot.access.users import Users, hash_password
from chatbot.common.database.base import Database
from chatbot.common.errors import ModelNotFound
from chatbot.common.step import Progress
from chatbot.engine import registry
from chatbot.engine.base import Engine
from chatbot.engine.loading import LoadingEngine
from chatbot.engine.models.catalogue import GIB, LARGE, SMALL, STANDARD, Machine
from chatbot.engine.models.fetches import Fetches
from chatbot.engine.models.resolve import resolve
from chatbot.engine.models.speeds import Speeds
from chatbot.engine.offer import Offer, Slow
from chatbot.engine.scripted import ScriptedEngine
from chatbot.engine.servers import Servers
from chatbot.settings import load
from chatbot.store.store import Store
from chatbot.ui.models.cards import cards
from chatbot.ui.models.handlers import Handlers
from chatbot.ui.parts.updates import Updates
from chatbot.ui.services import Services
from tests.chatbot.ui.wired import Wired, as_, clicked
from tests.gguf_files import SHAPE, make_gguf
from tests.hub_server import Hub, hub
from tests.running import App, free_port, running
from tests.tiny import make_model

TREE = "oak/tree:tree.gguf"
KEY = "a-key-of-the-other-server"


def scripted(reference: str, progress: Progress) -> Engine:
    if "broken" in reference:
        raise ModelNotFound("There is nothing in it.", kind="no_model", name=reference)
    return ScriptedEngine(lambda messages: f"I am {reference}.", model=reference)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("tree")
    return make_gguf(make_model(folder / "m", "llama", **SHAPE), folder / "tree.gguf").read_bytes()


@pytest.fixture
def server(tree: bytes, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with hub({"oak/tree": {"tree.gguf": tree}}) as server:
        monkeypatch.setenv("HF_ENDPOINT", server.address)
        yield server


@pytest.fixture
def services(server: Hub, tmp_path: Path) -> Iterator[Services]:
    models, store = tmp_path / "models", Store(tmp_path / "b.db")
    models.mkdir()
    settings = load(["--data", str(tmp_path)], {})

    def build(reference: str, progress: Progress) -> Engine:
        found = app.reachable(settings, reference)
        return registry.build_engine(found, progress) if found.base_url else scripted(reference, progress)

    def fetch(name: str, *rest: Any) -> None:
        if "/" in name and not app.reachable(settings, name).base_url:
            resolve(name, models, *rest)

    engine = LoadingEngine(build, "small", fetch=fetch)
    engine.start()
    assert engine.wait(20)
    services = Services(
        engine,
        store,
        lambda request: str(request.owner),
        models=Fetches(models, engine.in_use),
        speeds=Speeds(models / "speeds.json"),
        servers=Servers(tmp_path / app.SERVERS),
        machine=Machine(2, 3 * GIB),
    )
    yield services
    services.close()


@pytest.fixture
def page(services: Services) -> Wired:
    return Wired(services)


def here(**headers: str) -> Any:
    """Who sits at this machine."""
    return as_("ann", "127.0.0.1", **headers)


def until(held: Callable[[], object]) -> None:
    end = time.monotonic() + 60
    while not held():
        assert time.monotonic() < end
        time.sleep(0.02)


def html(updates: Updates) -> str:
    return next(str(value) for block, value in updates.items() if block.elem_id == "by-mo-shown")


def notice(updates: Updates) -> str:
    return next(str(value) for block, value in updates.items() if block.elem_id == "by-mo-notice")


def state(services: Services, reference: str) -> str:
    return next((card.state for card in cards(services) if card.reference == reference), "")


def test_what_runs_what_there_is_and_what_can_be_had(services: Services, page: Wired) -> None:
    do = page.handlers(Handlers)
    assert services.speeds
    services.speeds.tell("small", 101, 2.0)
    shown = html(page.one(do.show, "en", here()))
    for said in (
        SMALL.title,
        STANDARD.title,
        LARGE.title,
        "491 MB",
        "1.1 GB",
        "93 MB",
        "Apache-2.0",
        "2.5 GB of memory",
    ):
        assert said in shown
    assert "wrote 50 tokens/s here" in shown
    assert "English, Spanish, Chinese and 14 more" in shown
    assert "German" in shown  # all of them, where the pointer rests
    assert shown.index("suits this machine") > shown.index(STANDARD.title)  # two cores, three GB
    assert shown.count("suits this machine") == 1
    assert 'data-act="use" data-id="large"' in shown
    assert 'data-id="small"' not in shown  # it answers: there is nothing to do with it
    chinese = html(page.one(do.show, "zh", here()))
    assert "中文、英语、西班牙语等，另有 14 种" in chinese
    assert "适合本机" in chinese


@pytest.mark.parametrize("free", [GIB, 3 * GIB])
def test_a_machine_with_little_memory_is_told_why_it_got_the_smallest(services: Services, free: int) -> None:
    page = Wired(replace(services, machine=Machine(8, free)))
    shown = html(page.one(page.handlers(Handlers).show, "en", here()))
    assert ("1 GB of memory were free" in shown) == (free < 2 * GIB)


REFUSED = [as_("ann"), here(x_forwarded_for="127.0.0.1"), here(forwarded="for=127.0.0.1"), here(host="evil.example")]


@pytest.mark.parametrize("request_", REFUSED)
def test_others_see_what_runs_and_can_change_nothing(services: Services, page: Wired, request_: Any) -> None:
    do = page.handlers(Handlers)
    shown = page.one(do.show, "en", request_)
    assert SMALL.title in html(shown)
    assert "<button" not in html(shown)
    assert not next(value for block, value in shown.items() if block.elem_id == "by-mo-hub")["visible"]
    for act in ("use", "fetch", "cancel", "remove", "leave", "forget"):
        told = page.one(do.act, "standard", "en", request_, clicked(act=act, id="standard"))
        assert "Only whoever runs this server" in notice(told)
    assert "Only whoever runs this server" in notice(page.one(do.fetch, TREE, "en", request_))
    assert services.engine.coming is None
    assert services.models
    assert services.models.known() == []


def test_with_users_an_admin_may_and_a_plain_user_may_not(services: Services, accounts: Database) -> None:
    password = hash_password("correct horse")
    admins = Admins(Users({"ann": password, "bob": password}, accounts, admins=["ann"]))
    page = Wired(replace(services, admins=admins))
    do = page.handlers(Handlers)
    refused = page.one(do.act, "", "en", as_("bob", "127.0.0.1"), clicked(act="use", id="standard"))
    assert "Only whoever runs this server" in notice(refused)
    assert services.engine.reference == "small"
    page.one(do.act, "", "en", as_("ann"), clicked(act="use", id="standard"))
    until(lambda: services.engine.reference == "standard")


def test_a_model_of_the_hub_is_fetched_used_and_removed(services: Services, page: Wired) -> None:
    do = page.handlers(Handlers)
    page.one(do.fetch, f" {TREE} ", "en", here())
    until(lambda: state(services, TREE) == "there")
    assert "on disk" in html(page.one(do.look, "en", here()))
    page.one(do.act, "", "en", here(), clicked(act="use", id=TREE))
    until(lambda: services.engine.reference == TREE)
    assert "answers now" in html(page.one(do.look, "en", here()))
    refused = page.one(do.act, TREE, "en", here(), clicked(act="remove", id=TREE))
    assert "in use" in notice(refused)
    services.engine.switch("small")
    until(lambda: services.engine.reference == "small")
    asked = page.one(do.act, "", "en", here(), clicked(act="remove", id=TREE))
    assert "Really remove?" in html(asked)
    assert state(services, TREE) == "there"
    page.one(do.act, TREE, "en", here(), clicked(act="remove", id=TREE))
    assert state(services, TREE) == ""


def test_a_fetch_shows_how_far_it_is_and_can_be_cancelled_and_gone_on_with(
    services: Services, page: Wired, server: Hub
) -> None:
    do = page.handlers(Handlers)
    server.slow = 0.1
    page.one(do.fetch, TREE, "en", here())
    until(lambda: " %" in html(page.one(do.look, "en", here())))
    page.one(do.act, "", "en", here(), clicked(act="cancel", id=TREE))
    until(lambda: state(services, TREE) == "begun")
    assert "Go on fetching" in html(page.one(do.look, "en", here()))
    server.slow = 0
    page.one(do.act, "", "en", here(), clicked(act="fetch", id=TREE))
    until(lambda: state(services, TREE) == "there")
    assert server.asked[-1][1].startswith("bytes=")  # it went on


def test_a_switch_that_fails_is_told_and_the_old_model_is_back(services: Services, page: Wired, server: Hub) -> None:
    do = page.handlers(Handlers)
    server.files["oak/broken"] = {"broken.gguf": server.files["oak/tree"]["tree.gguf"]}
    page.one(do.fetch, "oak/broken:broken.gguf", "en", here())
    until(lambda: state(services, "oak/broken:broken.gguf") == "there")
    page.one(do.act, "", "en", here(), clicked(act="use", id="oak/broken:broken.gguf"))
    until(lambda: services.engine.coming and services.engine.coming.state.status == "failed")
    shown = html(page.one(do.look, "en", here()))
    assert "There is nothing in it." in shown
    assert services.engine.reference == "small"
    page.one(do.act, "", "en", here(), clicked(act="forget", id="oak/broken:broken.gguf"))
    assert services.engine.coming is None
    assert "There is nothing in it." not in html(page.one(do.look, "en", here()))


@pytest.mark.parametrize("typed", ["../secret", "/etc/passwd", "data/models", "", "file.gguf"])
def test_a_path_is_no_name(
    services: Services, page: Wired, typed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data" / "models").mkdir(parents=True)
    do = page.handlers(Handlers)
    assert "no model of the hub" in notice(page.one(do.fetch, typed, "en", here()))
    assert "There is no model" in notice(page.one(do.act, typed, "en", here(), clicked(act="use", id=typed)))
    assert services.engine.reference == "small"
    assert services.models
    assert services.models.known() == []


def test_the_same_weights_under_another_name_are_the_known_model(tmp_path: Path, services: Services) -> None:
    path = str(tmp_path / "secret" / "renamed.gguf")
    engine = LoadingEngine(
        lambda name, _: ScriptedEngine(traits=STANDARD.traits if name == path else SMALL.traits), path
    )
    engine.start()
    assert engine.wait(20)
    listed = cards(replace(services, engine=engine))
    assert [(card.reference, card.state) for card in listed] == [
        ("small", "away"), ("standard", "serves"), ("large", "away"),
    ]  # fmt: skip
    engine.switch("small")
    until(lambda: engine.reference == "small")
    (given,) = [card for card in cards(replace(services, engine=engine)) if card.reference == path]
    assert (given.title, given.state, given.removable) == ("renamed.gguf", "there", False)
    engine.close()


def test_whoever_runs_the_server_is_told_of_a_build_that_uses_the_processor(
    services: Services, page: Wired, monkeypatch: pytest.MonkeyPatch
) -> None:
    do = page.handlers(Handlers)
    assert "AVX" not in html(page.one(do.show, "en", here()))
    slow = Slow(("AVX512_VNNI",), 'FLAGS="-D" pip install <it>')
    offer = Offer("scripted", build=scripted, slow=lambda: slow)  # type: ignore[arg-type]
    monkeypatch.setattr(registry, "ENGINES", (offer,))
    for language in ("en", "zh"):
        shown = html(page.one(do.show, language, here()))
        assert "AVX512_VNNI" in shown and "FLAGS=&quot;-D&quot; pip install &lt;it&gt;" in shown
    assert "AVX512_VNNI" not in html(page.one(do.show, "en", as_("bob")))


def test_whoever_runs_a_light_install_is_told_what_the_rest_would_add(
    page: Wired, monkeypatch: pytest.MonkeyPatch
) -> None:
    do = page.handlers(Handlers)
    assert "[train]" not in html(page.one(do.show, "en", here()))
    monkeypatch.setitem(sys.modules, "peft", None)
    for language, said in (("en", "adds the Fine-tune tab"), ("zh", "“微调”标签页"), ("es", "pestaña de ajuste")):
        shown = html(page.one(do.show, language, here()))
        assert said in shown and "pip install &quot;.[train]&quot;" in shown
    assert "[train]" not in html(page.one(do.show, "en", as_("bob")))


@pytest.fixture
def other(tmp_path: Path) -> Iterator[App]:
    """Another Banyan, which wants a key."""
    (tmp_path / "other").mkdir(mode=0o700)
    with running("--engine", "scripted", data=tmp_path / "other", environment={"BANYAN_API_KEY": KEY}) as app:
        yield app


@pytest.mark.slow
def test_another_server_answers_whose_address_and_key_were_given(
    services: Services, page: Wired, other: App, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    do, engine = page.handlers(Handlers), services.engine
    reference = f"{other.address}/v1#scripted"
    for address, key, model, said in (
        ("server/v1", KEY, "", "must look like"),
        (f"{other.address}/v1", "wrong", "", "key"),
        (f"{other.address}/v1", KEY, "oak", "has no model “oak”. It has: scripted"),
        (f"http://127.0.0.1:{free_port()}", KEY, "", "cannot be reached"),
    ):
        assert said in notice(page.steps(do.ask, address, key, model, "en", here())[-1]), said
    assert "Only whoever runs this server" in notice(page.steps(do.ask, other.address, KEY, "", "en", as_("bob"))[-1])
    assert (engine.reference, services.servers and services.servers.all()) == ("small", [])

    asking, done = page.steps(do.ask, other.address, KEY, "", "en", here())
    assert "Asking the server" in notice(asking)
    until(lambda: engine.reference == reference)
    assert engine.engine.name == "remote" and done[do._tab.key] == ""
    kept = tmp_path / "servers.json"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert KEY not in html(page.one(do.show, "en", here())) and KEY not in caplog.text and KEY in kept.read_text()

    taken = page.one(do.act, reference, "en", here(), clicked(act="remove", id=reference))
    assert "in use" in notice(taken) and services.servers and services.servers.of(reference)
    page.one(do.act, "", "en", here(), clicked(act="use", id="small"))
    until(lambda: engine.reference == "small")
    assert "127.0.0.1" not in html(page.one(do.show, "en", as_("bob"))), "where it runs is nobody else's business"
    assert state(services, reference) == "server"
    assert f"scripted · {other.address.removeprefix('http://')}" in html(page.one(do.show, "zh", here()))
    other.process.kill()
    other.process.wait()
    page.one(do.act, "", "en", here(), clicked(act="use", id=reference))
    until(lambda: "cannot be reached" in html(page.one(do.look, "en", here())))
    assert engine.reference == "small" and engine.present and engine.present.name == "scripted"
    page.one(do.act, reference, "en", here(), clicked(act="remove", id=reference))
    assert state(services, reference) == "" and KEY not in kept.read_text()


def test_a_key_stays_where_none_is_given_and_a_damaged_file_is_told(
    services: Services, page: Wired, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    servers = services.servers
    assert servers
    monkeypatch.setattr(registry, "look", lambda address, key, model: (f"{address}/v1", model))
    servers.add("http://a", KEY, "oak")
    servers.add("http://a", "", "oak")
    servers.add("http://a", "", "elm")
    assert [(one.model, one.key) for one in servers.all()] == [("oak", KEY), ("elm", "")]
    assert KEY not in repr(servers.all())
    (tmp_path / app.SERVERS).write_text("[{]")
    assert "Mend that file" in html(page.one(page.handlers(Handlers).show, "en", here()))
    assert app.reachable(load(["--data", str(tmp_path)], {}), "small").model == "small", "it does not hang on the file"
