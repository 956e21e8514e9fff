"""An extraction as files for other programs: JSON, CSV, and a workbook. No cell of them is run as a formula."""

import csv
import io
import re
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from chatbot.tasks.classify.tables.table import harmless
from chatbot.tasks.extract.record import Cell, Extraction, Value

NORMALISED = ("number", "date", "money")
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")  # in a workbook's XML


def records(given: Extraction) -> list[dict[str, Any]]:
    """{field: {value, quote, start, end, normalized}}; nulls where it is not said. A list's `value` is one, its `items` say where.

    `start` and `end` are characters of the text, which of a file is that of its pages joined by one empty line.
    """
    return [
        {
            field.name: _told(cell, given, record.source, field.kind == "list")
            for field, cell in zip(given.fields, record.cells, strict=True)
        }
        | ({"_source": given.texts[record.source].name} if len(given.texts) > 1 else {})
        for record in given.records
    ]


def _told(cell: Cell, given: Extraction, source: int, listed: bool) -> dict[str, Any]:
    items = [_place(value, given.texts[source].text) for value in cell]
    if not listed:
        return items[0] if items else {"value": None, "quote": "", "start": None, "end": None, "normalized": ""}
    first, last = (items[0], items[-1]) if items else ({"start": None}, {"end": None})
    quote = given.texts[source].text[first["start"] : last["end"]] if items else ""
    whole = {"value": [one["value"] for one in items], "quote": quote, "start": first["start"], "end": last["end"]}
    return {**whole, "items": items}


def _place(value: Value, text: str) -> dict[str, Any]:
    quote = text[value.start : value.end]
    return {"value": value.text, "quote": quote, "start": value.start, "end": value.end, "normalized": value.normal}


def rows(given: Extraction, source: str = "source", normalised: str = "normalised") -> list[list[str]]:
    """The header, then a row for each record; those words name the columns beside the fields'."""
    several = len(given.texts) > 1
    header = [source] if several else []
    for field in given.fields:
        header += [field.name, f"{field.name} ({normalised})"] if field.kind in NORMALISED else [field.name]
    found = [header]
    for record in given.records:
        row = [given.texts[record.source].name] if several else []
        for field, cell in zip(given.fields, record.cells, strict=True):
            row.append("; ".join(value.text for value in cell))
            if field.kind in NORMALISED:
                row.append("; ".join(value.normal for value in cell))
        found.append(row)
    return found


def as_csv(table: list[list[str]]) -> bytes:
    """With a byte order mark, by which spreadsheets know that it is UTF-8."""
    lines = io.StringIO()
    csv.writer(lines, lineterminator="\r\n").writerows([harmless(cell) for cell in row] for row in table)
    return lines.getvalue().encode("utf-8-sig", "replace")


def as_workbook(table: list[list[str]]) -> bytes:
    """All cells are texts, which no spreadsheet runs, but for plain numbers."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for number, row in enumerate(table):
        cells = []
        for said in row:
            cell = WriteOnlyCell(sheet, value=_FORBIDDEN.sub(" ", said))
            if number and re.fullmatch(r"-?\d{1,15}(\.\d+)?", said):
                cell.value = float(said) if "." in said else int(said)
            else:
                cell.data_type = "s"
            cells.append(cell)
        sheet.append(cells)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()
