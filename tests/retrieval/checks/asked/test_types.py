"""A sentence answers the type of a question, or it is only true."""

import pytest

from retrieval.checks.asked.types import answers, asked_type, values


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("How tall is it?", "It is 42 metres tall."),
        ("How many days of paid leave do we have?", "25"),
        ("How many points did they give up?", "They gave up 308 points."),
        ("How many people came?", "Nobody came."),
        ("Who leads project 88?", "Project 88 is led by Ada Byron."),
        ("Who leads project 88?", "an employee"),
        ("When was it built?", "It was built in 1871."),
        ("How late is it open on Sundays?", "Until 20:00."),
        ("Where is the office?", "beside the paint shop"),
        ("How much does a pump cost?", "A pump costs 640 pounds."),
        ("Why was it closed?", "It was too old."),
        ("门票多少钱？", "门票15元。"),
        ("灯塔有多高？", "塔高36米。"),
        ("城北公园由谁负责？", "林晓"),
        ("产假有多少天？", "九十八天产假"),
        ("何时开工？", "去年三月开工。"),
    ],
)
def test_a_sentence_of_the_type(question: str, sentence: str) -> None:
    assert answers(question, sentence, [sentence])


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("How many days of paid leave do we have?", "The week has 37 hours."),
        ("How many projects are there?", "It was built in 1887."),
        ("Who leads project 88?", "Project 88 costs 88000 crowns."),
        ("When was it built?", "By Josiah Pell."),
        ("How much does a pump cost?", "The pump was bought in 2011."),
        ("How much does a pump cost?", "The pump weighs 12 kilograms."),
        ("How late is it open on Sundays?", "It is 300 metres from the harbour."),
        ("门票多少钱？", "灯塔四月开放。"),
        ("灯塔有多高？", "白沙灯塔建成于1906年。"),
    ],
)
def test_a_sentence_that_is_true_and_no_answer(question: str, sentence: str) -> None:
    assert not answers(question, sentence, [sentence])


def test_a_bare_number_counts_what_it_does_where_it_stands() -> None:
    assert not answers("How tall is the viaduct?", "1887", ["It was built in 1887."])
    assert answers("How tall is the viaduct?", "1887", ["It is 1887 metres tall."])
    assert answers("How tall is the viaduct?", "1887")


def test_a_when_inside_a_question_asks_for_no_time() -> None:
    assert asked_type("What was the tribe of Temüjin when he was sixteen?") == "any"
    assert asked_type("When did he die?") == "time"


def test_how_much_it_is_asks_for_money() -> None:
    assert asked_type("How much is the deposit?") == "money"
    assert {asked_type(text) for text in ("How much is known about it?", "How much water is there?")} == {"any"}


def test_what_goes_on_is_long_in_time() -> None:
    assert asked_type("How long is the notice period?") == "duration"
    assert asked_type("How long does it take?") == "duration"
    assert asked_type("How long is the bridge?") == "any"


def test_values_are_those_of_the_type_alone() -> None:
    assert values("How much is a ticket?", "A ticket costs 7 euros, from April on.") == {(7.0, "€")}
    assert values("灯塔哪一年建成？", "灯塔建成于1906年，塔高36米。") == {(1906.0, "")}
    assert values("Why was it closed in 1999?", "It cost 12 euros a day.") == frozenset()


@pytest.mark.parametrize(
    ("question", "sentence", "quote", "answered"),
    [
        ("How many people came?", "11", "Minutes of 11 June 2024", False),
        ("How many people came?", "11", "11 people came on 2 June", True),
        ("能续借几次？", "五本", "会员每次最多借阅五本图书", False),
        ("能续借几次？", "可以续借一次", "可以续借一次", True),
        ("要招几个人？", "两名", "计划招两名测试工程师", True),
        ("Can I pay cash after midnight?", "Yes.", "Yes, cards are accepted.", False),
        ("注销以后我的信息还留着吗？", "六、个人信息", "六、个人信息", False),
    ],
)
def test_a_day_another_counter_and_a_bare_yes_are_no_answers(
    question: str, sentence: str, quote: str, answered: bool
) -> None:
    assert answers(question, sentence, [quote]) == answered
