"""A PDF comes back as Word with its tables, code and pictures where they were."""

import io
from pathlib import Path
from typing import Any

import docx
import pytest
from lxml import etree
from PIL import Image
from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from tests.chatbot.tasks.pseudo import translated

CODE = ("def area(r):", "    return 3 * r ** 2", "", "print(area(2))")
PEOPLE = (("Name", "Role", "Town"), ("Ann Berg", "chief engineer", "Lund"), ("Bo Ek", "baker", "Ystad"))
SALES = (("Region", "2022", "2023"), ("North", "1,204", "1,310"), ("South", "877", "902"))


def lines(canvas: Canvas, font: str, top: int, words: tuple[str, ...]) -> None:
    canvas.setFont(font, 11)
    for n, line in enumerate(words):
        canvas.drawString(72, top - 14 * n, line)


def rows(canvas: Canvas, top: int, table: tuple[tuple[str, ...], ...]) -> None:
    for n, row in enumerate(table):
        for m, cell in enumerate(row):
            canvas.drawString(72 + 150 * m, top - 16 * n, cell)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Any:
    path = tmp_path_factory.mktemp("pdf") / "report.pdf"
    canvas = Canvas(str(path), pagesize=A4)
    prose = (
        "The bakery has grown in every one of its three towns this year,",
        "as the table below shows for all who ask.",
    )
    lines(canvas, "Helvetica", 780, prose)
    rows(canvas, 730, PEOPLE)
    lines(canvas, "Helvetica", 660, ("Between the two tables stands this sentence, which is a paragraph.",))
    rows(canvas, 620, SALES)
    lines(canvas, "Helvetica", 550, ("The program that counts the loaves is short enough to be shown here:",))
    lines(canvas, "Courier", 520, CODE)
    canvas.drawImage(ImageReader(Image.new("RGB", (40, 30), "teal")), 72, 340, 120, 90)
    lines(canvas, "Helvetica", 300, ("Below the picture the report ends with a last sentence of its own.",))
    canvas.save()
    result, _ = translated(path)
    return docx.Document(io.BytesIO(result))


def order(document: Any) -> list[str]:
    """What stands in the body, one word for each: table, picture, code or the beginning of a paragraph."""
    found = []
    for element in document.element.body:
        text = "".join(element.itertext()).strip()
        if element.tag.endswith("}tbl"):
            found.append("table")
        elif element.findall(".//{*}drawing"):
            found.append("picture")
        elif b"Courier New" in etree.tostring(element):
            found.append("code")
        elif text:
            found.append(text.split()[0])
    return found


def test_tables_code_and_pictures_stand_where_they_stood(made: Any) -> None:
    assert order(made) == ["THE", "table", "BETWEEN", "table", "THE", "code", "picture", "BELOW"]


def test_cells_stay_cells_with_and_without_numbers_and_their_words_are_translated(made: Any) -> None:
    people, sales = [[[cell.text for cell in row.cells] for row in table.rows] for table in made.tables]
    assert people == [[cell.upper() for cell in row] for row in PEOPLE]
    assert sales == [[cell.upper() for cell in row] for row in SALES]


def test_code_stays_as_it_was_drawn(made: Any) -> None:
    code = next(one.text for one in made.paragraphs if "area" in one.text)
    assert code == "\n".join(line for line in CODE if line)


def test_a_letter_from_a_typewriter_is_no_code(tmp_path: Path) -> None:
    path = tmp_path / "letter.pdf"
    canvas = Canvas(str(path), pagesize=A4)
    lines(
        canvas,
        "Courier",
        780,
        ("Dear Ann, we have looked at the old mill, and it is", "in a better state than we had thought. Yours, Bo."),
    )
    canvas.save()
    result, _ = translated(path)
    assert "WE HAVE LOOKED AT THE OLD MILL" in docx.Document(io.BytesIO(result)).paragraphs[0].text
