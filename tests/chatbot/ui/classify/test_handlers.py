"""What the buttons of the sentiment tab change, without a browser."""

import json
from pathlib import Path

import gradio as gr
import pytest

from chatbot.tasks.classify.result import Result
from chatbot.tasks.classify.tables.kept import Outcome
from chatbot.ui.classify.handlers import Handlers
from chatbot.ui.classify.render_rows import named
from chatbot.ui.classify.teach import TeachHandlers
from chatbot.ui.finetune import corrections
from chatbot.ui.services import Services
from tests.chatbot.ui.wired import Wired, as_, clicked


@pytest.fixture(scope="module")
def do(page: Wired) -> Handlers:
    return page.handlers(Handlers)


def test_a_text_is_judged_kept_reopened_and_removed_by_its_owner_alone(page: Wired, do: Handlers) -> None:
    tab, ada, bob = do._tab, as_("ada"), as_("bob")
    assert page.one(do.begin, "en")[tab.given.buttons.run]["visible"] is False
    judged = page.steps(do.run, "text", "I love it", None, None, "", [], "", "en", ada)[-1]
    result = judged[tab.result]
    assert isinstance(result, Result)
    assert result.label in judged[tab.shown]
    assert "I love it" in judged[tab.given.past]
    assert judged[tab.notice] == ""
    assert page.one(tab.given.buttons.idle)[tab.given.buttons.run]["visible"] is True

    (id,) = (saved.id for saved in do._results("ada"))
    assert list(page.one(do.reopen, "en", bob, clicked(act="open", id=id))) == [tab.notice]
    page.one(do.reopen, "en", bob, clicked(act="remove", id=id))
    opened = page.one(do.reopen, "en", ada, clicked(act="open", id=id))
    assert opened[tab.result] == result
    assert opened[tab.download]["visible"] is False
    chinese = page.one(do.spoken, result, "zh", ada)
    assert named(result.label, "zh") in chinese[tab.shown]
    assert "I love it" in chinese[tab.given.past]
    removed = page.one(do.reopen, "en", ada, clicked(act="remove", id=id))
    assert tab.result not in removed, "what is shown stays"
    assert "I love it" not in removed[tab.given.past]


def test_what_cannot_be_judged_is_told_and_nothing_is_shown(page: Wired, do: Handlers) -> None:
    tab = do._tab
    for source, labels, why in (("text", "", "empty"), ("text", "one", "at least two"), ("table", "", "Send a file")):
        refused = page.steps(do.run, source, "", None, None, labels, [], "", "en", as_("ada"))[-1]
        assert why in refused[tab.notice]
        assert refused[tab.result] is None
        assert tab.given.past not in refused


def test_a_table_offers_its_columns_and_comes_back_with_labels(page: Wired, do: Handlers, tmp_path: Path) -> None:
    tab, path = do._tab, tmp_path / "reviews.csv"
    path.write_text("id,review\n1,I loved every scene of it\n2,bad\n", "utf-8")
    picked = page.one(do.pick, "table")
    given = (tab.given.typed, tab.given.about, tab.given.file, tab.given.column)
    assert [picked[part]["visible"] for part in given] == [False, False, True, True]
    opened = page.one(do.open, str(path), "en")
    assert opened[tab.given.column] == gr.update(choices=["id", "review"], value="review")
    assert "reviews.csv" in opened[tab.shown]
    shown = page.steps(do.run, "table", "", str(path), "review", "", [], "", "en", as_("ada"))
    assert isinstance(shown[-1][tab.result], Outcome)
    assert shown[-1][tab.download]["visible"] is True

    path.write_bytes(bytes(range(256)) * 9)
    for file, notice in ((str(path), "no CSV file"), (None, "")):
        emptied = page.one(do.open, file, "en")
        assert emptied[tab.given.column] == gr.update(choices=[], value=None)
        assert notice in emptied[tab.notice]
        assert emptied[tab.download]["visible"] is False


def test_corrected_labels_of_a_table_are_offered_to_a_fine_tune_of_their_owner(
    page: Wired, do: Handlers, services: Services, tmp_path: Path
) -> None:
    tab, path, box = do._tab, tmp_path / "mails.csv", do._tab.teach
    path.write_text("mail\npay me back please\nwhere is my parcel\n", "utf-8")
    labels = "refund\ndelivery"
    done = page.steps(do.run, "table", "", str(path), "mail", labels, [], "", "en", as_("ada"))[-1]
    assert done[box.box]["visible"] is True and "refund, delivery" in done[box.about]
    rows = [[text, "delivery" if "parcel" in text else "refund"] for text, _ in done[box.table]["value"]]
    teach = page.handlers(TeachHandlers)
    kept = page.one(teach.keep, done[tab.result], rows, "en", as_("ada"))
    assert "2 rows were kept" in kept[box.said]
    wrong = page.one(teach.keep, done[tab.result], [["x", "nonsense"]], "en", as_("ada"))
    assert "none of the labels" in wrong[box.said]
    data = corrections.labels(services, "ada")
    said = [json.loads(line)["messages"][-1]["content"] for line in data.path.read_text("utf-8").splitlines()]
    assert sorted(said) == ["delivery", "refund"]
    assert corrections.labels(services, "bob").path.read_text("utf-8") == ""
    assert page.one(do.open, None, "en")[box.box]["visible"] is False
