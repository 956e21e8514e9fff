"""XLSX through openpyxl's read-only mode: one row a line, the saved values of formulas."""

from datetime import datetime
from pathlib import Path
from typing import Any

from chatbot.common.limited import Limits
from retrieval.reading.office.package import opened
from retrieval.reading.pages import Pages
from retrieval.reading.plain.tables import row


def read(path: Path, name: str, pages: Pages, limits: Limits) -> None:
    import openpyxl

    with opened(path) as stream:
        book = openpyxl.load_workbook(stream, read_only=True, data_only=True, keep_links=False)
        _read_book(book, pages, limits)


def _read_book(book: Any, pages: Pages, limits: Limits) -> None:
    hidden = []
    left = limits.cells
    for sheet in book.worksheets:
        if sheet.sheet_state != "visible":
            hidden.append(sheet.title)
            continue
        pages.begin(sheet.title)
        left = _read_sheet(sheet, pages, left)
        if left <= 0:
            pages.flag("cells_left_out", cells=limits.cells)
            break
    if hidden:
        pages.flag("hidden_parts", names=", ".join(hidden))


def _read_sheet(sheet: Any, pages: Pages, left: int) -> int:
    """Returns how many cells may still be visited. Cells that are only gaps before one far out count too."""
    sheet.reset_dimensions()  # what a sheet claims about its size is not to be trusted
    first = True
    for cells in sheet.iter_rows():
        left -= len(cells) // 20 + sum(cell.value is not None for cell in cells)
        if left <= 0:
            break
        shown = [shown_value(cell) for cell in cells]
        if any(shown):
            pages.add(row(shown), "table", level=int(first))
            first = False
    return left


def shown_value(cell: Any) -> str:
    """A value as people read it in the sheet, without its decoration."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int | float):
        if str(cell.number_format).endswith("%"):
            return f"{value * 100:.10g}%"
        return f"{value:.15g}" if isinstance(value, float) else str(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time().isoformat() == "00:00:00" else value.isoformat(" ", "minutes")
    return str(value)
