"""What the buttons of the extraction tab change, without a browser."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatbot.engine.loading import LoadingEngine
from chatbot.engine.scripted import ScriptedEngine
from chatbot.store.store import Store
from chatbot.tasks.extract.fields import parse
from chatbot.tasks.extract.record import Extraction
from chatbot.ui.extract.examples import EXAMPLES
from chatbot.ui.extract.handlers import Handlers
from chatbot.ui.extract.render import OWN, ROWS, TEMPLATES, extraction, source
from chatbot.ui.services import Services
from chatbot.ui.strings.words import languages, text
from tests.chatbot.ui.wired import Wired, as_, clicked

TEXT = "Ann <b>Berg</b> works at Volvo.\nBo Ek works at Saab."
REPLY = json.dumps([{"who": "Ann <b>Berg</b>", "firm": "Volvo"}, {"who": "Bo Ek", "firm": "Saab"}, {"who": "Eve"}])


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wired]:
    engine = LoadingEngine(lambda *_: ScriptedEngine(lambda messages: REPLY), "scripted")
    store = Store(tmp_path_factory.mktemp("store") / "b.db")
    engine.start()
    assert engine.wait(20)
    yield Wired(Services(engine, store, lambda request: str(request.owner)))
    engine.close()
    store.close()


@pytest.fixture(scope="module")
def do(page: Wired) -> Handlers:
    return page.handlers(Handlers)


def test_a_table_is_made_kept_reopened_and_removed_by_its_owner_alone(page: Wired, do: Handlers) -> None:
    tab, ada, bob = do._tab, as_("ada"), as_("bob")
    assert page.one(do.begin, "en")[tab.given.buttons.run]["visible"] is False
    made = page.steps(do.run, "text", TEXT, None, None, "who, firm", "many", "", "en", ada)[-1]
    found = made[tab.result]
    assert isinstance(found, Extraction)
    assert "<b>" not in made[tab.shown] + made[tab.where], "what a text says is no part of the page"
    assert re.findall(r'data-n="(\d)"', made[tab.shown]) == list("1234")
    assert "1 value that the model named" in made[tab.shown]
    assert made[tab.where].count("<mark>") == 4
    assert page.one(do.act, found, "en", clicked(act="source", n="3"))[tab.where].count("<mark>") == 1
    assert page.one(tab.given.buttons.idle)[tab.given.buttons.run]["visible"] is True

    (id,) = (saved.id for saved in do._results("ada"))
    assert list(page.one(do.reopen, "en", bob, clicked(act="open", id=id))) == [tab.notice]
    opened = page.one(do.reopen, "en", ada, clicked(act="open", id=id))
    assert opened[tab.result] == found
    removed = page.one(do.reopen, "en", ada, clicked(act="remove", id=id))
    assert tab.result not in removed, "what is shown stays"
    assert do._results("ada") == []


def test_the_fields_of_the_last_time_are_there_again_for_their_owner_alone(page: Wired, do: Handlers) -> None:
    given = do._tab.given
    page.steps(do.run, "text", TEXT, None, None, "who, firm", "one", "", "en", as_("cy"))
    again = page.one(do.arrive, as_("cy"))
    assert (again[given.fields], again[given.rows], again[given.template]["value"]) == ("who, firm", "one", "own")
    assert page.one(do.arrive, as_("dee", accept_language="zh"))[given.fields] == text("ext_fields_people", "zh")


def test_templates_fill_the_fields_and_follow_the_language(page: Wired, do: Handlers) -> None:
    given = do._tab.given
    for name, rows in TEMPLATES.items():
        chosen = page.one(do.choose, name, "en")
        assert chosen[given.rows] == rows
        spoken = page.one(do.spoken, None, name, chosen[given.fields], "zh", as_("ada"))
        assert spoken[given.fields] == text(f"ext_fields_{name}", "zh")
        kinds = [[field.kind for field in parse(text(f"ext_fields_{name}", language))] for language in languages()]
        assert all(one == kinds[0] for one in kinds), "what a kind is called in each language of the page is known"
    kept = page.one(do.spoken, None, "invoice", "mine", "zh", as_("ada"))
    assert kept[given.fields] == {"__type__": "update"}


def test_what_cannot_be_read_is_told_and_nothing_is_shown(page: Wired, do: Handlers, tmp_path: Path) -> None:
    tab = do._tab
    cases = (
        ("text", "", "a", "nothing to read"),
        ("text", "x", "", "at least one field"),
        ("file", "", "a", "Send a file"),
    )
    for where, typed, fields, why in cases:
        refused = page.steps(do.run, where, typed, None, None, fields, "many", "", "en", as_("ada"))[-1]
        assert why in refused[tab.notice]
        assert refused[tab.result] is None
    picked = page.one(do._tab.given.reading.pick, "file")
    assert [picked[part]["visible"] for part in (tab.given.reading.typed, tab.given.reading.file)] == [False, True]


def test_a_file_is_read_and_its_name_and_pages_are_told(page: Wired, do: Handlers, tmp_path: Path) -> None:
    path = tmp_path / "people.txt"
    path.write_text("x " * 4000 + TEXT, "utf-8")
    made = page.steps(do.run, "file", "", str(path), None, "who, firm", "many", "", "en", as_("eve"))[-1]
    found = made[do._tab.result]
    assert found.texts[0].name == "people.txt"
    shown = source(found, 1, "en")
    assert "people.txt" in shown
    assert shown.count("… ") == 1, "the text around the value, not all of it"
    assert 'download="table.xlsx"' in extraction(found, "zh")


def test_examples_have_fields_that_can_be_read(do: Handlers) -> None:
    assert len(do._tab.given.reading.examples) == len(EXAMPLES)
    for _, template, fields, rows in EXAMPLES.values():
        assert (template, rows in ROWS) == (OWN, True)
        assert len(parse(fields)) > 2
