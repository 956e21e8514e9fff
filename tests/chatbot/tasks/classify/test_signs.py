"""What a text says in signs is read, not guessed; and signs that mean something else are left alone."""

import pytest

from chatbot.tasks.classify.judge import Classifier
from chatbot.tasks.classify.labels import SENTIMENT, parse
from chatbot.tasks.classify.signs import grades, stated
from chatbot.tasks.classify.work import classifier
from tests.chatbot.tasks.classify.test_work import Counting, judged


@pytest.mark.parametrize(
    ("text", "grade"),
    [
        ("0/5", 0.0), ("1/5", 0.0), ("3/5", 0.5), ("5/5", 1.0), ("10/10!", 1.0), ("2 out of 10, boring", 1 / 9),
        ("★☆☆☆☆", 0.0), ("★★★★★", 1.0), ("★★★☆☆ fine", 0.5), ("⭐⭐", 0.25), ("1 star", 0.0), ("Four stars.", 0.75), ("two-star service", 0.25),
        ("两星", 0.25), ("五星好评", 1.0), ("给了3颗星", 0.5), ("una estrella", 0.0), ("cinco estrellas", 1.0), ("👎", 0.0), ("👍🏽", 1.0), ("4,5/5", 0.875),
        ("😡😡", 0.0), ("❤️", 1.0),
    ],
)  # fmt: skip
def test_signs(text: str, grade: float) -> None:
    found = stated(text)
    assert found is not None
    assert found.grade == pytest.approx(grade)


@pytest.mark.parametrize(
    "text",
    [
        "We stayed in a 5 star hotel.", "See you on 5/5.", "Order 3/5 of a cup.", "12/5/2024", "星期五", "三星手机", "火星", "Section 4/50", "6/5",
        "The match ended 3:5.", "★★★★★★★★", "1/2 cup of sugar", "五星级酒店", "rock stars",
    ],
)  # fmt: skip
def test_what_is_no_verdict(text: str) -> None:
    assert stated(text) is None


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("👎", "negative"), ("0/5", "negative"), ("★★☆☆☆", "negative"), ("2 stars", "negative"), ("3/5", "neutral"), ("四星", "positive"),
        ("5/5", "positive"), ("👍", "positive"),
    ],
)  # fmt: skip
def test_stars_mean_what_shops_mean_by_them(text: str, label: str) -> None:
    """One and two of five are negative, three neutral, four and five positive: so `CENTRES` and `SHARP` stand."""
    judge = ready()
    (found,) = judged(judge, [text])
    assert found.label == label
    assert found.score(label) > 0.5
    assert judged(judge, ["0/5"])[0].score("negative") > 0.95


def test_what_is_said_besides_counts_too() -> None:
    judge = ready()
    told, with_sign = judged(judge, ["good", "good 👎"])
    assert told.score("positive") > with_sign.score("positive")


def test_labels_that_are_grades_are_known_as_such() -> None:
    assert grades(["1 star", "2 stars", "3 stars", "4 stars", "5 stars"]) == (0, 0.25, 0.5, 0.75, 1)
    assert grades(["👎", "👍"]) == (0, 1)
    assert grades(["差评", "中评", "好评"]) == (0, 0.5, 1)
    assert grades(["spam", "5 stars"]) is None
    assert grades(["好评", "positive"]) is None
    judge = classifier(Counting(), "ann", parse("1 star, 2 stars, 3 stars, 4 stars, 5 stars"))
    assert judge
    assert [one.label for one in judged(judge, ["★★★★☆", "两星"])] == ["4 stars", "2 stars"]


def ready() -> Classifier:
    judge = classifier(Counting(), "ann", SENTIMENT)
    assert judge
    return judge
