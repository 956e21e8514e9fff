"""Two sentences that contradict each other although they say it in other words: told by an embedder's cosines."""

from collections.abc import Sequence

import pytest

from chatbot.tasks.answer.routes.conflict import differ
from retrieval.checks.verify import Similarity

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
