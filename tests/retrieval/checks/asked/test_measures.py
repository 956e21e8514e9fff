"""What a number counts, and that numbers of different measures are not the same number."""

import pytest

from retrieval.checks.numbers import numbers


@pytest.mark.parametrize(
    ("text", "measures"),
    [
        ("built in 1887, which is 1887 metres tall", ["year", "metre"]),
        ("建成于1906年，塔高36米，可射出20海里", ["year", "metre", "mile"]),
        ("三年以上，试用期不超过六个月，九十八天", ["years", "month", "day"]),
        ("5,500,000 square kilometres", ["area"]),
        ("since July 15, 2022 in 8 hours", ["", "", "year", "hour"]),
        ("$3 and 12 % of 7 parts", ["", "", ""]),
        ("in 3 m and 2022 metres", ["metre", "metre"]),
    ],
)
def test_measures(text: str, measures: list[str]) -> None:
    assert [number.measure for number in numbers(text)] == measures


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("1887 metres", "in 1887", False),
        ("5 days", "5 months", False),
        ("5 days", "5", True),
        ("30天", "thirty days", True),
        ("$1887", "in 1887", False),
        ("in 1887", "1887", True),
    ],
)
def test_numbers_of_two_measures_do_not_agree(one: str, other: str, same: bool) -> None:
    assert numbers(one)[0].agrees(numbers(other)[0]) == same == numbers(other)[0].agrees(numbers(one)[0])
