"""The gate: what it answers, what it refuses, and that its parameters belong to an embedder."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chatbot.common.wheels import MINILM
from retrieval.checks.aligned import ALIGNED, FUNCTION, aligned, weights
from retrieval.checks.gate import PARAMETERS, Gate, Judgement, Model
from retrieval.lab import second_look
from retrieval.lab.answers import Collection, Question, refusal
from retrieval.lab.gate_fit import World, figures, fit, with_threshold
from retrieval.search import embed
from retrieval.search.embed import Vectors
from retrieval.types import Hit, Passage
from tests.bench.documents import xquad
from tests.retrieval.cheap import WordHashes

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


class Like(WordHashes):
    """An embedder with the cosines of one that the gate was fitted to, moved by `apart`."""

    def __init__(self, name: str, apart: float = 0.0) -> None:
        fitted = next(one for one in json.loads(PARAMETERS.read_text("utf-8"))["embedders"] if one["name"] == name)
        super().__init__(fitted["dimension"])
        self.cosines = [cosine + apart for cosine in fitted["cosines"]]

    def queries(self, texts: Sequence[str]) -> Vectors:
        if len(texts) != len(self.cosines):
            return super().queries(texts)
        return np.array([[c, (1 - c * c) ** 0.5, *[0] * (self.dimension - 2)] for c in self.cosines], np.float32)

    def passages(self, texts: Sequence[str], **options: Any) -> Vectors:
        if len(texts) != len(self.cosines):
            return super().passages(texts, **options)
        return np.eye(self.dimension, dtype=np.float32)[[0] * len(texts)]


E5, QUESTION = "multilingual-e5-small", "When was the bridge over the Akerselva opened?"
DENSE_HITS = [replace(hit, dense=0.86) for hit in OSLO]


def test_cosines_count_of_the_embedders_that_were_fitted_and_of_their_like() -> None:
    lexical = Gate.load().judge(QUESTION, OSLO)
    assert lexical.model == "spaced"
    for apart in (-0.029, 0.0, 0.029):  # as rounding the weights moves them
        gate = Gate.load(Like(E5, apart))
        assert gate.judge(QUESTION, DENSE_HITS).model == "spaced_dense"
        assert gate.judge(QUESTION, OSLO) == lexical, "not every hit has a cosine"
    for other in (Like(E5, 0.031), WordHashes(384)):
        assert Gate.load(other).judge(QUESTION, DENSE_HITS) == lexical


def test_each_embedder_has_the_parameters_that_it_was_fitted_for() -> None:
    e5, english = Gate.load(Like(E5)), Gate.load(Like(MINILM.title))
    assert set(e5.models) == {"spaced", "unspaced", "spaced_dense", "unspaced_dense", "across"}
    assert (set(e5.near), set(english.near)) == (set(second_look.LET), set())
    assert (set(e5.practice), set(english.practice)) == (set(second_look.LET), set())
    assert set(english.models) == {"spaced", "unspaced", "spaced_dense"}
    assert e5.models["spaced_dense"] != english.models["spaced_dense"]
    chinese = [replace(hit, dense=0.8) for hit in hits("黑豹队的防守只丢了308分。", "比赛在加利福尼亚举行。")]
    assert e5.judge("黑豹队丢了多少分？", chinese).model == "unspaced_dense"
    assert english.judge("黑豹队丢了多少分？", chinese).model == "unspaced"


def test_a_question_in_another_language_is_held_against_the_passages_token_by_token() -> None:
    across = {"阿克塞尔瓦河上的桥是什么时候开通的？", "Wann wurde die Brücke über die Akerselva eröffnet?"}
    e5, english = Gate.load(Like(E5)), Gate.load(Like(MINILM.title))
    for question in across:
        assert e5.judge(question, DENSE_HITS).model == "across"
        assert english.judge(question, DENSE_HITS).model != "across"
    assert e5.judge("Oslo bridge 1827", DENSE_HITS).model == "spaced_dense"


def test_the_figures_between_languages_tell_the_passage_that_speaks_of_it() -> None:
    """Words that are alike stand for tokens of one meaning."""
    embedder = WordHashes(4096)
    figures = aligned("wann bridge oslo opened", ["the bridge in oslo was opened", "bergen has many houses"], embedder)
    assert set(figures) == set(ALIGNED)
    assert figures["aligned_first"] == figures["aligned"] > 0.7
    assert figures["aligned_gap"] == pytest.approx(figures["aligned"] - figures["aligned_mean"], abs=1e-6)
    turned = aligned("wann bridge oslo opened", ["bergen has many houses", "the bridge in oslo was opened"], embedder)
    assert turned["aligned_first"] < turned["aligned"] == pytest.approx(figures["aligned"])
    assert aligned("bridge", ["one passage alone"], embedder) == {}
    assert weights("Wann wurde die Brücke gebaut?", [(0, 4), (15, 21), (28, 29)]) == [FUNCTION, 1.0, FUNCTION]


def test_what_is_refused_is_looked_at_again_as_between_languages() -> None:
    embedder, asked = WordHashes(4096), "bridge oslo opened"
    across = Model(("aligned",), (0.5,), (0.1,), (1.0,), 0.0, 0.5)

    def judged(refused: float, near: float, *texts: str) -> Judgement:
        first = Model((), (), (), (), 0.0, refused)
        models = {"spaced": first, "spaced_dense": first, "across": across}
        return Gate(models, embedder, {"spaced_dense": near}).judge(asked, hits(*texts, dense=0.8))

    there, elsewhere = "the bridge oslo opened", "Bergen has many wooden houses."
    assert (judged(0.6, 0.5, there, elsewhere).answered, judged(0.6, 0.5, there, elsewhere).near) == (False, True)
    assert not judged(0.6, 0.5, elsewhere, "Trondheim was founded in 997.").near
    assert not judged(0.5, 0.0, there, elsewhere).near, "answered"
    assert not judged(0.6, 0.0).near, "nothing was found"


def test_a_question_of_practice_is_near_by_its_passage_and_its_tokens_together() -> None:
    embedder, practice, fact = WordHashes(4096), "may I paint bridge seven", "who paints bridge seven"
    shut = Model((), (), (), (), 0.0, 0.6)
    told = aligned(practice, [hit.passage.text for hit in OSLO], embedder)["aligned"]
    assert told > 0.05

    def near(question: str, least: float, dense: float = 0.5) -> bool:
        gate = Gate({"spaced": shut, "spaced_dense": shut}, embedder, {}, {"spaced_dense": least})
        found = [replace(hit, dense=0.1) for hit in OSLO]
        judgement = gate.judge(question, [*found[:1], replace(found[1], dense=dense), found[2]])
        assert not judgement.answered
        return judgement.near

    assert near(practice, 0.5 + told - 0.01)
    assert not near(practice, 0.5 + told + 0.01)
    assert not near(practice, 0.5 + told - 0.01, dense=0.2)
    assert not near(fact, 0.0), "a fact that is not there is not there"
    assert not Gate({"spaced": shut}, None, {}, {"spaced": 0.0}).judge(practice, OSLO).near


def test_the_second_look_lets_few_through() -> None:
    refused = [(n / 100, False) for n in range(100)] + [(0.5, True), (0.98, True)]
    for share in (0.01, 0.03):
        found = second_look.threshold(refused, 100, share)
        assert sum(probability >= found for probability, good in refused if not good) == 100 * share


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


@pytest.mark.slow
@pytest.mark.skipif(not DATA.is_dir(), reason="the shared data is not here")
def test_between_languages_most_questions_are_told_apart(models_folder: Path) -> None:
    """Of XQuAD's articles of odd number, which no fit has seen; all of them: `tests.bench.documents.refusal`."""
    embedder = embed.load("bundled", models_folder, lambda step, fraction: None)
    paragraphs, questions = xquad.read(DATA, "zh-en")
    first = [question for question in questions if question.paragraph < 60]
    measured = refusal(Collection(paragraphs[:60], embedder), first[::6], Gate.load(embedder))
    assert len(measured.answerable) >= 20
    assert measured.rightly_refused >= 0.5
    assert measured.wrongly_refused <= 0.3


RULES = (
    "The gym may be used from six in the morning until ten at night. Guests pay eight euros a visit.",
    "Members may suspend their contract for up to three months a year if they are ill, and have to send a certificate.",
    "Lockers are emptied every night; what is found in them is kept for two weeks.",
)
STATUTE = (
    "用人单位自用工之日起超过一个月不满一年未与劳动者订立书面劳动合同的，应当向劳动者每月支付二倍的工资。",
    "劳动者在试用期的工资不得低于本单位相同岗位最低档工资或者劳动合同约定工资的百分之八十。",
    "用人单位未及时足额支付劳动报酬的，劳动者可以解除劳动合同。",
)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("texts", "near", "far"),
    [
        (RULES, "Do I have to pay if I am sick?", "How do I renew my passport?"),
        (STATUTE, "加班要不要给钱？", "能不能少给？"),
    ],
    ids=["en", "zh"],
)
def test_rules_are_near_to_who_asks_in_other_words_and_not_to_other_matters(
    texts: tuple[str, ...], near: str, far: str, models_folder: Path
) -> None:
    """On both sides of the fitted thresholds, 1.586 and 1.665: nearness of 1.65 and 1.54, of 1.71 and 1.66."""
    embedder = embed.load("bundled", models_folder, lambda step, fraction: None)
    gate, vectors = Gate.load(embedder), embedder.passages(texts)

    def judged(question: str) -> Judgement:
        cosines = vectors @ embedder.queries([question])[0]
        return gate.judge(
            question,
            [
                Hit(Passage(0, 0, len(text), text), 1.0, lexical=1.0, dense=float(cosine))
                for text, cosine in zip(texts, cosines, strict=True)
            ],
        )

    assert [(judged(question).answered, judged(question).near) for question in (near, far)] == [
        (False, True),
        (False, False),
    ]
