"""Tables as files of five kinds, with a question for every cell: what `tests.bench.documents.tables` asks."""

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import docx
import openpyxl
from reportlab.pdfgen.canvas import Canvas


@dataclass(frozen=True, slots=True)
class Asked:
    """`right` is what stands in the cell, "" where it is empty; `wrong` is what stands in the others."""

    question: str
    right: str
    wrong: frozenset[str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table. `heads` are its rows of headers: an empty one goes on with the cell before it. `question` has places for
    `row` and `column`; `columns` are what the columns are called in it."""

    title: str
    heads: tuple[tuple[str, ...], ...]
    rows: tuple[tuple[str, ...], ...]
    question: str
    columns: tuple[str, ...]

    def asked(self) -> Iterator[Asked]:
        cells = {cell for row in self.rows for cell in row[1:] if cell}
        for name, *values in self.rows:
            for column, value in zip(self.columns, values, strict=True):
                yield Asked(self.question.format(row=name, column=column), value, frozenset(cells - {value}))


def _spans(head: Sequence[str]) -> list[tuple[int, int, str]]:
    """First column, number of columns, text."""
    starts = [n for n, cell in enumerate(head) if cell or n == 0]
    return [(a, b - a, head[a]) for a, b in zip(starts, [*starts[1:], len(head)], strict=True)]


def as_xlsx(sheet: Sheet, path: Path) -> None:
    book = openpyxl.Workbook()
    page = book.active
    page.title = sheet.title[:30]
    for line, head in enumerate(sheet.heads, 1):
        for start, width, words in _spans(head):
            page.cell(line, start + 1, words or None)
            if width > 1 and words:
                page.merge_cells(start_row=line, end_row=line, start_column=start + 1, end_column=start + width)
    for row in sheet.rows:
        page.append([_number(cell) if cell else None for cell in row])
    for row in page.iter_rows(min_row=len(sheet.heads) + 1, min_col=2):
        for cell in row:
            cell.number_format = "#,##0"
    book.save(path)


def _number(cell: str) -> str | int:
    plain = cell.replace(",", "")
    return int(plain) if plain.isdecimal() else cell


def as_html(sheet: Sheet, path: Path) -> None:
    heads = "".join(
        "<tr>" + "".join(f'<th colspan="{width}">{escape(words)}</th>' for _, width, words in _spans(head)) + "</tr>"
        for head in sheet.heads
    )
    rows = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in sheet.rows)
    path.write_text(f"<h1>{escape(sheet.title)}</h1><table>{heads}{rows}</table>", "utf-8")


def as_docx(sheet: Sheet, path: Path) -> None:
    document = docx.Document()
    document.add_heading(sheet.title, 1)
    table = document.add_table(0, len(sheet.rows[0]))
    for head in sheet.heads:
        cells = table.add_row().cells
        for start, width, words in _spans(head):
            cell = cells[start].merge(cells[start + width - 1])
            cell.text = words
    for row in sheet.rows:
        for cell, words in zip(table.add_row().cells, row, strict=True):
            cell.text = words
    document.save(str(path))


def as_csv(sheet: Sheet, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([*sheet.heads, *sheet.rows])


def as_pdf(sheet: Sheet, path: Path) -> None:
    """Numbers flush right, headers centred over the columns they span."""
    page = Canvas(str(path), pagesize=(612, 792))
    page.setFont("Helvetica-Bold", 14)
    page.drawString(54, 740, sheet.title)
    page.setFont("Helvetica", 10)
    width = min(90.0, 330 / (len(sheet.rows[0]) - 1))
    y = 710.0
    for head in sheet.heads:
        for start, columns, words in _spans(head):
            if start == 0:
                page.drawString(54, y, words)
            elif columns > 1:
                page.drawCentredString(210 + (start - 1 + columns / 2) * width, y, words)
            else:
                page.drawRightString(210 + start * width - 6, y, words)
        y -= 15
    for row in sheet.rows:
        page.drawString(54, y, row[0])
        for n, cell in enumerate(row[1:], 1):
            page.drawRightString(210 + n * width - 6, y, cell)
        y -= 15
    page.save()


WRITERS: dict[str, Callable[[Sheet, Path], None]] = {
    "xlsx": as_xlsx, "html": as_html, "docx": as_docx, "csv": as_csv, "pdf": as_pdf,
}  # fmt: skip

YEARS = ("2020", "2021", "2022", "2023")
UNITS = Sheet(
    "Units sold",
    (("Product", *YEARS),),
    (
        ("Pumps", "737", "361", "", "467"),
        ("Valves", "", "807", "961", "857"),
        ("Seals", "767", "642", "129", "960"),
        ("Motors", "576", "", "355", "764"),
        ("Fans", "153", "260", "215", "480"),
        ("Belts", "580", "989", "352", ""),
    ),
    "How many {row} were sold in {column}?",
    YEARS,
)
"""The three files of `table-every-cell`."""

PERIODS = (
    ("", "Three Months Ended", "", "Nine Months Ended", ""),
    ("", "June 25, 2022", "June 26, 2021", "June 25, 2022", "June 26, 2021"),
)
ENDED = tuple(f"{n} months ended June {day}" for n in ("three", "nine") for day in ("25, 2022", "26, 2021"))
SALES = Sheet(
    "Net sales by category",
    PERIODS,
    (
        ("iPhone", "40,665", "39,570", "162,863", "153,105"),
        ("Mac", "7,382", "", "28,669", "26,012"),
        ("iPad", "7,224", "7,368", "", "23,610"),
        ("Wearables, Home and Accessories", "", "8,775", "31,591", "29,582"),
        ("Services", "19,604", "17,486", "58,941", ""),
        ("Total net sales", "82,959", "81,434", "304,182", "282,457"),
    ),
    "What were the net sales of {row} in the {column}?",
    ENDED,
)
"""Of the 10-Q for June 2022, with cells left empty."""
SEGMENTS = Sheet(
    "分部净销售额",
    (("分部", "2022年第三季度", "2021年第三季度", "2022年前九个月"),),
    (
        ("美洲", "37,472", "35,870", "129,850"),
        ("欧洲", "19,287", "", "72,323"),
        ("大中华区", "14,604", "14,762", ""),
        ("日本", "", "6,464", "20,277"),
        ("亚太其他地区", "6,150", "5,395", "23,002"),
    ),
    "{row}{column}的净销售额是多少？",
    ("2022年第三季度", "2021年第三季度", "2022年前九个月"),
)
"""The same report's segments, in Chinese."""

REPORTS = {
    "2022 Q3 AAPL.pdf": (
        ("What were the total net sales for the three months ended June 25, 2022?", "82,959"),
        ("What were the total net sales for the nine months ended June 26, 2021?", "282,457"),
        ("What was the operating income in the three months ended June 26, 2021?", "24,126"),
        ("What was the net income in the nine months ended June 25, 2022?", "79,082"),
        ("How much was spent on research and development in the three months ended June 25, 2022?", "6,797"),
        ("What was the gross margin in the nine months ended June 26, 2021?", "117,662"),
        ("What were the inventories on September 25, 2021?", "6,580"),
        ("What was the commercial paper on June 25, 2022?", "10,982"),
        ("How high were the total assets on June 25, 2022?", "336,309"),
        ("What were the retained earnings on September 25, 2021?", "5,562"),
        ("What were the iPhone net sales in the three months ended June 26, 2021?", "39,570"),
        ("What were the net sales in Greater China in the three months ended June 25, 2022?", "14,604"),
        ("What were the net sales in Japan in the nine months ended June 26, 2021?", "22,491"),
        ("What was the effective tax rate in the nine months ended June 25, 2022?", "16.3"),
        ("How much were the repurchases of common stock in the nine months ended June 26, 2021?", "66,223"),
        ("What was the depreciation and amortization in the nine months ended June 25, 2022?", "8,239"),
        ("What were the proceeds from issuance of term debt, net in the nine months ended June 25, 2022?", "—"),
        ("What was the share-based compensation expense in the nine months ended June 26, 2021?", "5,961"),
        ("What was the interest expense in the three months ended June 25, 2022?", "719"),
        ("What was the Mac change in the nine months ended June 2022?", "10"),
    ),
    "2023 Q3 AAPL.pdf": (
        ("What were the total net sales for the three months ended July 1, 2023?", "81,797"),
        ("What were the Mac net sales in the three months ended June 25, 2022?", "7,382"),
        ("What were the net sales in Europe in the nine months ended July 1, 2023?", "71,831"),
        ("What was the provision for income taxes in the three months ended July 1, 2023?", "2,852"),
    ),
}  # fmt: skip
"""Questions about the reports as they are, and what the cell says."""
