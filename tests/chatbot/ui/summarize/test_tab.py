"""The summary tab without a browser: what is shown, to whom, and that nothing said in a text becomes part of the page."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from chatbot.engine.models.catalogue import SMALL
from chatbot.engine.scripted import ScriptedEngine
from chatbot.store.store import SavedResult, Store
from chatbot.tasks.summarize.check import Summary
from chatbot.tasks.summarize.prompt import SYSTEM, messages
from chatbot.tasks.summarize.text import of_typed
from chatbot.tasks.summarize.work import Working, summarize
from chatbot.types import Traits
from chatbot.ui.parts import render_task
from chatbot.ui.strings.words import Language, languages
from chatbot.ui.summarize import render as render_summarize
from chatbot.ui.summarize.api import said
from chatbot.ui.summarize.examples import EXAMPLES
from finetune.evaluate import summarize as evaluate_summarize

EVIL = '<img src=x onerror="alert(1)"><script>alert(2)</script>'


class Tags(HTMLParser):
    """The names of all elements and attributes, and where links lead."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links |= {value or "" for name, value in attrs if name in ("href", "src")}


def given(text: str, reply: str = "Bananas grow on the moon today.", traits: Traits = SMALL.traits) -> Summary:
    engine = ScriptedEngine(lambda messages: reply, model="oak", traits=traits, context_window=8192)
    *_, last = summarize(engine, of_typed(text))
    assert isinstance(last, Summary)
    return last


@pytest.mark.parametrize("language", languages())
def test_nothing_said_becomes_part_of_the_page(language: Language) -> None:
    evil = f"# {EVIL}\n\nIt says {EVIL} here and there about the old orchard. " * 3 + "\n\n" + EXAMPLES["report"]
    summary = given(evil, f"{EVIL} [x](https://evil.example/y) grows on the moon today.", Traits())
    saved = SavedResult(EVIL, EVIL, 0.0, {})
    shown = "".join(
        (
            render_summarize.summary(summary, language),
            render_task.past("sum", [saved], lambda one: EVIL, language),
            render_summarize.working(Working(1, 2, 1, 0, summary.sections), language),
            *(render_summarize.source(summary, n, language) for n in range(len(summary.citations) + 2)),
        )
    )
    page = Tags(shown)
    assert not page.tags & {"img", "script", "iframe"}
    assert not {name for name in page.attributes if name.startswith("on")}
    assert all(link.startswith("data:text/markdown") for link in page.links)


def test_every_sentence_has_a_number_that_shows_where_it_stands() -> None:
    summary = given(EXAMPLES["report"])
    html = render_summarize.summary(summary, "en")
    chips = re.findall(r'<button[^>]*by-chip[^>]*data-n="(\d+)"', html)
    assert {int(n) for n in chips} == {citation.n for citation in summary.citations}
    assert all(f'aria-label="Source {n}"' in html for n in set(chips))
    for citation in summary.citations:
        shown = render_summarize.source(summary, citation.n, "en")
        marked = re.search(r"<mark>(.*?)</mark>", shown, re.DOTALL)
        assert marked
        assert "".join(marked[1].split()) == "".join(citation.quote.split())


def test_what_kind_of_summary_it_is_is_said_in_words() -> None:
    html = render_summarize.summary(given(EXAMPLES["chinese"]), "en")
    assert "was not made for Chinese (simplified)" in html
    assert "并非为简体中文训练" in render_summarize.summary(given(EXAMPLES["chinese"]), "zh")
    marked = render_summarize.summary(given(EXAMPLES["report"], traits=Traits()), "en")
    assert ">not supported</span>" not in marked
    assert "in quotation marks: the text&#x27;s own sentences" in marked
    mixed = render_summarize.summary(given(EXAMPLES["report"], "The press was bought in Kivik in 2011."), "en")
    assert "in quotation marks: the text&#x27;s own sentences" in mixed
    assert "<q>" in mixed
    assert "Left out: " in render_summarize.summary(given(EXAMPLES["report"]), "en")


def test_a_length_that_whole_sentences_cannot_keep_is_said() -> None:
    clause = "果园由林玛丽于一九九八年在湖边建立以后"
    lone = given(clause * 6 + "占地十四公顷。")
    assert lone.size == lone.words
    assert f"these are {lone.size} words, not {lone.wanted}" in render_summarize.summary(lone, "en")
    assert "cannot be put together" not in render_summarize.summary(given(EXAMPLES["chinese"]), "en")
    short = render_summarize.summary(given("果园占地十四公顷。今年收成很好。"), "en")
    assert "short already" in short
    assert "wanted" not in short


def test_the_file_has_the_sentences_the_sections_and_the_sources() -> None:
    summary = given(EXAMPLES["report"])
    file = render_summarize.as_markdown(summary, "en")
    assert file.startswith("# Summarize: ")
    assert all(f"- **{one.title}**: " in file for one in summary.sections)
    assert all(f"\n[{citation.n}] " in file for citation in summary.citations)


def test_saved_summaries_are_their_owners_and_come_back_whole(tmp_path: Path) -> None:
    store = Store(tmp_path / "banyan.db")
    summary = given(EXAMPLES["report"])
    store.add_result("ada", "summarize", "Orchard", summary.to_dict())
    (saved,) = store.results("ada", "summarize")
    assert Summary.from_dict(saved.result) == summary
    assert store.results("eve", "summarize") == []
    store.close()


def test_the_api_has_the_promised_shape() -> None:
    record = said(given(EXAMPLES["report"]))
    assert json.loads(json.dumps(record)) == record
    assert {"summary", "sections", "sentences", "citations"} <= set(record)
    assert [one["title"] for one in record["sections"]] == ["Harvest", "Cider press", "People", "Plans"]
    assert all({"title", "summary", "start", "end"} <= set(one) for one in record["sections"])
    assert record["summary"].split()


def test_the_score_of_summaries_uses_the_tasks_own_prompt() -> None:
    system, user = messages("A text.", 40)
    assert system.content == SYSTEM == evaluate_summarize.SYSTEM
    assert user.content == evaluate_summarize.ORDER.format(text="A text.", words=40)


def test_summaries_are_scored_against_the_nearest_reference(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [
        {
            "text": "The cat sat on the mat. It slept.",
            "summary": ["A cat sat.", "The cat sat on the mat."],
            "mine": "The cat sat on the mat.",
        },
        {"text": "今天天气好。我们去公园。", "summary": "今天天气好。", "mine": "今天天气好。"},
    ]
    data = tmp_path / "pairs.jsonl"
    data.write_text("\n".join(json.dumps(row) for row in rows), "utf-8")
    assert evaluate_summarize.main(["--data", str(data), "--answers", "mine"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {name: one["score"] for name, one in told["scores"].items()} == {
        "rouge_1": 1.0,
        "rouge_2": 1.0,
        "rouge_l": 1.0,
    }
    assert evaluate_summarize.main(["--data", str(data), "--columns", "nope", "summary", "--answers", "mine"]) == 2
