"""Fusing two halves, and when the dense one counts."""

from collections.abc import Sequence

import numpy as np
import pytest

from retrieval.search.fuse import fuse, knows
from retrieval.search.index import Index
from retrieval.search.vectors import VectorIndex

ENGLISH = frozenset({"en"})


def fused(
    lexical: Sequence[float], dense: Sequence[float], ceiling: float, foreign: Sequence[bool] = ()
) -> list[float]:
    mask = np.array(foreign or [False] * len(lexical), bool)
    scores = fuse(np.array(lexical, np.float32), np.array(dense, np.float32), ceiling, mask)
    return [float(score) for score in scores]


def test_the_mean_of_both_halves_brought_to_one_scale() -> None:
    assert fused([40, 20, 0], [0.2, 0.6, 0.4], 100) == pytest.approx([0.5, 0.75, 0.25])
    assert fused([40, 20, 0], [0.2, 0.6, 0.4], 40 / 0.3) == pytest.approx([0.5, 0.75, 0.25], abs=1e-3)


def test_words_count_as_far_as_the_passages_hold_the_questions() -> None:
    halfway = 40 / 0.15  # half of what makes them count in full
    assert fused([40, 20, 0], [0.2, 0.6, 0.4], halfway) == pytest.approx([1 / 3, 2.5 / 3, 1 / 3])
    assert fused([40, 20, 0], [0.2, 0.6, 0.4], 1e9) == pytest.approx([0, 1, 0.5], abs=1e-4), "next to nothing is held"


def test_a_half_that_tells_nothing_apart_leaves_the_other_its_order() -> None:
    assert fused([0, 0, 0], [0.1, 0.3, 0.2], 9) == pytest.approx([0, 1, 0.5])
    assert fused([9, 3, 0], [1, 1, 1], 9) == pytest.approx([0.5, 1 / 6, 0])
    assert fused([], [], 0) == []


def test_passages_in_another_script_are_moved_nearer_and_lack_no_words() -> None:
    assert fused([40, 20, 0], [0.8, 0.7, 0.77], 100, [False, False, True]) == pytest.approx(
        [(1 + 0.1 / 0.12) / 2, 0.25, 1]
    )


PASSAGES = [
    "The lease of the orchard ends in May 2031, says the contract.",
    "The cider press was bought in Kivik for 48,000 euros.",
    "Die Saft-Presse in Kivik ist in der Scheune.",
    "It was repaired in March and runs well again.",
]
NEAR = [0.84, 0.8, 0.78, 0.76]


def library(passages: Sequence[str], near: Sequence[float]) -> Index:
    """Passages with these cosines to ASKED."""
    index = Index(vectors=VectorIndex(2))
    index.add(np.arange(len(passages)), passages, np.array([[c, (1 - c * c) ** 0.5] for c in near], np.float32))
    return index


ASKED = np.array([1, 0], np.float32)


def test_words_that_look_alike_do_not_lead_a_question_in_another_language_astray() -> None:
    index = library(PASSAGES, NEAR)
    assert index.search("苹果园 Kivik 的租约什么时候结束，租金是多少？", ASKED, 1)[0].id == 0
    assert index.search("When was the cider press bought in Kivik?", ASKED, 1)[0].id == 1, "here the words count"


def test_beside_passages_in_its_own_script_a_question_finds_those_in_another() -> None:
    """An embedder has texts of one language nearer to each other than those of one meaning."""
    index = library([*PASSAGES, *(f"第{n}章写的是长城和租约。" for n in range(60))], [*NEAR, *[0.85] * 60])
    assert index.search("果园的租约什么时候结束？", ASKED, 1)[0].id == 0
    assert index.search("果园的租约什么时候结束？", ASKED, 1, allowed=np.arange(4, 64))[0].id >= 4


@pytest.mark.parametrize(
    ("question", "known"),
    [
        ("How many points did the Panthers defense surrender?", True),
        ("When does the contract end?", True),
        ("Wie viele Punkte gab die Verteidigung der Panthers ab?", False),
        ("¿Cuántos puntos cedió la defensa de los Panthers?", False),
        ("黑豹队的防守丢了多少分？", False),
        ("パンサーズのディフェンス", False),
        ("Сколько очков пропустила защита?", False),
        ("كم عدد النقاط التي خسرها دفاع بانثرز؟", False),
        ("2024?", True),
        ("", True),
    ],
)
def test_an_english_embedder_is_asked_english_questions(question: str, known: bool) -> None:
    assert knows(ENGLISH, question) is known


SHORT_ENGLISH = """
What is Kubernetes? | Define VPN | Who died in 1865? | Who is Jim Walter? | What is dukkha? | When was Gaddafi born? | Who wrote Pulcinella?
Who did Henry marry? | What does Alfranj mean? | When did Vincenzo Galilei die? | Notice period | VAT rate | Total revenue 2023 | Summarize
Define die casting | Explain La Niña | Who won? | Liability clause? | What about Q3? | Refund policy | Is Ada liable? | CEO | Warranty?
Where is Oslo? | Tesla net income | Penalty for late payment | Explain SLA | Who signs? | How many parties? | Which law? | What model did Kanye date?
"""


@pytest.mark.parametrize(
    "question", [part.strip() for part in SHORT_ENGLISH.replace("\n", "|").split("|") if part.strip()]
)
def test_a_short_english_question_is_never_called_foreign(question: str) -> None:
    assert knows(ENGLISH, question)


def test_short_ends_at_forty_letters() -> None:
    """Neither has two function words; langdetect's word counts for the longer one alone."""
    assert knows(ENGLISH, "Roxana Petrescu absolvent Politehnica Timi")  # 38 letters
    assert not knows(ENGLISH, "Roxana Petrescu absolventa Politehnica Timisoara")  # 44


@pytest.mark.parametrize(
    "question", ["Was ist VPN?", "¿Qué es un VPN?", "Wer ist der CEO?", "什么是VPN呢？", "Ai là ai?"]
)
def test_a_short_question_whose_function_words_are_foreign_is_foreign(question: str) -> None:
    assert not knows(ENGLISH, question)
    assert knows(frozenset({"de", "es", "zh", "vi"}), question)


def test_an_embedder_of_every_language_is_always_asked() -> None:
    assert knows(None, "黑豹队的防守丢了多少分？")
    assert knows(frozenset({"zh", "en"}), "黑豹队的防守丢了多少分？")
    assert knows(frozenset({"ja"}), "パンサーズのディフェンス")
