"""Sentences quoted as an answer when no model speaks the question's language."""

from retrieval.extract import extract
from retrieval.types import Hit, Passage


def hits(*texts: str) -> list[Hit]:
    return [Hit(Passage(1, 0, len(text), text), 1.0 - n / 10, 5.0 - n) for n, text in enumerate(texts)]


FOUND = hits(
    "贾里德·艾伦是一位老将。黑豹队的防守只丢了308分，在联赛中排名第六。比赛在加利福尼亚举行。",
    "丹佛野马队赢得了第50届超级碗。",
)


def test_the_sentence_that_speaks_of_the_question_comes_first() -> None:
    best = extract("黑豹队的防守丢了多少分？", FOUND, 2)
    assert best[0].text == "黑豹队的防守只丢了308分，在联赛中排名第六。"
    assert len(best) == 2


def test_quotes_are_exact_and_no_longer_than_asked_for() -> None:
    quotes = extract("谁赢得了超级碗？", FOUND, 10)
    assert len(quotes) == 4
    assert len({(q.passage, q.start) for q in quotes}) == 4
    assert all(FOUND[q.passage].passage.text[q.start : q.end] == q.text for q in quotes)
    assert quotes[0].passage == 1


def test_no_hits_and_no_content() -> None:
    assert extract("谁？", [], 3) == []
    assert len(extract("?", FOUND, 2)) == 2
