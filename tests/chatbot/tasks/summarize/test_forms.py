"""The forms of a summary: minutes are found in the text, a focus is kept to, questions and languages are added to what was checked."""

from collections.abc import Sequence

import pytest

from chatbot.common.errors import InputError
from chatbot.engine.models.catalogue import STANDARD
from chatbot.engine.scripted import ScriptedEngine
from chatbot.tasks.summarize.check import held
from chatbot.tasks.summarize.focus import focused
from chatbot.tasks.summarize.forms import due, mark_of, who
from chatbot.tasks.summarize.text import of_typed
from chatbot.types import Message
from chatbot.ui.summarize import render
from chatbot.ui.summarize.examples import EXAMPLES
from tests.chatbot.tasks.summarize.test_work import REPORT, finished, says

pytestmark = pytest.mark.slow

MEETING = (
    "The board met on 3 May. It was decided to repaint the hall in June. Maria Lindqvist will ask three painters for offers by 20 May. "
    "The old chairs were given away in April. Who keeps the key of the shed? The treasurer must send the accounts to all before Friday."
)


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("It was decided to repaint the hall.", "decision"), ("We agreed on Friday.", "decision"), ("The council approved the budget.", "decision"),
        ("Maria will ask three painters.", "task"), ("The treasurer must send the accounts.", "task"), ("Please bring the keys.", "task"),
        ("Who keeps the key?", "open"), ("The old chairs were given away in April.", ""), ("The hall has two doors.", ""),
        ("会议决定六月粉刷大厅。", "decision"), ("王芳负责联系三家公司。", "task"), ("谁保管钥匙？", "open"), ("大厅有两扇门。", ""),
        ("Tom to call the bank tomorrow.", "task"), ("- Ann and Ben to order chairs", "task"), ("Welcome to the meeting.", ""), ("Thanks to all.", ""),
        ("Paris to London takes two hours.", ""), ("王芳：下周一我把合同发给大家。", "task"), ("昨天我把合同发给大家了。", ""),
        ("Se acordó pintar la sala.", "decision"), ("Ana debe enviar las cuentas.", "task"),
    ],
)  # fmt: skip
def test_what_a_sentence_is_in_minutes(text: str, mark: str) -> None:
    assert mark_of(text) == mark


@pytest.mark.parametrize(
    ("text", "name", "day"),
    [
        ("Maria Lindqvist will ask three painters by 20 May.", "Maria Lindqvist", "20 May"),
        ("Ben: I can pay with my card before Friday.", "Ben", "Friday"),
        ("The accounts are due 2024-05-31.", "", "2024-05-31"),
        ("王芳负责在6月5日前联系三家公司。", "王芳", "6月5日"),
        ("李明：我下周三前把合同发给大家。", "李明", "下周三"),
        ("Tom to call the bank tomorrow.", "Tom", "tomorrow"),
        ("王芳：下周一我把合同发给大家。", "王芳", "下周一"),
        ("The hall will be painted.", "", ""),
    ],
)
def test_who_does_it_until_when(text: str, name: str, day: str) -> None:
    assert (who(text), due(text)) == (name, day)


def test_minutes_hold_the_decisions_and_tasks_of_the_text() -> None:
    found = finished(says("nothing that is in it"), of_typed(MEETING * 2), length="short", form="minutes")
    marks = {line.text: line.mark for line in found.sentences}
    assert marks["It was decided to repaint the hall in June."] == "decision"
    assert marks["Who keeps the key of the shed?"] == "open"
    assert marks["Maria Lindqvist will ask three painters for offers by 20 May."] == "task"
    assert all(line.verdict == "supported" and line.citations for line in found.sentences)
    html = render.summary(found, "en")
    assert "Decisions" in html and "Maria Lindqvist · until 20 May" in html
    assert "### Decisions" in render.as_markdown(found, "en")


def test_a_focus_keeps_to_what_is_asked() -> None:
    asked: list[str] = []

    def reply(messages: Sequence[Message]) -> str:
        asked.append(messages[-1].content)
        return "The bees stay."

    found = finished(says(reply), of_typed(REPORT), length="short", focus="What about the bees and the trees?")
    assert found.focus and not found.apart
    assert any("bees" in line.text or "trees" in line.text for line in found.sentences)
    assert all("What about the bees" in prompt for prompt in asked)
    near, stands = focused(of_typed(REPORT), "cider press juice", None)
    assert stands and near.words < of_typed(REPORT).words
    assert "Cider press" in {section.title for section in near.sections}
    assert focused(of_typed(REPORT), "蜂蜜", None)[1] is False
    apart = finished(says("x"), of_typed(REPORT), length="short", focus="volcanoes")
    assert "No word of “volcanoes”" in render.summary(apart, "en")


def test_each_sentence_answers_a_question() -> None:
    def reply(messages: Sequence[Message]) -> str:
        return (
            "1. When was the press overhauled?"
            if "question" in messages[0].content
            else "The press was overhauled in March."
        )

    found = finished(says(reply, STANDARD.traits), of_typed(REPORT), length="short", form="questions")
    assert found.sentences and all(line.lead in ("When was the press overhauled?", "") for line in found.sentences)
    assert any(line.lead for line in found.sentences)
    assert "<strong>When was the press overhauled?</strong>" in render.summary(found, "en")
    assert "**When was the press overhauled?**" in render.as_markdown(found, "en")


def test_another_language_is_translated_after_the_check() -> None:
    def reply(messages: Sequence[Message]) -> str:
        if messages[0].content.startswith("Translate"):
            return messages[-1].content.upper()
        return "The press was overhauled in March for 9,400 euros."

    found = finished(says(reply, STANDARD.traits), of_typed(REPORT), length="short", into="fr")
    assert all(line.text == line.original.upper() and line.verdict == "supported" for line in found.sentences)
    same = finished(says(reply, STANDARD.traits), of_typed(REPORT), length="short", into="en")
    assert not any(line.original for line in same.sentences)


@pytest.mark.parametrize("form", ["paragraph", "bullets", "points", "minutes", "questions"])
def test_every_form_says_the_same_sentences(form: str) -> None:
    found = finished(
        says("The press was overhauled in March."), of_typed(EXAMPLES["report"]), length="short", form=form
    )
    html, plain = render.summary(found, "en"), render.as_markdown(found, "en")
    for line in found.sentences:
        assert " ".join(line.text.split())[:40] in plain
        assert line.text[:20] in html
    assert ("<ul>" in html.partition("by-result-foot")[0]) is (form in ("bullets", "points", "minutes"))
    assert type(found).from_dict(found.to_dict()) == found


def test_a_form_that_there_is_not_is_refused() -> None:
    with pytest.raises(InputError) as refused:
        finished(ScriptedEngine(), of_typed(REPORT), form="poem")
    assert refused.value.kind == "summary_form"


@pytest.mark.parametrize("said", ["The document is a text file.", "This text is a document.", "该文档是一个文本文件。"])
def test_what_a_text_is_as_a_file_is_no_summary(said: str) -> None:
    passages = of_typed("The document is a text file about pears. 该文档是一个文本文件。 " + REPORT).passages
    assert held(said, 0, passages) == []
