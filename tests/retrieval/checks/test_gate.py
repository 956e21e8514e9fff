"""The gate: what it answers, what it refuses, and that its parameters belong to an embedder."""

from dataclasses import replace
from pathlib import Path

import pytest

from retrieval.checks.gate import Gate
from retrieval.lab.answers import Collection, Question, refusal
from retrieval.lab.gate_fit import World, figures, fit, with_threshold
from retrieval.types import Hit, Passage
from tests.bench.documents import xquad

DATA = Path(__file__).parents[4] / "shared" / "data" / "dev"


def hits(*texts: str, dense: float | None = None) -> list[Hit]:
    return [Hit(Passage(1, 0, len(text), text), 1.0, 9.0 / (n + 1), dense) for n, text in enumerate(texts)]


OSLO = hits(
    "The bridge over the Akerselva in Oslo was opened in 1827 by the king. It is 30 metres long.",
    "Bergen has many wooden houses. The harbour is old.",
    "Trondheim was founded in 997.",
)


def test_answers_what_the_passages_say_and_refuses_what_they_do_not() -> None:
    gate = Gate.load()
    assert gate.judge("When was the bridge over the Akerselva in Oslo opened?", OSLO).answered
    assert not gate.judge("Which enzyme breaks down lactose in the small intestine?", OSLO).answered
    assert not gate.judge("How many goals did Pelé score in the final against Sweden?", OSLO).answered


def test_refuses_without_hits_and_without_content() -> None:
    gate = Gate.load()
    assert not gate.judge("When was the bridge opened?", []).answered
    assert not gate.judge("?", OSLO).answered


def test_cosines_of_another_embedder_do_not_count() -> None:
    gate = Gate.load()
    question, given = "When was the bridge over the Akerselva opened?", [replace(hit, dense=0.6) for hit in OSLO]
    assert gate.judge(question, given, fingerprint=gate.fingerprint).model == "spaced_dense"
    assert gate.judge(question, given, fingerprint="another") == gate.judge(question, OSLO)
    assert gate.judge(question, OSLO, fingerprint=gate.fingerprint).model == "spaced"
    assert gate.judge("黑豹队丢了多少分？", given, fingerprint=gate.fingerprint).model == "unspaced"


def test_a_fit_tells_questions_apart_and_its_threshold_keeps_the_promise() -> None:
    paragraphs = [
        f"The town of {name} has {n + 10} bridges and was founded by {name[::-1].title()}."
        for n, name in enumerate(NAMES)
    ]
    questions = [Question(f"Who founded the town of {name}?", n, "") for n, name in enumerate(NAMES)]
    rows = figures(World(paragraphs, questions, list(range(len(paragraphs)))), None, len(questions))
    model = with_threshold(fit(rows, ("sentence", "union", "gap")), rows)
    refused = {
        good: sum(model.probability(row) < model.threshold for row, g in rows if g is good) for good in (True, False)
    }
    assert refused[True] <= 0.1 * len(NAMES)
    assert refused[False] >= 0.75 * len(NAMES)


NAMES = [
    "Aldebar",
    "Brunnik",
    "Castorp",
    "Dunmere",
    "Eskilby",
    "Farrowe",
    "Gildern",
    "Havenor",
    "Istrand",
    "Jokulen",
    "Kestrel",
    "Lomvard",
]


@pytest.mark.skipif(not DATA.is_dir(), reason="the shared data is not here")
@pytest.mark.parametrize("language", ["en", "zh"])
def test_refuses_most_questions_whose_paragraph_was_taken_out(language: str) -> None:
    paragraphs, questions = xquad.read(DATA, language)
    measured = refusal(Collection(paragraphs, None), questions[::20], Gate.load())
    assert measured.rightly_refused >= 0.65
    assert measured.wrongly_refused <= 0.2
    curve = measured.curve()
    assert curve[0][1] == 1.0
    assert [point[1] for point in curve] == sorted((point[1] for point in curve), reverse=True)
