"""Which adapters the chat offers, which a tab does, and what the tab says of who answers."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from chatbot.engine.loading import LoadingEngine
from chatbot.engine.scripted import ScriptedEngine
from chatbot.store.store import Store
from chatbot.types import Adapter, Message
from chatbot.ui.adapters import offered as adapters
from chatbot.ui.adapters.handlers import Handlers as Adapters
from chatbot.ui.adapters.handlers import _ready
from chatbot.ui.adapters.measured import Measured, Taught
from chatbot.ui.adapters.picker import BARE, choices, chosen
from chatbot.ui.adapters.render import Card, cards
from chatbot.ui.chat.list.handlers import Handlers as Listed
from chatbot.ui.services import Services
from chatbot.ui.summarize.handlers import Handlers as Summaries
from chatbot.ui.translate.handlers import Handlers as Translations
from tests.chatbot.ui.wired import Wired, as_, clicked

SHIPPED = [Adapter(name, task=name, details={}) for name in ("answer", "sentiment", "summarize")]
PIRATE, PLAIN = Adapter("pirate", task="chat"), Adapter("plain")
REVIEWS = Adapter("reviews", task="sentiment", owner="ada")
TEXT = "The oak stands at the gate of the old park. " * 40

Made = Callable[[Sequence[Adapter]], Services]


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Made]:
    with ExitStack() as over:

        def services(known: Sequence[Adapter]) -> Services:
            engine = LoadingEngine(lambda *_: ScriptedEngine(lambda asked: "Said.", model="tree", adapters=known), "x")
            engine.start()
            assert engine.wait(20)
            store = Store(tmp_path / "banyan.db")
            over.callback(engine.close)
            over.callback(store.close)
            return Services(engine, store, lambda request: str(request.owner))

        yield services


def test_the_chat_does_not_offer_the_adapters_of_tasks(made: Made) -> None:
    services = made([*SHIPPED, PIRATE, PLAIN, REVIEWS])
    assert [name for _, name in adapters.choices(services, "ada", "en")] == ["", "pirate", "plain"]
    assert [name for _, name in adapters.compare_choices(services, "ada", "en")][2:] == ["pirate", "plain"]
    origins = [name for _, name in adapters.origins(services, "ada", "en")]
    assert origins == ["", *(adapter.name for adapter in [*SHIPPED, PIRATE, PLAIN, REVIEWS])]


def test_a_conversation_that_had_the_adapter_of_a_task_opens_with_the_base(made: Made) -> None:
    services = made([*SHIPPED, PIRATE])
    page = Wired(services)
    do = page.handlers(Listed)
    for adapter, shown in (("answer", ""), ("pirate", "pirate"), ("gone", "")):
        id = services.store.create("ada", title="Eggs", system_prompt="", adapter=adapter)
        assert page.one(do.act, None, "en", as_("ada"), clicked(act="open", id=id))[do._bar.adapter] == shown


def test_a_tab_says_who_answers_and_offers_who_else_could(made: Made) -> None:
    services = made([*SHIPPED, PIRATE, PLAIN, REVIEWS])
    assert choices(services, "ada", "sentiment", "en") == [
        ("sentiment", ""),
        ("None: bare model", BARE),
        ("plain", "plain"),
        ("reviews", "reviews"),
    ]
    assert [name for _, name in choices(services, "eve", "sentiment", "en")] == ["", BARE, "plain"]
    assert choices(services, "eve", "translate", "en")[0] == ("None: bare model", "")


def test_a_tab_without_an_adapter_says_so(made: Made) -> None:
    services = made([PIRATE])
    assert choices(services, "ada", "answer", "en") == [("None: bare model", "")]
    assert choices(services, "ada", "answer", "zh") == [("无：仅用基础模型", "")]


@pytest.mark.parametrize(("value", "asked"), [("", None), (None, None), (BARE, ""), ("reviews", "reviews")])
def test_what_was_picked_is_what_the_task_hears(value: str | None, asked: str | None) -> None:
    assert chosen(value) == asked


@pytest.mark.parametrize(("value", "used"), [("", "summarize"), (BARE, None), ("plain", "plain")])
def test_a_summary_is_written_by_whom_the_tab_names(made: Made, value: str, used: str | None) -> None:
    services = made([*SHIPPED, PLAIN])
    page = Wired(services)
    do = page.handlers(Summaries)
    page.steps(do.run, "text", TEXT, None, None, "short", "paragraph", "", "", value, "en", as_("ada"))
    engine: Any = services.engine.present
    assert {request.adapter for request in engine.requests} == {used}


@pytest.mark.parametrize(("value", "used"), [("", "translate"), (BARE, None)])
def test_a_translation_is_made_by_whom_the_tab_names(made: Made, value: str, used: str | None) -> None:
    services = made([Adapter("translate", task="translate", details={"languages": "en-fr"})])
    page = Wired(services)
    do = page.handlers(Translations)
    who = "".join(str(shown) for shown in page.one(do.who, "en", "fr", value, "en", as_("ada")).values())
    assert ("tree + translate" in who) == (used is not None)
    page.steps(do.run, "Good morning.", "en", "fr", "", value, "", "en", as_("ada"))
    engine: Any = services.engine.present
    assert [request.adapter for request in engine.requests] == [used]
    assert engine.requests[0].messages[-1] == Message("user", "Good morning.")


def test_the_picker_keeps_what_is_still_there(made: Made) -> None:
    services = made([*SHIPPED, REVIEWS])
    look = of_picker(services, "look")
    for given, kept in (("reviews", "reviews"), (BARE, BARE), ("gone", "")):
        assert look(given, "en", as_("ada"))["value"] == kept


def test_the_cards_of_adapters_stand_under_what_they_are_for() -> None:
    table = cards([Card(adapter) for adapter in (PIRATE, *SHIPPED, PLAIN, REVIEWS)], "en")
    order = ["For Documents", "answer", "For Summarize", "summarize", "For Classify", "reviews", "sentiment"]
    places = [table.index(f">{name}<") for name in [*order, "For Chat", "pirate", "plain"]]
    assert places == sorted(places)
    assert table.count("<h3") == 4


def test_where_an_added_adapter_can_be_chosen_is_said() -> None:
    assert "above the chat" in _ready(PIRATE, "en")
    assert "tab Classify" in _ready(REVIEWS, "en")
    assert "“分类”标签页" in _ready(REVIEWS, "zh")


def test_a_card_says_what_it_is_for_and_shows_before_and_after() -> None:
    better = Taught(1200, Measured("rouge_l", 0.25, 0.5, 40))
    shown = cards([Card(PIRATE, better)], "en")
    assert "1,200 examples" in shown
    assert [width in shown for width in ("width:25%", "width:50%", "25 %", "50 %")] == [True] * 4
    worse = cards([Card(PIRATE, Taught(None, Measured("loss", 2.0, 4.0, 40)))], "en")
    assert [said in worse for said in ("width:50%", "width:100%", "2.00", "4.00", "less is better")] == [True] * 5
    for language in ("en", "zh", "es"):
        said = [cards([Card(adapter)], language) for adapter in (*SHIPPED, PIRATE)]
        assert len(set(said)) == len(said)


def test_use_leads_to_where_an_adapter_answers(made: Made) -> None:
    services = made([*SHIPPED, PIRATE, REVIEWS])
    page = Wired(services)
    do = page.handlers(Adapters)

    def pressed(act: str, id: str, who: str = "ada") -> dict[str, Any]:
        updates = page.one(do.act, "", "en", as_(who), clicked(act=act, id=id))
        return {str(getattr(part, "elem_id", None) or part): value for part, value in updates.items()}

    chat = pressed("compare", "pirate")
    assert (chat["by-adapter"]["value"], chat["by-compare"]["value"]) == ("pirate", "=base")
    assert chat["by-tabs"]["selected"] == "chat"
    assert "value" not in pressed("use", "pirate")["by-compare"]
    assert pressed("use", "answer")["by-tabs"]["selected"] == "documents"
    take = of_picker(services, "take")
    assert take(("reviews", 1.0), "en", as_("ada"))["value"] == "reviews"
    assert take(("sentiment", 1.0), "en", as_("ada"))["value"] == ""
    for other in (("summarize", 1.0), ("gone", 1.0), None):
        assert "value" not in take(other, "en", as_("ada"))
    assert "value" not in take(("reviews", 1.0), "en", as_("eve")), "it is Ada's"
    assert "no adapter" in pressed("use", "reviews", "eve")["by-adapter-notice"]
    assert "tab of its own" in pressed("compare", "answer")["by-adapter-notice"]


def of_picker(services: Services, name: str) -> Any:
    """That handler of the picker of Classify."""
    (found,) = {
        event.fn
        for event in Wired(services)._events
        if [output.elem_id for output in event.outputs] == ["by-sen-adapter"] and event.fn.__name__ == name
    }
    return found
