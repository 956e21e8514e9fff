"""Sentences quoted as an answer when no model speaks the question's language."""

from collections.abc import Sequence

import pytest

from retrieval.checks.extract import WHOLE, extract, likelihood, nearest, rankers
from retrieval.checks.quotable import FIGURES, figures
from retrieval.checks.verify import Similarity
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


RULES = """Visitors

Guests must sign in. They leave by ten.

The flat is let again only with consent.

You bring:
- your card
- a photo

Lift | 4 people"""
LONG = "The lift is checked each year. " + "It is old. " * 40


def like(*nearest_first: str) -> Similarity:
    """A cosine of its own for each of these sentences, 0 for the others."""
    return lambda text, others: [
        float(len(nearest_first) - nearest_first.index(one)) if one in nearest_first else 0.0 for one in others
    ]


@pytest.mark.parametrize(
    ("sentence", "quote"),
    [
        ("They leave by ten.", "Guests must sign in. They leave by ten."),
        ("Visitors", "Guests must sign in. They leave by ten."),
        ("- your card", "You bring:\n- your card\n- a photo"),
        ("You bring:", "You bring:\n- your card\n- a photo"),
        ("Lift | 4 people", "Lift | 4 people"),
        ("The lift is checked each year.", "The lift is checked each year."),
    ],
)
def test_the_nearest_is_quoted_with_its_paragraph(sentence: str, quote: str) -> None:
    (found,) = nearest("May I bring my aunt?", hits(RULES, LONG), like(sentence), 1)
    assert found.text == quote
    assert hits(RULES, LONG)[found.passage].passage.text[found.start : found.end] == quote


def test_a_heading_with_a_number_stands_for_its_paragraph_and_an_item_for_its_list() -> None:
    text = "3. Collecting\n\nA parcel is held for ten days.\n\nYou need:\n1. your card\n2. a photo"
    found = nearest("What if I forget it?", hits(text), like("3. Collecting", "2. a photo"), 2)
    assert [quote.text for quote in found] == [
        "A parcel is held for ten days.", "You need:\n1. your card\n2. a photo",
    ]  # fmt: skip


def test_a_paragraph_and_the_list_that_it_leads_to_are_one_quote() -> None:
    text = "Notice is given in writing. You need:\n\n- your number\n- a signature\n\nThe hall is old."
    found = nearest("How do I leave?", hits(text), like("- your number", "Notice is given in writing."), 3)
    assert [quote.text for quote in found] == [text[: text.index("\n\nThe")], "The hall is old."]


def test_what_is_of_the_type_that_is_asked_for_comes_before_what_stands_close_to_it() -> None:
    text = "The key is kept at the desk.\n\nA lost key costs 40 euros.\n\nA lost card costs 10 euros."
    near = like("The key is kept at the desk.", "A lost key costs 40 euros.")
    (found,) = nearest("How much is a lost key?", hits(text), near, 1)
    assert found.text == "A lost key costs 40 euros."
    (found,) = nearest("May I keep the key?", hits(text), near, 1)
    assert found.text == "The key is kept at the desk."


def test_of_an_enumeration_in_one_sentence_the_nearest_item_counts_behind_what_leads_to_it() -> None:
    text = "有下列情形之一的，不得解除合同：\n（一）患病的；\n（二）孕期的。\n\n合同一式两份。"
    heard: list[str] = []

    def similarity(question: str, others: Sequence[str]) -> list[float]:
        heard.extend(others)
        return [float("孕期" in other) for other in others]

    (found,) = nearest("怀孕了会被开除吗？", hits(text), similarity, 1)
    assert found.text == text[: text.index("\n\n")]
    assert heard == [
        "有下列情形之一的，不得解除合同：（一）患病的；",
        "有下列情形之一的，不得解除合同：（二）孕期的。",
        "合同一式两份。",
    ]


def test_a_paragraph_up_to_its_limit_is_quoted_whole() -> None:
    short, long = ("A" * (WHOLE - 4 - over) + ". B." for over in (0, -1))
    for text, whole in ((short, True), (long, False)):
        (found,) = nearest("b?", hits(text), like("B."), 1)
        assert (found.text == text) is whole


def test_the_nearest_are_chosen_in_turn_by_meaning_and_by_words() -> None:
    question = "黑豹队的防守丢了多少分？"
    found = hits("比赛在加利福尼亚举行。", "黑豹队的防守只丢了308分。", "门票在现场出售。")
    by_both = nearest(question, found, like("门票在现场出售。", "比赛在加利福尼亚举行。"), 3)
    assert [quote.passage for quote in by_both] == [1, 2, 0], "first what is of the type that is asked for"
    by_both = nearest("黑豹队的防守怎么样？", found, like("门票在现场出售。", "比赛在加利福尼亚举行。"), 3)
    assert [quote.passage for quote in by_both] == [2, 1, 0]
    assert len(nearest(question, found, like("门票在现场出售。"), 2)) == 2
    assert nearest("谁？", [], like()) == []
