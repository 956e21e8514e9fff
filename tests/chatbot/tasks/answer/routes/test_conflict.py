"""Two sentences that contradict each other although they say it in other words: told by an embedder's cosines."""

from collections.abc import Sequence

import pytest

from chatbot.tasks.answer.check import Answer, Found, Source
from chatbot.tasks.answer.routes.conflict import differ, with_other_sides
from retrieval.checks.verify import Similarity
from retrieval.types import Document, Hit, Passage

POOL = (
    "On which day is the pool closed?",
    "The pool is closed on Mondays.",
    "Every Tuesday the swimming hall stays shut.",
)
SHOP = "When does the shop open?", "The shop opens at 9:00.", "We welcome customers from 10:00."
PASS = "押金要交多少？", "入住前须交押金2000元。", "租客需支付保证金3000元。"


def cosines(between: float, farther: float) -> Similarity:
    """Of two sentences, and by how much the second is farther from a question."""

    def similarity(text: str, others: Sequence[str]) -> list[float]:
        assert not any(c.isdigit() for other in others for c in other), "figures are no words"
        return [0.9, 0.9 - farther] if len(others) > 1 else [between]

    return similarity


@pytest.mark.parametrize("sentences", [POOL, PASS, SHOP])
@pytest.mark.parametrize(
    ("between", "farther", "differs"), [(0.9, 0.03, True), (0.88, 0.03, False), (0.9, 0.04, False)]
)
def test_other_words_count_as_far_as_they_mean_the_same(
    sentences: tuple[str, str, str], between: float, farther: float, differs: bool
) -> None:
    assert differ(*sentences, cosines(between, farther)) is differs
    assert not differ(*sentences)


@pytest.mark.parametrize(
    ("question", "one", "other"),
    [
        ("On which day is the pool closed?", "The pool is closed on Tuesdays.", "Every Tuesday the hall stays shut."),
        ("When does the ferry leave?", "The ferry leaves at 8:15.", "The ferry arrives at 9:40."),
        ("How much is a pass?", "A pass costs 12 euros.", "You pay 12 euros for the season card."),
        ("Who runs the pool?", "The pool is run by Ada Holm.", "Ben Ode looks after the swimming hall."),
    ],
)
def test_the_same_figure_or_another_name_is_no_contradiction(question: str, one: str, other: str) -> None:
    assert not differ(question, one, other, cosines(1.0, 0.0))


def of_one_cosine(cosine: float) -> Similarity:
    return lambda text, others: [cosine] * len(others)


def answered(*texts: str) -> Answer:
    """The first is of one document, the second of another."""
    sources = [
        Source(
            Hit(Passage(1, 0, len(text), text, document=f"d{n}"), 1.0),
            Document(f"d{n}", "ada", "a.md", "text", 9, "", "indexed"),
        )
        for n, text in enumerate(texts)
    ]
    return Answer("answered", Found("How much is a season ticket?", tuple(sources), None))


@pytest.mark.parametrize(("between", "shown"), [(0.9, 2), (0.88, 0)])
def test_two_documents_that_may_disagree_are_both_shown_and_nothing_is_said(between: float, shown: int) -> None:
    given = answered("Season passes are 140 euros.", "A pass for the whole season costs 120 euros.")
    found = with_other_sides(given, of_one_cosine(between))
    assert len(found.quotes) == len(found.citations) == shown
    assert {one.verdict for one in found.quotes} <= {"related"}
    assert not found.note
    assert sorted(c.document for c in found.citations) == ["d0", "d1"][:shown]
    assert with_other_sides(found, of_one_cosine(between)) == found


def test_what_says_the_same_or_is_alone_is_not_shown_again() -> None:
    same = answered("Season passes are 140 euros.", "A pass for the whole season costs 140 euros.")
    assert with_other_sides(same, of_one_cosine(1.0)) == same
    alone = answered("Season passes are 140 euros.")
    assert with_other_sides(alone, of_one_cosine(1.0)) == alone
