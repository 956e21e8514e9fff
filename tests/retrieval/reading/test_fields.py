"""Fields and their values are no table with a header: of Word, Excel, HTML and CSV, and of forms with several side by side."""

import io
from collections.abc import Sequence
from pathlib import Path

import docx
import openpyxl
import pytest

from retrieval.reading.fields import is_form, is_sheet
from retrieval.reading.readers import read
from retrieval.text.tables import said

RECORD = [
    ("Name", "Anna Keller"),
    ("Date of birth", "14 March 1988"),
    ("Department", "Procurement"),
    ("Weekly hours", "32"),
    ("Emergency contact", ""),
]
CARD = [("设备名称", "数控车床"), ("型号", "CK6150"), ("购置日期", "2019年8月6日"), ("购置价格", "38.6万元")]


def as_docx(rows: Sequence[Sequence[str]]) -> bytes:
    document = docx.Document()
    table = document.add_table(rows=len(rows), cols=len(rows[0]))
    for n, row in enumerate(rows):
        for k, cell in enumerate(row):
            table.cell(n, k).text = cell
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def as_xlsx(rows: Sequence[Sequence[str]]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append([cell or None for cell in row])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def as_html(rows: Sequence[Sequence[str]]) -> bytes:
    body = "".join(f"<tr><th>{row[0]}</th><td>{row[1]}</td></tr>" for row in rows)
    return f"<html><body><table>{body}</table></body></html>".encode()


def told(folder: Path, content: bytes, kind: str) -> list[str]:
    path = folder / f"a.{kind}"
    path.write_bytes(content)
    found = read(path, path.name)
    return [said(t, row, empty="not given") for page in found.pages for t in page.tables for row in t.rows]


@pytest.mark.parametrize(("kind", "written"), [("docx", as_docx), ("xlsx", as_xlsx), ("html", as_html)])
@pytest.mark.parametrize("rows", [RECORD, CARD], ids=["en", "zh"])
def test_the_first_field_is_no_header_and_an_empty_one_is_not_given(
    tmp_path: Path, kind: str, written: object, rows: list[tuple[str, str]]
) -> None:
    assert callable(written)
    assert told(tmp_path, written(rows), kind) == [f"{label}: {value or 'not given'}" for label, value in rows]


def test_fields_side_by_side_are_one_a_row(tmp_path: Path) -> None:
    form = [
        ("姓名", "张伟", "部门", "财务部"),
        ("电话", "6688-1020", "入职日期", "2019年"),
        ("备注", "", "工号", "0417"),
    ]
    assert told(tmp_path, as_docx(form), "docx") == [
        "姓名: 张伟", "部门: 财务部", "电话: 6688-1020", "入职日期: 2019年", "备注: not given", "工号: 0417",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "rows",
    [
        [("City", "People"), ("Oslo", "709,000"), ("Bergen", "291,000")],
        [("Word", "Meaning"), ("keel", "the spine of a ship"), ("helm", "what it is steered by")],
        [("Name", "Age"), ("Ada", "36"), ("Ben", "41")],
        [("Name", "Department"), ("Ada", "Sales"), ("Ben", "Stock")],
    ],
)
def test_two_columns_with_a_header_are_a_table(rows: list[tuple[str, str]]) -> None:
    assert not is_sheet(rows)


def test_columns_of_fields_are_no_form() -> None:
    assert not is_form(
        [("姓名", "部门", "电话", "地址"), ("张伟", "财务部", "6688", "城东"), ("李静", "销售部", "6689", "城西")]
    )
    assert not is_form([("Site", "Q1", "Q2", "Q3"), ("Ulm", "8", "9", "10")])


def test_half_of_the_values_of_one_kind_is_a_sheet_and_more_are_a_table() -> None:
    rows = [("Built", "2011"), ("Tonnage", "8,412"), ("Length", "126.4 m"), ("Call sign", "LAQX7"), ("Flag", "Norway")]
    assert is_sheet(rows)
    assert not is_sheet([*rows, ("Beam", "18 m")])
