"""A question for a cell finds it where row and column meet, and a neighbour's number is never supported."""

import pytest

from retrieval.checks.cells.meet import NAMED, meet
from retrieval.checks.verify import verify
from retrieval.types import Passage, Row, Table

YEARS = ("Product", "2020", "2021", "2022", "2023")
UNITS = (("Pumps", "737", "361", "", "467"), ("Valves", "", "807", "961", "857"), ("Seals", "767", "642", "129", "960"))
ENDED = tuple(f"{n} Months Ended > June {day}" for n in ("Three", "Nine") for day in ("25, 2022", "26, 2021"))


def passage(
    columns: tuple[str, ...], *cells: tuple[str, ...], under: tuple[str, ...] = (), heading: str = ""
) -> Passage:
    """A passage that is a table; `under` are the titles of its rows' groups."""
    text, rows = " | ".join(columns), []
    for n, row in enumerate(cells):
        line = " | ".join(row)
        rows.append(Row(len(text) + 1, len(text) + 1 + len(line), row, under[n] if under else ""))
        text += f"\n{line}"
    return Passage(1, 0, len(text), text, heading, tables=(Table(columns, tuple(rows)),))


def found(question: str, *passages: Passage) -> list[str]:
    met = meet(question, passages)
    return [cell.text for cell in met.cells] if met else []


SOLD = passage(YEARS, *UNITS, heading="Units sold")


@pytest.mark.parametrize("row", UNITS)
@pytest.mark.parametrize("column", range(1, 5))
def test_every_cell_is_found_and_empty_ones_are_empty(row: tuple[str, ...], column: int) -> None:
    assert found(f"How many {row[0]} were sold in {YEARS[column]}?", SOLD) == [row[column]]
    assert found(f"{YEARS[column]} {row[0].lower()}?", SOLD) == [row[column]]


@pytest.mark.parametrize("row", UNITS)
@pytest.mark.parametrize("year", YEARS[1:])
@pytest.mark.parametrize("number", sorted({cell for row in UNITS for cell in row[1:] if cell}))
def test_only_the_cells_own_number_is_supported(row: tuple[str, ...], year: str, number: str) -> None:
    question = f"How many {row[0]} were sold in {year}?"
    right = row[YEARS.index(year)] == number
    for answer in (number, f"{number} {row[0]} were sold in {year}.", f"In {year}, {number} were sold."):
        assert (verify(answer, [SOLD], question=question).label == "supported") == right, answer


def test_a_year_that_the_table_does_not_have_supports_nothing() -> None:
    for number in ("737", "467"):
        assert verify(number, [SOLD], question="How many pumps were sold in 2025?").label != "supported"
    met = meet("How many pumps were sold in 2025?", [SOLD])
    assert met is None or met.strange


def test_a_sentence_names_its_cell_where_the_question_names_none() -> None:
    assert verify("361 pumps were sold in 2021.", [SOLD]).label == "supported"
    assert verify("361 pumps were sold in 2020.", [SOLD]).label != "supported"


BOOKS = passage(
    ("", *ENDED),
    ("Products", "63", "64", "245", "232"),
    ("Total net sales", "82", "81", "304", "282"),
    ("Products", "41", "40", "155", "149"),
    ("Total cost of sales", "47", "46", "171", "164"),
    under=("Net sales", "Net sales", "Cost of sales", "Cost of sales"),
)


@pytest.mark.parametrize(
    ("question", "cells"),
    [
        ("What were the total net sales in the three months ended June 26, 2021?", ["81"]),
        ("What was the total cost of sales for the nine months ended June 25, 2022?", ["171"]),
        ("What was the cost of sales of products in the nine months ended June 25, 2022?", ["155"]),
        ("What were the net sales of products in the nine months ended June 25, 2022?", ["245"]),
        ("What were the total net sales in 2022?", ["82", "304"]),
    ],
)
def test_headers_of_two_rows_and_groups_of_rows_tell_cells_apart(question: str, cells: list[str]) -> None:
    assert found(question, BOOKS) == cells


@pytest.mark.parametrize(
    ("question", "cells"),
    [
        ("Which department paid for events?", ["Sales"]),
        ("How much did IT pay for hardware?", ["3000"]),
        ("How much did Sales pay for ads?", ["1500"]),
    ],
)
def test_several_cells_may_name_a_row_and_one_column_is_left(question: str, cells: list[str]) -> None:
    budget = passage(
        ("Department", "Position", "Cost"),
        ("Sales", "Ads", "1500"),
        ("Sales", "Events", "700"),
        ("IT", "Licences", "2000"),
        ("IT", "Hardware", "3000"),
    )
    assert found(question, budget) == cells


def test_chinese_questions_find_cells_too() -> None:
    table = passage(
        ("分部", "2022年第三季度", "2021年第三季度", "2022年前九个月"),
        ("美洲", "37,472", "35,870", "129,850"),
        ("大中华区", "14,604", "", "58,730"),
        heading="分部净销售额",
    )
    assert found("美洲2022年第三季度的净销售额是多少？", table) == ["37,472"]
    assert found("2022年前九个月大中华区的净销售额是多少？", table) == ["58,730"]
    assert found("大中华区2021年第三季度的净销售额是多少？", table) == [""]
    assert verify("35,870", [table], question="美洲2021年第三季度的净销售额是多少？").label == "supported"
    assert verify("35,870", [table], question="美洲2022年第三季度的净销售额是多少？").label != "supported"


def test_a_label_is_named_by_most_of_its_words() -> None:
    table = passage(("", "2022"), ("Accounts receivable, net", "7"), ("Vendor receivables", "8"))
    assert found("What were the accounts receivable in 2022?", table) == ["7"]
    assert 1 / 2 < NAMED < 2 / 3
    assert found("What did the vendor get in 2022?", table) == []


def test_of_two_tables_the_one_that_says_more_of_the_question_counts() -> None:
    other = passage(("Product", "2021"), ("Pumps", "5"), heading="Units repaired")
    assert found("How many pumps were repaired in 2021?", SOLD, other) == ["5"]
    assert found("How many pumps were sold in 2021?", SOLD, other) == ["361"]


MIXERS = passage(
    ("Mixer", "Weight in kg", "Length in cm", "Running time in minutes", "Noise in dB", "Capacity"),
    ("Rondo 2", "2.4", "31", "35", "71", "3 litres"),
    ("Rondo 4", "2.9", "34", "50", "", "4 litres"),
)
POTS = passage(("型号", "净重", "长度", "噪音", "容量"), ("HT-30", "2.8千克", "31厘米", "", "3升"))


@pytest.mark.parametrize(
    ("question", "cell"),
    [
        ("How loud is the Rondo 2?", "71"),
        ("How loud is the Rondo 4?", ""),
        ("How heavy is the Rondo 4?", "2.9"),
        ("How much does the Rondo 2 weigh?", "2.4"),
        ("How long is the Rondo 2?", "31"),
        ("How long does the Rondo 2 run?", "35"),
        ("How big is the Rondo 2?", "3 litres"),
        ("HT-30有多重？", "2.8千克"),
        ("HT-30有多吵？", ""),
        ("HT-30有多长？", "31厘米"),
        ("HT-30有多大？", "3升"),
    ],
)
def test_an_adjective_means_the_column_that_measures_it(question: str, cell: str) -> None:
    assert found(question, MIXERS, POTS) == [cell]


def test_prose_has_no_cells() -> None:
    assert meet("How many pumps were sold in 2021?", [Passage(1, 0, 20, "361 pumps were sold.")]) is None
