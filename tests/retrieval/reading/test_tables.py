"""Tables of every format: spans filled, headers of several rows joined, empty cells empty, nothing of a neighbour's."""

import io
from collections.abc import Callable
from pathlib import Path

import docx
import openpyxl
import pptx
import pytest
from docx.oxml import OxmlElement
from openpyxl.comments import Comment
from pptx.util import Inches
from reportlab.pdfgen.canvas import Canvas

from retrieval.reading.grid import header_rows, is_amount, tidy
from retrieval.reading.readers import Reading, read
from retrieval.types import Table
from tests.bench.documents.table_files import SALES, SEGMENTS, UNITS, WRITERS, Sheet
from tests.retrieval import hazards

Read = Callable[[bytes | str, str], Reading]


@pytest.fixture
def reading(tmp_path: Path) -> Read:
    def read_bytes(content: bytes | str, name: str) -> Reading:
        data = content.encode() if isinstance(content, str) else content
        found = read(hazards.write(tmp_path, "5f3a", data), name)
        for page in found.pages:
            ends = [(row.start, row.end) for table in page.tables for row in table.rows]
            assert ends == sorted(ends) and all(page.text[a:b].strip() for a, b in ends)
            assert all(len(row.cells) >= len(table.columns) for table in page.tables for row in table.rows)
        return found

    return read_bytes


def tables(found: Reading) -> list[Table]:
    return [table for page in found.pages for table in page.tables]


def cells(table: Table) -> list[tuple[str, ...]]:
    return [row.cells for row in table.rows]


@pytest.mark.parametrize("kind", WRITERS)
@pytest.mark.parametrize("sheet", [UNITS, SALES, SEGMENTS], ids=lambda sheet: sheet.title)
def test_every_cell_stands_under_its_headers(tmp_path: Path, sheet: Sheet, kind: str) -> None:
    if kind == "pdf" and sheet is SEGMENTS:
        pytest.skip("the PDF's font has no Chinese letters")
    WRITERS[kind](sheet, tmp_path / f"a.{kind}")
    (table,) = tables(read(tmp_path / f"a.{kind}", f"a.{kind}"))
    assert cells(table) == list(sheet.rows)
    if sheet is SALES:
        ended = [f"{n} Months Ended > June {day}" for n in ("Three", "Nine") for day in ("25, 2022", "26, 2021")]
        assert table.columns == ("", *ended)
    else:
        assert table.columns == sheet.heads[0]


def test_rows_and_columns_of_a_web_page_span_others(reading: Read) -> None:
    (table,) = tables(
        reading(
            '<table><caption>Prices</caption><tr><th rowspan="2">Room</th><th colspan="2">Price</th></tr><tr><th>Summer</th>'
            '<th>Winter</th></tr><tr><td rowspan="2">Sea view</td><td>120</td><td>90</td></tr><tr><td>140</td><td>95</td></tr>'
            "<tr><td>Garden</td><td>80</td><td>60</td></tr></table>",
            "a.html",
        )
    )
    assert table.columns == ("Room", "Price > Summer", "Price > Winter")
    assert cells(table) == [("Sea view", "120", "90"), ("Sea view", "140", "95"), ("Garden", "80", "60")]


def test_columns_that_only_make_room_go_and_signs_join_their_numbers(reading: Read) -> None:
    """As reports to the SEC are written: a column for "$", one for the number, one for ")" and "%"."""
    (table,) = tables(
        reading(
            '<table><tr><td></td><td></td><td colspan="3">2022</td><td></td><td colspan="3">2021</td></tr>'
            "<tr><td>Sales</td><td></td><td>$</td><td>82,959</td><td></td><td></td><td>$</td><td>81,434</td><td></td></tr>"
            '<tr><td>Loss</td><td></td><td colspan="2">(10</td><td>)</td><td></td><td colspan="2"></td><td></td></tr>'
            '<tr><td>Share</td><td></td><td colspan="2">3</td><td>%</td><td></td><td colspan="2">4</td><td>%</td></tr></table>',
            "a.html",
        )
    )
    assert table.columns == ("", "2022", "2021")
    assert cells(table) == [("Sales", "$82,959", "$81,434"), ("Loss", "(10)", ""), ("Share", "3%", "4%")]


def test_a_table_that_only_lays_out_a_page_is_no_table(reading: Read) -> None:
    found = reading(
        "<table><tr><td><h1>News</h1><p>It rains.</p></td><td><table><tr><th>A</th><th>B</th></tr><tr><td>1</td><td>2</td></tr>"
        "</table></td></tr></table>",
        "a.html",
    )
    assert found.pages[0].text == "News\n\nIt rains.\n\nA | B\n1 | 2"
    assert [table.columns for table in tables(found)] == [("A", "B")]


def test_merged_and_nested_cells_of_word(reading: Read) -> None:
    document = docx.Document()
    outer = document.add_table(3, 3)
    for n, words in enumerate(("Team", "Task", "Hours")):
        outer.cell(0, n).text = words
    outer.cell(1, 0).merge(outer.cell(2, 0)).text = "Red"
    for line, (task, hours) in enumerate((("Dig", "5"), ("Plant", "7")), 1):
        outer.cell(line, 1).text, outer.cell(line, 2).text = task, hours
    holder = document.add_table(1, 2)
    holder.cell(0, 0).text = "Engine"
    inner = holder.cell(0, 1).add_table(3, 2)
    for (line, column), words in {
        (0, 0): "Metric",
        (0, 1): "Value",
        (1, 0): "Height",
        (1, 1): "120",
        (2, 0): "Weight",
    }.items():
        inner.cell(line, column).text = words
    out = io.BytesIO()
    document.save(out)
    first, second = tables(reading(out.getvalue(), "a.docx"))
    assert (first.columns, cells(first)) == (("Team", "Task", "Hours"), [("Red", "Dig", "5"), ("Red", "Plant", "7")])
    assert (second.columns, cells(second)[0], second.rows[0].under) == (
        ("Metric", "Value"),
        ("Height", "120"),
        "Engine",
    )


def test_merged_cells_of_a_slide(reading: Read) -> None:
    show = pptx.Presentation()
    slide = show.slides.add_slide(show.slide_layouts[6])
    table = slide.shapes.add_table(3, 3, Inches(1), Inches(1), Inches(6), Inches(2)).table
    table.cell(0, 1).merge(table.cell(0, 2))
    for (line, column), words in {
        (0, 1): "Price",
        (1, 1): "Low",
        (1, 2): "High",
        (2, 0): "Tea",
        (2, 1): "1",
        (2, 2): "3",
    }.items():
        table.cell(line, column).text = words
    out = io.BytesIO()
    show.save(out)
    (found,) = tables(reading(out.getvalue(), "a.pptx"))
    assert (found.columns, cells(found)) == (("", "Price > Low", "Price > High"), [("Tea", "1", "3")])


def workbook(**sheets: list[list[object]]) -> openpyxl.Workbook:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    return book


def saved(book: openpyxl.Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_merged_cells_of_excel_and_tables_below_each_other(reading: Read) -> None:
    book = workbook(
        Budget=[["Budget 2024"], ["Department", "Position", "Cost"], ["Sales", "Travel", 900], [None, "Ads", 1500], [],
                ["City", "People"], ["Rome", 5], [], ["Oslo", 7]],
    )  # fmt: skip
    book["Budget"].merge_cells("A1:C1")
    book["Budget"].merge_cells("A3:A4")
    found = reading(saved(book), "a.xlsx")
    assert found.pages[0].text.startswith("Budget 2024\n\nDepartment | Position | Cost\n")
    first, second = tables(found)
    assert cells(first) == [("Sales", "Travel", "900"), ("Sales", "Ads", "1500")]
    assert (second.columns, [row[:2] for row in cells(second)]) == (("City", "People"), [("Rome", "5"), ("Oslo", "7")])


def test_what_excel_hides_is_told_and_comments_and_boxes_are_text(reading: Read) -> None:
    book = workbook(Team=[["Name", "Age", "Salary"], ["Ada", 36, 9], ["Bob", 40, 8], ["Eve", 41, 7]])
    sheet = book["Team"]
    sheet["B2"].comment = Comment("a guess", "me")
    sheet.row_dimensions[3].hidden = True
    sheet.column_dimensions["C"].hidden = True
    found = reading(saved(book), "a.xlsx")
    assert cells(tables(found)[0]) == [("Ada", "36"), ("Eve", "41")]
    assert found.pages[0].text.endswith("B2 (36): a guess")
    assert [(flag.code, flag.details["names"]) for flag in found.warnings] == [("hidden_parts", "Team!3:3, Team!C:C")]


def test_a_text_box_of_a_sheet_is_read(reading: Read) -> None:
    import xlsxwriter  # type: ignore[import-untyped]

    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        sheet = book.add_worksheet("S")
        sheet.write_row(0, 0, ["Name", "Age"])
        sheet.insert_textbox(3, 3, "Ages are of May.")
    assert "Ages are of May." in reading(out.getvalue(), "a.xlsx").pages[0].text


def test_a_formula_without_its_value_says_so(reading: Read) -> None:
    found = reading(saved(workbook(S=[["Item", "Net", "Gross"], ["Desk", 100, "=B2*1.2"]])), "a.xlsx")
    assert cells(tables(found)[0]) == [("Desk", "100", "not calculated")]
    assert [(flag.code, flag.details) for flag in found.warnings] == [("uncalculated", {"count": 1, "sheet": "S"})]


def drawn(*pages: list[tuple[float, float, str]]) -> bytes:
    """Pages of words at (x, y from above); numbers end at x, words begin there."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(612, 792))
    for page in pages:
        canvas.setFont("Helvetica", 10)
        for x, y, words in page:
            put = canvas.drawRightString if words[-1] in "0123456789)%" and x > 200 else canvas.drawString
            put(x, 792 - y, words)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def test_a_table_of_a_pdf_goes_on_on_the_next_page_with_its_headers(reading: Read) -> None:
    head = [(54.0, 60.0, "Product"), (300.0, 60.0, "2021"), (400.0, 60.0, "2022")]
    first = [(54.0, 76.0, "Pumps"), (300.0, 76.0, "11"), (54.0, 92.0, "Fans"), (300.0, 92.0, "13"), (400.0, 92.0, "14")]
    second = [
        (54.0, 60.0, "Seals"),
        (400.0, 60.0, "15"),
        (54.0, 76.0, "Belts"),
        (300.0, 76.0, "16"),
        (400.0, 76.0, "17"),
    ]
    before, after = tables(reading(drawn(head + first, second), "a.pdf"))
    assert before.columns == after.columns == ("Product", "2021", "2022")
    assert cells(before) == [("Pumps", "11", ""), ("Fans", "13", "14")]
    assert cells(after) == [("Seals", "", "15"), ("Belts", "16", "17")]


def test_prose_of_a_pdf_is_no_table(reading: Read) -> None:
    prose = [
        (
            54.0,
            60.0 + 14 * n,
            f"In {1990 + n} the company sold {n * 37} pumps, {n * 5} % more than the year before, and {n} fans.",
        )
        for n in range(12)
    ]
    assert tables(reading(drawn(prose), "a.pdf")) == []


def test_a_broken_label_and_a_group_of_rows_in_a_pdf(reading: Read) -> None:
    table = [
        (300.0, 60.0, "2021"), (400.0, 60.0, "2022"), (54.0, 76.0, "Net sales:"), (54.0, 92.0, "Pumps"), (300.0, 92.0, "11"),
        (400.0, 92.0, "12"), (54.0, 108.0, "Fans that were sold to"), (54.0, 120.0, "other shops"), (300.0, 120.0, "13"),
        (400.0, 120.0, "(14)"),
    ]  # fmt: skip
    (found,) = tables(reading(drawn(table), "a.pdf"))
    assert [(row.under, row.cells) for row in found.rows] == [
        ("Net sales", ("Pumps", "11", "12")),
        ("Net sales", ("Fans that were sold to other shops", "13", "(14)")),
    ]


def test_a_number_that_stands_where_names_do_is_the_name_of_its_row(reading: Read) -> None:
    lines = (
        ("Line", "Depart", "Arrive", "Fare"),
        ("1", "4:50", "0:40", "3.10"),
        ("2", "5:05", "", "2.40"),
        ("N7", "1:20", "4:20", "5.00"),
    )
    table = [
        (60.0 + 80 * k, 60.0 + 14 * n, words) for n, row in enumerate(lines) for k, words in enumerate(row) if words
    ]
    (found,) = tables(reading(drawn(table), "a.pdf"))
    assert found.columns[1:] == lines[0][1:]
    assert cells(found) == [*lines[1:]]


def test_the_tables_of_a_real_report(shared_data: Path) -> None:
    report = read(shared_data / "docs" / "2022 Q3 AAPL.pdf", "2022 Q3 AAPL.pdf")
    (sheet,) = report.pages[5].tables
    assert sheet.columns == ("", "June 25, 2022", "September 25, 2021")
    found = {(row.under, row.cells[0]): row.cells[1:] for row in sheet.rows}
    assert found["ASSETS > Current assets", "Inventories"] == ("5,433", "6,580")
    assert found["Non-current liabilities", "Term debt"] == ("94,700", "109,106")


@pytest.mark.parametrize(
    ("rows", "count"),
    [
        ([["Product", "2020"], ["Pumps", "7"]], 1),
        ([["", "Price", "Price"], ["", "Low", "High"], ["Tea", "1", "2"]], 2),
        ([["Pool", "Week", "Week"], ["Pool", "Summer", "Winter"], ["Lake", "8-20", "10-18"]], 2),
        ([["Pool", "Week", ""], ["", "Summer", "Winter"], ["Lake", "8-20", "10-18"]], 2),
        ([["", "Week", "Week", "Fair"], ["Pool", "Summer", "Winter", "Fair"], ["Lake", "8-20", "", "shut"]], 2),
        ([["Day", "Morning", "Morning"], ["Monday", "Maths", "Art"], ["Tuesday", "Art", "Music"]], 1),
        ([["", "Morning", "Morning"], ["Monday", "Maths", "Art"], ["Tuesday", "Art", "Music"]], 1),
        ([["Height", "120"], ["Weight", "34"]], 0),
        ([["Name", "City"], ["Ada", "London"]], 1),
        ([["Name:", "Ada"], ["City:", "London"]], 0),
        ([["Ada", "36"], ["Bob", "40"]], 0),
        ([["Person", "Born"], ["Ada", "1815"], ["Bob", "1901"]], 1),
    ],
)
def test_headers_are_told_by_what_stands_below_them(rows: list[list[str]], count: int) -> None:
    assert header_rows(rows) == count


@pytest.mark.parametrize("text", ["5", "1,234.5", "$ (12)", "(3)%", "12 %", "-7", "€5", "36:00", "¥1,200"])
def test_amounts(text: str) -> None:
    assert is_amount(text)
    assert not any(map(is_amount, (f"Item {text}", "2021", "June 25, 2022", "—", "Q1", "")))


def test_a_merged_header_of_word_reaches_below_the_row_that_is_repeated_on_every_page(reading: Read) -> None:
    document = docx.Document()
    table = document.add_table(4, 4)
    for line, words in enumerate(
        ("泳池 平日  周末", " 夏季 冬季 ", "湖边 8点到20点 10点到18点 9点到21点", "山上 7点到19点  10点到17点")
    ):
        for column, text in enumerate(words.split(" ")):
            table.cell(line, column).text = text
    table.cell(0, 1).merge(table.cell(0, 2))
    for column in (0, 3):
        table.cell(0, column).merge(table.cell(1, column))
    table.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
    out = io.BytesIO()
    document.save(out)
    (found,) = tables(reading(out.getvalue(), "a.docx"))
    assert found.columns == ("泳池", "平日 > 夏季", "平日 > 冬季", "周末")
    assert cells(found)[1] == ("山上", "7点到19点", "", "10点到17点")


def test_a_column_with_a_header_of_its_own_stays_though_it_is_empty() -> None:
    assert tidy([["Product", "2020", "2021"], ["Pumps", "", "7"]]) == [["Product", "2020", "2021"], ["Pumps", "", "7"]]
