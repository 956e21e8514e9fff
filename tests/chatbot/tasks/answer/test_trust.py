"""How likely an answer is right: the figures, what is shown of them, and for which weights they were fitted."""

from dataclasses import replace
from math import log
from pathlib import Path

import pytest

from chatbot.engine.adapters.shipped import FOLDER
from chatbot.tasks.answer import trust as answer_trust
from chatbot.tasks.answer import work as answer
from chatbot.tasks.answer.check import Answer, Found, Source, checked
from chatbot.tasks.answer.trust import FIGURES, Likely, Trust
from chatbot.types import Adapter
from chatbot.ui.documents import render_answers
from chatbot.ui.documents.api import said
from retrieval.checks.gate import Judgement, Model
from retrieval.types import Document, Hit, Passage

SALES = "Net sales by category: iPhone $ 39,669. Mac $ 6,840. Total net sales $ 81,797. Services were strong."
WORDS_ALONE = Trust(Model(FIGURES, (0.0,) * 3, (1.0,) * 3, (1.0, 0.0, 0.0), 0.0, 0.5), 100)
SHIPPED = Adapter("answer", path=str(FOLDER / "small" / "answer"))


def found() -> Found:
    passage = Passage(1, 0, len(SALES), SALES, document="d1")
    document = Document("d1", "ada", "report.txt", "text", 9, "", "indexed")
    return Found(
        "What were the net sales of iPhone?", (Source(Hit(passage, 1.0), document),), Judgement(True, 0.9, 0.5, "")
    )


def given(probability: float, text: str = "$81,797") -> Answer:
    return checked(text, found(), trust=WORDS_ALONE, nats=log(probability))


@pytest.mark.parametrize("probability", [0.2, 0.9])
def test_a_doubted_answer_says_so_and_the_documents_speak(probability: float) -> None:
    shown = given(probability)
    assert shown.sentences[0].verdict == "supported"
    assert shown.likely
    assert shown.likely.probability == pytest.approx(probability)
    assert shown.likely.doubted is (probability < 0.5)
    html = render_answers.answer(shown, "en")
    assert ("Doubtful: right in only about 20 %" in html) is shown.likely.doubted
    assert ("Right in about 90 % of such cases" in html) is not shown.likely.doubted
    assert f"{20 if shown.likely.doubted else 90}%" in render_answers.plain(shown, "zh")
    assert said(shown)["likely"] == shown.likely.probability
    quoted = " ".join(sentence.text for sentence in shown.quotes)
    if shown.likely.doubted:
        assert "39,669" in quoted


@pytest.mark.parametrize(
    "shown",
    [
        given(0.9, "It was planted by elves."),
        checked("$81,797", found(), nats=-1.0),
        checked("$81,797", found(), None, "cancelled", trust=WORDS_ALONE, nats=-1.0),
    ],
    ids=["not supported", "never measured", "stopped"],
)
def test_of_other_answers_nothing_is_said(shown: Answer) -> None:
    assert shown.likely is None
    assert said(shown)["likely"] is None
    assert "of such cases" not in render_answers.answer(shown, "en")


def test_it_was_fitted_for_the_adapter_that_ships_and_for_no_other(tmp_path: Path) -> None:
    trust = answer_trust.find("small", SHIPPED)
    assert trust, "python -m tests.bench.documents.answer_trust --data FOLDER --fit"
    (tmp_path / "adapter_model.safetensors").write_bytes(b"other weights")
    assert answer_trust.find("small", replace(SHIPPED, path=str(tmp_path))) is None
    assert answer_trust.find("small", replace(SHIPPED, path=str(tmp_path / "removed"))) is None
    assert answer_trust.find("small", None) is None
    assert answer_trust.find("Qwen3-4B", SHIPPED) is None
    surer = [trust.likely(log(p), 0.5, 0.9) for p in (0.05, 0.5, 0.95)]
    better_placed = [trust.likely(log(0.5), p, 0.9) for p in (0.05, 0.5, 0.95)]
    assert surer == sorted(surer)
    assert better_placed == sorted(better_placed)
    assert all(0 < p < 1 for p in (*surer, *better_placed, trust.likely(-1000.0, 0.0, 1.0)))


def test_how_many_passages_are_read() -> None:
    assert (answer.reads("small"), answer.reads("standard"), answer.reads("")) == (1, 5, 5)


def test_it_is_shown_to_the_nearest_five() -> None:
    for probability, percent in ((0.874, 85), (0.999, 95)):
        shown = replace(given(0.9), likely=Likely(probability, False))
        assert f"about {percent} %" in render_answers.answer(shown, "en")
