"""What the chat says while a model is on its way, and what follows when another one answers. Without a browser."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from chatbot.common.errors import HubUnavailable, Stopped
from chatbot.common.step import Progress, Step
from chatbot.engine.base import Engine
from chatbot.engine.loading import LoadingEngine
from chatbot.engine.models.catalogue import GIB, LARGE, SMALL, STANDARD, Machine, otherwise
from chatbot.engine.scripted import ScriptedEngine
from chatbot.store.store import Store
from chatbot.types import Adapter, Sampling
from chatbot.ui.chat.list.handlers import Handlers as Listed
from chatbot.ui.chat.loading import Handlers
from chatbot.ui.chat.sampling import drawn
from chatbot.ui.parts.updates import Updates
from chatbot.ui.services import Services
from tests.chatbot.ui.wired import Wired, as_, clicked

LAST = drawn(Sampling())  # the sliders, where nobody moved them
MEANWHILE = "Start with the small model meanwhile (93 MB)"


@dataclass(slots=True)
class Source:
    """Where models come from: each when it is let go, or never."""

    gone: tuple[str, ...] = ()
    ready: dict[str, Event] = field(default_factory=dict)

    def fetch(self, reference: str, progress: Progress, stop: Event) -> None:
        if reference in self.gone:
            raise HubUnavailable("No network here.", kind="hub_unfetched", name=reference, cause="No network here.")
        progress(Step("fetching_index", name=reference), 0.25)
        while not self.ready.setdefault(reference, Event()).wait(0.01):
            if stop.is_set():
                raise Stopped("It was stopped.")


def build(reference: str, progress: Progress) -> Engine:
    return ScriptedEngine(model=reference, adapters=[Adapter(f"of-{reference}")])


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Callable[..., tuple[Services, Source, Wired]]]:
    opened: list[Services] = []

    def make(*gone: str, model: str = "standard", free: int = 3 * GIB) -> tuple[Services, Source, Wired]:
        source = Source(gone)
        engine = LoadingEngine(build, model, fetch=source.fetch, otherwise=otherwise)
        store = Store(tmp_path / f"{len(opened)}.db")
        services = Services(engine, store, lambda request: str(request.owner), machine=Machine(2, free))
        opened.append(services)
        engine.start()
        return services, source, Wired(services)

    yield make
    for services in opened:
        services.close()


def until(held: Callable[[], object]) -> None:
    end = time.monotonic() + 20
    while not held():
        assert time.monotonic() < end
        time.sleep(0.01)


def of(updates: Updates, id: str) -> Any:
    return next(value for block, value in updates.items() if block.elem_id == id)


def here() -> Any:
    return as_("ann", "127.0.0.1")


def test_the_first_start_says_what_comes_and_offers_the_small_one(made: Callable[..., Any]) -> None:
    services, source, page = made()
    do = page.handlers(Handlers)
    until(lambda: services.engine.state().fraction)
    card = of(page.one(do.tick, "", "en", None, LAST, here(), *LAST), "by-card")
    for said in (f"{STANDARD.title} is on its way", "(491 MB)", "Python package index", "25 %", "123 MB of 491 MB"):
        assert said in card
    assert MEANWHILE in card
    stranger = of(page.one(do.tick, "", "en", None, LAST, as_("bob"), *LAST), "by-card")
    assert "25 %" in stranger
    assert MEANWHILE not in stranger

    refused = page.one(do.act, "en", as_("bob"), clicked(act="meanwhile"))
    assert "Only whoever runs this server" in of(refused, "by-notice")
    assert services.engine.stopgap is None
    page.one(do.act, "en", here(), clicked(act="meanwhile"))
    until(lambda: services.engine.stopgap and services.engine.stopgap.state.fraction)
    assert f"{SMALL.title} comes first" in of(page.one(do.tick, "", "en", None, LAST, here(), *LAST), "by-card")
    source.ready["small"].set()
    until(lambda: services.engine.present)
    updates = page.one(do.tick, "", "en", None, LAST, here(), *LAST)
    assert f"small answers. {STANDARD.title} takes over" in of(updates, "by-card")
    assert "small" in of(updates, "by-model")
    assert ("of-small", "of-small") in of(updates, "by-adapter")["choices"]

    source.ready["standard"].set()
    until(lambda: services.engine.reference == "standard" and services.engine.coming is None)
    updates = page.one(do.tick, "small", "en", None, LAST, as_("bob"), *LAST)
    assert of(updates, "by-card") == ""
    assert "standard" in of(updates, "by-model")
    for picker in ("by-adapter", "by-compare"):  # what was chosen belongs to the old model
        assert of(updates, picker)["value"] == ""
        assert ("of-standard", "of-standard") in of(updates, picker)["choices"]
    again = page.one(do.tick, "standard", "en", None, LAST, as_("bob"), *LAST)
    assert "by-model" not in [block.elem_id for block in again]  # nothing new: nothing is read again


@pytest.mark.parametrize(("free", "told"), [(GIB, True), (3 * GIB, False)])
def test_a_machine_with_little_memory_is_told_why(made: Callable[..., Any], free: int, told: bool) -> None:
    services, _, page = made(model="small", free=free)
    until(lambda: services.engine.state().fraction)
    card = of(page.one(page.handlers(Handlers).tick, "", "en", None, LAST, here(), *LAST), "by-card")
    assert ("1 GB of memory were free" in card) == told
    assert MEANWHILE not in card  # it is the one that comes


def test_another_model_than_the_one_asked_for_is_told_until_that_is_heard(made: Callable[..., Any]) -> None:
    services, source, page = made("large", model="large")
    do = page.handlers(Handlers)
    source.ready["standard"] = Event()
    source.ready["standard"].set()
    until(lambda: services.engine.present)
    said = of(page.one(do.look, "", "en", None, LAST, as_("bob"), *LAST), "by-card")
    assert f"standard answers, because {LARGE.title} could not be had." in said
    assert "No network here." in said
    assert "<button" not in said
    refused = page.one(do.act, "en", as_("bob"), clicked(act="heard"))
    assert "Only whoever" in of(refused, "by-notice")
    assert services.engine.instead
    assert of(page.one(do.act, "en", here(), clicked(act="heard")), "by-card") == ""


def test_a_model_that_could_not_take_over_is_told_until_that_is_heard(made: Callable[..., Any]) -> None:
    services, source, page = made("large", model="small")
    do = page.handlers(Handlers)
    source.ready.setdefault("small", Event()).set()
    until(lambda: services.engine.present)
    target = services.engine.switch("large")
    until(lambda: target.state.status == "failed")
    said = of(page.one(do.look, "", "zh", None, LAST, here(), *LAST), "by-card")
    assert f"{LARGE.title} 未能接替，仍由 small 回答。" in said
    assert of(page.one(do.act, "zh", here(), clicked(act="heard")), "by-card") == ""
    assert services.engine.coming is None


def test_a_conversation_whose_adapter_waits_for_another_model_opens_with_the_base(made: Callable[..., Any]) -> None:
    services, source, page = made(model="small")
    listed = page.handlers(Listed)
    source.ready.setdefault("small", Event()).set()
    until(lambda: services.engine.present)
    id = services.store.create("ann", title="Oak", system_prompt="", adapter="of-small")
    assert of(page.one(listed.act, None, "en", here(), clicked(act="open", id=id)), "by-adapter") == "of-small"
    source.ready.setdefault("standard", Event()).set()
    services.engine.switch("standard")
    until(lambda: services.engine.reference == "standard")
    assert of(page.one(listed.act, None, "en", here(), clicked(act="open", id=id)), "by-adapter") == ""
