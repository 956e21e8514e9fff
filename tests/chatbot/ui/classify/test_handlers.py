"""What the buttons of the sentiment tab change, without a browser."""

from pathlib import Path

import gradio as gr
import pytest

from chatbot.tasks.classify.kept import Outcome
from chatbot.tasks.classify.result import Result
from chatbot.ui.classify.handlers import Handlers
from tests.chatbot.ui.events import as_, clicked, handlers, last, steps


@pytest.fixture(scope="module")
def do(page: gr.Blocks) -> Handlers:
    return handlers(page, Handlers)


def test_a_text_is_judged_kept_reopened_and_removed_by_its_owner_alone(page: gr.Blocks, do: Handlers) -> None:
    tab, ada, bob = do._tab, as_("ada"), as_("bob")
    assert last(page, do.begin, "en")[tab.given.buttons.run]["visible"] is False
    judged = last(page, do.run, "text", "I love it", None, None, "", "", "en", ada)
    result = judged[tab.result]
    assert isinstance(result, Result)
    assert result.label in judged[tab.shown]
    assert "I love it" in judged[tab.given.past]
    assert judged[tab.notice] == ""
    assert last(page, tab.given.buttons.idle)[tab.given.buttons.run]["visible"] is True

    (id,) = (saved.id for saved in do._results("ada"))
    assert list(last(page, do.reopen, "en", bob, clicked(act="open", id=id))) == [tab.notice]
    last(page, do.reopen, "en", bob, clicked(act="remove", id=id))
    opened = last(page, do.reopen, "en", ada, clicked(act="open", id=id))
    assert opened[tab.result] == result
    assert opened[tab.download]["visible"] is False
    chinese = last(page, do.spoken, result, "zh", ada)
    assert result.label in chinese[tab.shown]
    assert "I love it" in chinese[tab.given.past]
    removed = last(page, do.reopen, "en", ada, clicked(act="remove", id=id))
    assert tab.result not in removed, "what is shown stays"
    assert "I love it" not in removed[tab.given.past]


def test_what_cannot_be_judged_is_told_and_nothing_is_shown(page: gr.Blocks, do: Handlers) -> None:
    tab = do._tab
    for source, labels, why in (("text", "", "empty"), ("text", "one", "at least two"), ("table", "", "Send a file")):
        refused = last(page, do.run, source, "", None, None, labels, "", "en", as_("ada"))
        assert why in refused[tab.notice]
        assert refused[tab.result] is None
        assert tab.given.past not in refused


def test_a_table_offers_its_columns_and_comes_back_with_labels(page: gr.Blocks, do: Handlers, tmp_path: Path) -> None:
    tab, path = do._tab, tmp_path / "reviews.csv"
    path.write_text("id,review\n1,I loved every scene of it\n2,bad\n", "utf-8")
    picked = last(page, do.pick, "table")
    given = (tab.given.typed, tab.given.about, tab.given.file, tab.given.column)
    assert [picked[part]["visible"] for part in given] == [False, False, True, True]
    opened = last(page, do.open, str(path), "en")
    assert opened[tab.given.column] == gr.update(choices=["id", "review"], value="review")
    assert "reviews.csv" in opened[tab.shown]
    shown = steps(page, do.run, "table", "", str(path), "review", "", "", "en", as_("ada"))
    assert isinstance(shown[-1][tab.result], Outcome)
    assert shown[-1][tab.download]["visible"] is True

    path.write_bytes(bytes(range(256)) * 9)
    for file, notice in ((str(path), "no CSV file"), (None, "")):
        emptied = last(page, do.open, file, "en")
        assert emptied[tab.given.column] == gr.update(choices=[], value=None)
        assert notice in emptied[tab.notice]
        assert emptied[tab.download]["visible"] is False
