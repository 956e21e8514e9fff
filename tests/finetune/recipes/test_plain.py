"""What is neutral: sentences that state something and judge nothing."""

import pytest

from finetune.recipes import plain


@pytest.mark.parametrize("text", ["The bus leaves at nine o'clock.", "He lives in a house by the sea."])
def test_a_statement_is_plain(text: str) -> None:
    assert plain.is_statement(text)


@pytest.mark.parametrize(
    "text",
    [
        "He lives in a lovely house by the sea.",
        "He never lived by the sea.",
        "Who lives in the house by the sea?",
        "He lives here.",
        "The food was bad and cold.",
    ],
)
def test_a_judgement_a_question_and_a_fragment_are_not(text: str) -> None:
    assert not plain.is_statement(text)


def test_a_paragraph_gives_one_sentence_that_is_the_same_whatever_stands_around() -> None:
    one = {
        "context": "Bern lies on the Aare, 540 metres above the sea. It has 134.5 thousand people in six districts. Nice!"
    }
    (found,) = plain.facts([one, one])
    assert found["text"] in (
        "Bern lies on the Aare, 540 metres above the sea.",
        "It has 134.5 thousand people in six districts.",
    )
    turned = {
        "context": "It has 134.5 thousand people in six districts. Bern lies on the Aare, 540 metres above the sea."
    }
    assert list(plain.facts([turned])) == [found]
    assert list(plain.facts([{"context": "Nice! What a beautiful and charming little town this is."}])) == []


def test_the_chinese_of_a_pair_is_chosen_by_its_english() -> None:
    pairs = [
        {"en": "The bus leaves at nine o'clock.", "zh": "巴士九点开。"},
        {"en": "The bus was awful and late.", "zh": "巴士很糟。"},
    ]
    assert list(plain.chinese(pairs)) == [{"text": "巴士九点开。"}]
    assert list(plain.english(pairs)) == [{"text": "The bus leaves at nine o'clock."}]
