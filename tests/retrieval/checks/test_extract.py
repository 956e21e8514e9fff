"""Sentences quoted as an answer when no model speaks the question's language."""

from collections.abc import Sequence

import pytest

from retrieval.checks.extract import extract, likelihood, nearest, rankers
from retrieval.checks.quotable import FIGURES, figures
from retrieval.types import Hit, Passage


def hits(*texts: str) -> list[Hit]:
    return [Hit(Passage(1, 0, len(text), text), 1.0 - n / 10, 5.0 - n) for n, text in enumerate(texts)]


FOUND = hits(
    "贾里德·艾伦是一位老将。黑豹队的防守只丢了308分，在联赛中排名第六。比赛在加利福尼亚举行。",
    "丹佛野马队赢得了第50届超级碗。",
)


def test_the_sentence_that_speaks_of_the_question_comes_first() -> None:
    (best,) = extract("黑豹队的防守丢了多少分？", FOUND, 1)
    assert best.text == "黑豹队的防守只丢了308分，在联赛中排名第六。"
    assert extract("谁赢得了超级碗？", FOUND, 1)[0].passage == 1


def test_quotes_are_exact_and_neighbours_are_one() -> None:
    quotes = extract("谁赢得了超级碗？", FOUND, 10, enough=1.0)
    assert [quote.text for quote in quotes] == [FOUND[1].passage.text, FOUND[0].passage.text]
    assert all(FOUND[q.passage].passage.text[q.start : q.end] == q.text for q in quotes)
    assert len(extract("黑豹队的防守丢了多少分？", FOUND, 2, enough=1.0)) <= 2


def test_more_is_quoted_where_one_sentence_is_not_enough() -> None:
    question = "黑豹队的防守丢了多少分？"
    given = [sum(len(quote.text) for quote in extract(question, FOUND, 4, enough=share)) for share in (0.0, 0.999, 1.0)]
    assert given == sorted(given)
    assert given[0] == len("黑豹队的防守只丢了308分，在联赛中排名第六。")
    assert given[-1] == sum(len(hit.passage.text) for hit in FOUND)


def test_probabilities_follow_the_figures() -> None:
    ranker = rankers()["unspaced"]
    found, table = figures("黑豹队的防守丢了多少分？", FOUND)
    likely = ranker.probabilities(table)
    assert likely.sum() == pytest.approx(1)
    assert found[int(likely.argmax())].said.text == "黑豹队的防守只丢了308分，在联赛中排名第六。"
    assert table[:, FIGURES.index("amount")].tolist() == [1, 1, 0, 1]  # 一位, 308, 50
    assert table[:, FIGURES.index("after")][0] == table[:, FIGURES.index("grams")][1]
    assert table[:, FIGURES.index("after")][2] == 0  # the passage ends there


def test_the_place_that_answers_is_likelier_than_another() -> None:
    question = "黑豹队的防守丢了多少分？"
    each = extract(question, FOUND, 4, enough=1.0)
    right, wrong = extract(question, FOUND, 1), [quote for quote in each if quote.passage == 1]
    assert likelihood(question, FOUND, right) > 0.5 > likelihood(question, FOUND, wrong) > 0
    assert likelihood(question, FOUND, each) == likelihood(question, FOUND, right)
    assert likelihood(question, FOUND, []) == likelihood(question, [], []) == 0


def test_no_hits_and_no_content() -> None:
    assert extract("谁？", [], 3) == []
    assert [quote.start for quote in extract("?", FOUND, 1)] == [0]


LIST = "You can cancel at any time. To cancel you need:\n- your number, which is on the card. It has nine digits;\n- a signature.\n\nWe answer within a week."
STEPS = "退货很简单。退货时请提供：\n1. 订单号\n2. 商品照片\n\n客服会在三天内回复。"


@pytest.mark.parametrize(
    ("text", "question", "quote"),
    [
        (LIST, "What do you need to cancel?", LIST[28 : LIST.index("\n\n")]),
        (STEPS, "退货时要提供什么？", STEPS[6 : STEPS.index("\n\n")]),
    ],
)
def test_a_quote_that_leads_to_an_enumeration_brings_its_items(text: str, question: str, quote: str) -> None:
    (best,) = extract(question, hits(text), 1)
    assert best.text == quote
    assert text[best.start : best.end] == quote


def test_the_nearest_are_chosen_in_turn_by_meaning_and_by_words() -> None:
    question, sentence = "黑豹队的防守丢了多少分？", "比赛在加利福尼亚举行。"

    def similarity(text: str, others: Sequence[str]) -> list[float]:
        return [float(other == sentence) for other in others]

    found = [quote.text for quote in nearest(question, FOUND, similarity, 1)]
    assert found == [sentence]
    by_both = nearest(question, FOUND, similarity, 2)
    assert [quote.text for quote in by_both] == ["黑豹队的防守只丢了308分，在联赛中排名第六。比赛在加利福尼亚举行。"]
    assert nearest("谁？", [], similarity) == []
