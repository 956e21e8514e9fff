"""A library of one passage: what it answers is answered, what it does not is refused, in English and Chinese and across."""

from pathlib import Path

import pytest

from retrieval.checks.gate import CHINESE, ENGLISH, ENOUGH, Gate, among
from retrieval.lab.answers import Collection
from retrieval.lab.gate_fit import NEIGHBOURS
from retrieval.search import embed
from retrieval.search.embed import SentenceEmbedder
from retrieval.types import Hit, Passage

pytestmark = pytest.mark.slow

TOWER = """The water tower of the town was built in 1887 by Maria Lindqvist. It is 27 metres high and holds 400 cubic metres.
It was painted white in 2011. The paint was bought in Kivik for 4,800 euros."""
ORCHARD = "果园由林玛丽于1998年建立，占地14公顷。2011年购入一台苹果酒压榨机，价格为48000欧元。2023年的收成为212吨。"
ANSWERED = [
    (TOWER, "How high is the tower?"),
    (TOWER, "Who built the tower?"),
    (TOWER, "水塔有多高？"),
    (TOWER, "谁建造了水塔？"),
    (ORCHARD, "压榨机多少钱？"),
    (ORCHARD, "2023年的收成是多少？"),
    (ORCHARD, "How much did the press cost?"),
    (ORCHARD, "How many hectares?"),
]
REFUSED = [
    (TOWER, "What is the capital of France?"),
    (TOWER, "法国的首都是哪里？"),
    (TOWER, "怎么煮鸡蛋？"),
    (ORCHARD, "法国的首都是哪里？"),
    (ORCHARD, "What is the capital of France?"),
]


@pytest.fixture(scope="module")
def embedder(models_folder: Path) -> SentenceEmbedder:
    return embed.load("bundled", models_folder, lambda step, fraction: None)


@pytest.mark.parametrize(("text", "question"), ANSWERED)
def test_what_a_lone_passage_answers_is_answered(text: str, question: str, embedder: SentenceEmbedder) -> None:
    assert Gate.load(embedder).judge(question, Collection([text], embedder).search(question)).answered


@pytest.mark.parametrize(("text", "question"), REFUSED)
def test_what_a_lone_passage_does_not_answer_is_refused(text: str, question: str, embedder: SentenceEmbedder) -> None:
    assert not Gate.load(embedder).judge(question, Collection([text], embedder).search(question)).answered


def test_strangers_make_up_the_number_that_the_gate_was_fitted_on_and_no_more() -> None:
    mine = [Hit(Passage(n, 0, 5, f"Tree {n}"), 1.0, lexical=1.0) for n in range(7)]
    assert ENOUGH == NEIGHBOURS
    assert among("Which tree?", [], None) == []
    assert among("Which tree?", mine, None) == mine
    for count in range(1, ENOUGH):
        found = among("Which tree?", mine[:count], None)
        assert found[:count] == mine[:count]
        assert [hit.passage.text for hit in found[count:]] == [*ENGLISH][: ENOUGH - count]
        assert not any(hit.lexical or hit.dense for hit in found[count:])
    chinese = Hit(Passage(0, 0, 5, "果园占地十四公顷"), 1.0, lexical=1.0)
    assert {hit.passage.text for hit in among("Which tree?", [chinese], None)[1:]} <= {*CHINESE}
