"""Fusing two halves, and when the dense one counts."""

import numpy as np
import pytest

from retrieval.search.fuse import fuse, knows

ENGLISH = frozenset({"en"})


def test_the_mean_of_both_halves_brought_to_one_scale() -> None:
    lexical, dense = np.array([40, 20, 0], np.float32), np.array([0.2, 0.6, 0.4], np.float32)
    assert fuse(lexical, dense) == pytest.approx([0.5, 0.75, 0.25])


def test_a_half_that_tells_nothing_apart_leaves_the_other_its_order() -> None:
    assert fuse(np.zeros(3, np.float32), np.array([0.1, 0.3, 0.2], np.float32)) == pytest.approx([0, 0.5, 0.25])
    assert len(fuse(np.empty(0, np.float32), np.empty(0, np.float32))) == 0


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


def test_an_embedder_of_every_language_is_always_asked() -> None:
    assert knows(None, "黑豹队的防守丢了多少分？")
    assert knows(frozenset({"zh", "en"}), "黑豹队的防守丢了多少分？")
    assert knows(frozenset({"ja"}), "パンサーズのディフェンス")
