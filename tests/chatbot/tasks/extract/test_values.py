"""Days, numbers and sums of money: where they stand, and what they are for a machine."""

import pytest

from chatbot.tasks.extract.amounts import money, numbers
from chatbot.tasks.extract.dates import dates
from chatbot.tasks.extract.fields import parse
from chatbot.tasks.extract.find import found, snapped
from chatbot.tasks.extract.ground import where


@pytest.mark.parametrize(
    ("said", "iso"),
    [
        ("12 March 2024", "2024-03-12"),
        ("March 3, 2024", "2024-03-03"),
        ("3rd of May 2021", "2021-05-03"),
        ("5.3.2024", "2024-03-05"),
        ("13/04/24", "2024-04-13"),
        ("04/13/2024", "2024-04-13"),
        ("03/04/2024", ""),
        ("2024年5月8日", "2024-05-08"),
        ("六月一日", "--06-01"),
        ("二〇二四年十二月三十一日", "2024-12-31"),
        ("3. März 2024", "2024-03-03"),
        ("14 juillet 2023", "2023-07-14"),
        ("3 de mayo de 2024", "2024-05-03"),
        ("May 2019", "2019-05"),
        ("2015", "2015"),
        ("next Friday", ""),
        ("下周三", ""),
    ],
)
def test_days(said: str, iso: str) -> None:
    text = f"It was done （{said}） at last."
    (one,) = dates(text)
    assert (text[one.start : one.end], one.normal) == (said, iso)


@pytest.mark.parametrize(
    "text", ["you may 3 times", "1.2.3", "31/31/2024", "tel. 20-44-51", "12:30", "£2015", "2015.50"]
)
def test_what_is_no_day(text: str) -> None:
    assert dates(text) == []


@pytest.mark.parametrize(
    ("said", "normal"),
    [
        ("£1,250.00", "1250.00 GBP"),
        ("1.234,56 €", "1234.56 EUR"),
        ("$4.5 million", "4500000 $"),
        ("3500元", "3500 CNY"),
        ("280 万元", "2800000 CNY"),
        ("CHF 12'000", "12000 CHF"),
        ("1 234,50 EUR", "1234.50 EUR"),
        ("99 euros", "99 EUR"),
        ("343.20", "343.20"),
    ],
)
def test_money(said: str, normal: str) -> None:
    text = f"Total: {said} (7)"
    (one,) = money(text)
    assert (text[one.start : one.end], one.normal) == (said, normal)


def test_figures_stand_right_beside_chinese() -> None:
    text = "空气炸锅重4.2千克，售价299元，押金2300元，台灯3个，合计9600.50"
    assert [text[one.start : one.end] for one in money(text)] == ["299元", "2300元", "9600.50"]
    assert [text[one.start : one.end] for one in numbers(text)] == ["4.2", "299", "2300", "3", "9600.50"]


def test_numbers_in_figures_and_words() -> None:
    text = "2 x saw, 1,250 people, four apples, 三十五人, 20 %, 3.141, -5, A12, 2.5万人"
    told = [(text[one.start : one.end], one.normal) for one in numbers(text)]
    assert told == [
        ("2", "2"), ("1,250", "1250"), ("four", "4"), ("三十五", "35"), ("20 %", "20%"), ("3.141", "3.141"), ("-5", "-5"),
        ("2.5万", "25000"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "text", "stands"),
    [
        ("kivik  CIDER", "At Kivik\nCider it rains", ["Kivik\nCider"]),
        ("“王 芳”", "由王芳负责", ["王芳"]),
        ("Ann", "Anna and Hann met", []),
        ("343", "343.20 and 1,343 and 343.", ["343"]),
        ("O’Neill", "O'Neill", ["O'Neill"]),
        ("", "text", []),
    ],
)
def test_a_value_stands_there_word_for_word(value: str, text: str, stands: list[str]) -> None:
    assert [text[one.start : one.end] for one in found(value, text)] == stands


def test_what_was_nearly_copied_is_the_text_s_own_words_and_what_was_made_up_is_nothing() -> None:
    text = "Rain fell. The old water tower of Kivik was painted white in 2011. Nobody saw it."
    (one,) = snapped("old tower of Kivik painted white", text)
    assert text[one.start : one.end] == "old water tower of Kivik was painted white"
    assert snapped("new tower in Malmö painted black", text) == []
    assert snapped("tower", "the towers") == []
    assert snapped("old water tower leans", text) != [], "three words of four"
    assert snapped("old water house", text) == [], "two of three"


@pytest.mark.parametrize(
    ("field", "said", "stands"),
    [
        ("total: money", "4961.00", ["$4,961.00"]), ("total: money", "4,961", ["$4,961.00"]), ("total: money", "4961 USD", []),
        ("total: money", "4916.00", []), ("issued: date", "2024-10-09", ["9 October 2024"]), ("issued: date", "2024-09-10", []),
        ("pieces: number", "12.0", ["12"]),
    ],
)  # fmt: skip
def test_a_day_or_an_amount_in_another_form_is_the_one_that_stands_there(
    field: str, said: str, stands: list[str]
) -> None:
    text = "Invoice of 9 October 2024: 12 pieces. Total due $4,961.00"
    found = where(parse(field)[0], said, text)
    assert [text[one.start : one.end] for one in found] == stands
