"""What the buttons of the summary tab change, without a browser."""

import gradio as gr
import pytest

from chatbot.tasks.summarize.check import Summary
from chatbot.ui.summarize.examples import EXAMPLES
from chatbot.ui.summarize.handlers import Handlers
from tests.chatbot.ui.wired import Wired, as_, clicked


@pytest.fixture(scope="module")
def do(page: Wired) -> Handlers:
    return page.handlers(Handlers)


def test_a_text_is_summarized_kept_reopened_and_removed_by_its_owner_alone(page: Wired, do: Handlers) -> None:
    tab, ada, bob = do._tab, as_("ada"), as_("bob")
    begun = page.one(do.begin, "en")
    assert begun[tab.given.buttons.stop]["visible"] is True
    shown = page.steps(do.run, "text", EXAMPLES["report"], None, None, "short", "paragraph", "", "", "", "en", ada)
    assert all(list(step) == [tab.shown] for step in shown[1:-1])
    summary = shown[-1][tab.summary]
    assert isinstance(summary, Summary)
    assert "by-chip" in shown[-1][tab.shown]
    assert shown[-1][tab.notice] == ""
    assert page.one(tab.given.buttons.idle)[tab.given.buttons.stop]["visible"] is False

    (saved,) = do._results("ada")
    assert saved.title in shown[-1][tab.given.past]
    assert list(page.one(do.reopen, "en", bob, clicked(act="open", id=saved.id))) == [tab.notice]
    page.one(do.reopen, "en", bob, clicked(act="remove", id=saved.id))
    opened = page.one(do.reopen, "en", ada, clicked(act="open", id=saved.id))
    assert opened[tab.summary] == summary
    assert tab.given.past not in opened
    assert saved.title in page.one(do.spoken, summary, "zh", ada)[tab.given.past]
    removed = page.one(do.reopen, "en", ada, clicked(act="remove", id=saved.id))
    assert tab.summary not in removed, "what is shown stays"
    assert saved.title not in removed[tab.given.past]


def test_a_number_shows_where_its_sentence_stands(page: Wired, do: Handlers) -> None:
    tab, ada = do._tab, as_("ada")
    *_, done = page.steps(do.run, "text", EXAMPLES["report"], None, None, "short", "paragraph", "", "", "", "en", ada)
    summary: Summary = done[tab.summary]
    where = page.steps(do.act, summary, "en", ada, clicked(act="source", n="1"))[-1]
    assert "<mark>" in where[tab.where]
    nowhere = page.steps(do.act, summary, "en", ada, clicked(act="source", n="x"))[-1]
    assert "<mark>" not in nowhere[tab.where]
    assert page.steps(do.act, summary, "en", ada, clicked(act="cite", id="1")) == [gr.skip()], (
        "this page has no documents"
    )


def test_what_cannot_be_summarized_is_told_and_nothing_is_shown(page: Wired, do: Handlers) -> None:
    tab = do._tab
    for source, adapter, why in (
        ("text", "", "nothing to summarize"),
        ("file", "", "Send a file"),
        ("library", "", "no documents here"),
        ("text", "nobody", "no adapter named nobody"),
    ):
        refused = page.steps(do.run, source, "", None, None, "short", "paragraph", "", "", adapter, "en", as_("ada"))[
            -1
        ]
        assert why in refused[tab.notice]
        assert refused[tab.summary] is None
        assert tab.given.past not in refused


def test_each_source_has_its_own_controls(page: Wired, do: Handlers) -> None:
    given = do._tab.given
    parts = {
        "typed": given.reading.typed,
        "examples": given.reading.about,
        "file": given.reading.file,
        "documents": given.reading.documents,
    }
    for source, wanted in (("text", {"typed", "examples"}), ("file", {"file"}), ("library", {"documents"})):
        picked = page.one(do._tab.given.reading.pick, source)
        assert {name for name, part in parts.items() if picked[part]["visible"]} == wanted
    looked = page.one(do.look, ["gone"], "en", as_("ada"))
    assert looked[given.reading.documents] == gr.update(choices=[], value=[])
