"""Fields and their values in columns of a PDF without rules: invoices, forms, data sheets."""

from pathlib import Path

import pytest

from retrieval.checks.verify import verify
from retrieval.reading.readers import read
from retrieval.text.tables import said
from retrieval.types import Passage
from tests.retrieval import hazards
from tests.retrieval.reading.pdf.drawn import Placed, drawn, rows

INVOICE = (
    ["Invoice number", "Invoice date", "Customer", "Payment terms", "Total due"],
    ["INV-204", "12 May 2024", "Keller AG", "30 days net", "1,250.00"],
)
PERSON = ["Name:", "Address:", "", "Phone:"], ["Anna Keller", "12 Mill Street", "Halden", "+47 555 01"]
FORM = ["Invoice no.", "Date"], ["INV-9", "3 May 2024"], ["Customer", "Phone"], ["Keller AG", "555 01"]
PRICES = ["Article", "Pump", "Hose", "Valve"], ["Price", "400.00", "35.00", "12.50"]
SPARSE = ["", "Pumps", "Hoses", "Valves"], ["2021", "361", "", "12"], ["2022", "", "44", "15"]
PEOPLE = ["Anna Keller", "Ben Ode", "Cara Lind"], ["Chair", "Treasurer", "Secretary"]


def told(folder: Path, page: list[Placed]) -> list[str]:
    (found,) = read(hazards.write(folder, "x", drawn(page)), "x.pdf").pages
    return [said(table, row) for table in found.tables for row in table.rows if not any(table.columns)]


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (
            INVOICE,
            [
                "Invoice number: INV-204",
                "Invoice date: 12 May 2024",
                "Customer: Keller AG",
                "Payment terms: 30 days net",
                "Total due: 1,250.00",
            ],
        ),
        (PERSON, ["Name: Anna Keller", "Address: 12 Mill Street Halden", "Phone: +47 555 01"]),
        (FORM, ["Invoice no.: INV-9", "Customer: Keller AG", "Date: 3 May 2024", "Phone: 555 01"]),
        (PRICES, []),
        (SPARSE, []),
        (PEOPLE, []),
    ],
)
def test_fields_are_read_with_their_values(columns: tuple[list[str], ...], expected: list[str], tmp_path: Path) -> None:
    page = [(60.0, 740.0, "Keller AG, Halden"), *rows(*columns, width=120)]
    assert told(tmp_path, page) == expected


def test_a_value_answers_for_its_own_field_only(tmp_path: Path) -> None:
    (page,) = read(hazards.write(tmp_path, "x", drawn(rows(*INVOICE))), "x.pdf").pages
    given = [Passage(1, 0, len(page.text), page.text, tables=page.tables)]
    assert verify("1,250.00", given, question="What is the total due?").label == "supported"
    assert verify("30 days net", given, question="What is the invoice number?").label != "supported"
