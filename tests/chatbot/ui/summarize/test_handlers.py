"""What the buttons of the summary tab change, without a browser."""

import gradio as gr
import pytest

from chatbot.tasks.summarize.check import Summary
from chatbot.ui.summarize.examples import EXAMPLES
from chatbot.ui.summarize.handlers import Handlers
from tests.chatbot.ui.events import as_, clicked, handlers, last, steps


@pytest.fixture(scope="module")
def do(page: gr.Blocks) -> Handlers:
    return handlers(page, Handlers)


def test_a_text_is_summarized_kept_reopened_and_removed_by_its_owner_alone(page: gr.Blocks, do: Handlers) -> None:
    tab, ada, bob = do._tab, as_("ada"), as_("bob")
    begun = last(page, do.begin, "en")
    assert begun[tab.given.buttons.stop]["visible"] is True
    shown = steps(page, do.run, "text", EXAMPLES["report"], None, None, "short", "", "en", ada)
    assert all(list(step) == [tab.shown] for step in shown[:-1])
    summary = shown[-1][tab.summary]
    assert isinstance(summary, Summary)
    assert "by-chip" in shown[-1][tab.shown]
    assert shown[-1][tab.notice] == ""
    assert last(page, tab.given.buttons.idle)[tab.given.buttons.stop]["visible"] is False

    (saved,) = do._results("ada")
    assert saved.title in shown[-1][tab.given.past]
    assert list(last(page, do.reopen, "en", bob, clicked(act="open", id=saved.id))) == [tab.notice]
    last(page, do.reopen, "en", bob, clicked(act="remove", id=saved.id))
    opened = last(page, do.reopen, "en", ada, clicked(act="open", id=saved.id))
    assert opened[tab.summary] == summary
    assert tab.given.past not in opened
    assert saved.title in last(page, do.spoken, summary, "zh", ada)[tab.given.past]
    removed = last(page, do.reopen, "en", ada, clicked(act="remove", id=saved.id))
    assert tab.summary not in removed, "what is shown stays"
    assert saved.title not in removed[tab.given.past]


def test_a_number_shows_where_its_sentence_stands(page: gr.Blocks, do: Handlers) -> None:
    tab, ada = do._tab, as_("ada")
    *_, done = steps(page, do.run, "text", EXAMPLES["report"], None, None, "short", "", "en", ada)
    summary: Summary = done[tab.summary]
    where = last(page, do.act, summary, "en", ada, clicked(act="source", n="1"))
    assert "<mark>" in where[tab.where]
    nowhere = last(page, do.act, summary, "en", ada, clicked(act="source", n="x"))
    assert "<mark>" not in nowhere[tab.where]
    assert steps(page, do.act, summary, "en", ada, clicked(act="cite", id="1")) == [], "this page has no documents"


def test_what_cannot_be_summarized_is_told_and_nothing_is_shown(page: gr.Blocks, do: Handlers) -> None:
    tab = do._tab
    for source, adapter, why in (
        ("text", "", "nothing to summarize"),
        ("file", "", "Send a file"),
        ("library", "", "no documents here"),
        ("text", "nobody", "no adapter named nobody"),
    ):
        refused = last(page, do.run, source, "", None, None, "short", adapter, "en", as_("ada"))
        assert why in refused[tab.notice]
        assert refused[tab.summary] is None
        assert tab.given.past not in refused


def test_each_source_has_its_own_controls(page: gr.Blocks, do: Handlers) -> None:
    given = do._tab.given
    parts = {"typed": given.typed, "examples": given.about, "file": given.file, "documents": given.documents}
    for source, wanted in (("text", {"typed", "examples"}), ("file", {"file"}), ("library", {"documents"})):
        picked = last(page, do.pick, source)
        assert {name for name, part in parts.items() if picked[part]["visible"]} == wanted
    looked = last(page, do.look, ["gone"], "en", as_("ada"))
    assert looked[given.documents] == gr.update(choices=[], value=[])
