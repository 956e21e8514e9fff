"""XLSX through openpyxl's read-only mode: each table of a sheet, its values as they are shown."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from openpyxl.utils import get_column_letter

from chatbot.common.limited import Limits
from retrieval.reading.grid import write
from retrieval.reading.office.formats.shown import shown
from retrieval.reading.office.package import opened
from retrieval.reading.office.workbook import Sheet, look
from retrieval.reading.pages import Pages

NOT_CALCULATED = "not calculated"
"""Stands in a cell whose formula was saved without its value."""


def read(path: Path, name: str, pages: Pages, limits: Limits) -> None:
    import openpyxl

    with opened(path) as stream:
        book = openpyxl.load_workbook(stream, read_only=True, data_only=True, keep_links=False)
        _read_book(book, pages, limits)


def _read_book(book: Any, pages: Pages, limits: Limits) -> None:
    hidden: list[str] = []
    left = limits.cells
    for sheet in book.worksheets:
        if sheet.sheet_state != "visible":
            hidden.append(sheet.title)
            continue
        pages.begin(sheet.title)
        about = look(sheet, left)
        hidden += _hidden_parts(sheet.title, about)
        rows = _Rows(sheet, about, left)
        _write(rows, pages)
        _write_beside(rows, pages)
        left = rows.left
        if left <= 0:
            pages.flag("cells_left_out", cells=limits.cells)
            break
    if hidden:
        pages.flag("hidden_parts", names=", ".join(hidden))


def _write(rows: "_Rows", pages: Pages) -> None:
    """Tables one below the other, with empty rows between: each with its own headers, else it goes on with those above."""
    columns: tuple[str, ...] = ()
    for blank, block in groupby(rows, lambda row: not any(row)):
        if not blank:
            columns = write(pages, block, above=columns)


def _write_beside(rows: "_Rows", pages: Pages) -> None:
    """Comments, by their cells, and text boxes."""
    for place, text in rows.comments:
        pages.add(f"{place}: {text}")
    for box in rows.about.boxes:
        pages.add(box)
    if rows.uncalculated:
        pages.flag("uncalculated", count=rows.uncalculated, sheet=rows.title)


def _hidden_parts(title: str, about: Sheet) -> Iterator[str]:
    """As Excel names them: "Budget!3:5" are rows, "Budget!C:D" columns."""
    for first, last in _runs(sorted(about.hidden_rows)):
        yield f"{title}!{first}:{last}"
    for first, last in about.hidden_columns:
        yield f"{title}!{get_column_letter(first)}:{get_column_letter(last)}"


def _runs(numbers: Iterable[int]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1] = runs[-1][0], number
        else:
            runs.append((number, number))
    return runs


class _Rows:
    """The visible cells of a sheet, row by row, merged ones filled. `left` cells may still be visited: those that are only
    gaps before one far out count too."""

    def __init__(self, sheet: Any, about: Sheet, left: int) -> None:
        sheet.reset_dimensions()  # what a sheet claims about its size is not to be trusted
        self.about, self.left, self.title = about, left, sheet.title
        self.comments: list[tuple[str, str]] = []
        self.uncalculated = 0
        self._sheet = sheet
        self._reaching: dict[int, tuple[str, int]] = {}  # by column: what a merged cell says, and down to which row

    def __iter__(self) -> Iterator[list[str]]:
        for number, cells in enumerate(self._sheet.iter_rows(), 1):
            self.left -= len(cells) // 20 + sum(cell.value is not None for cell in cells)
            if self.left <= 0:
                return
            values = self._filled(number, [shown_value(cell) for cell in cells])
            if number not in self.about.hidden_rows:
                yield self._seen(number, values)

    def _seen(self, number: int, values: list[str]) -> list[str]:
        about = self.about
        for column, value in enumerate(values, 1):
            if (number, column) in about.uncalculated and not value:
                values[column - 1] = NOT_CALCULATED
                self.uncalculated += 1
        if about.comments:
            self._comment_on(number, values)
        return [value for column, value in enumerate(values, 1) if not about.is_hidden(column)]

    def _comment_on(self, number: int, values: list[str]) -> None:
        for column, value in enumerate(values, 1):
            text = self.about.comments.get((number, column))
            if text and not self.about.is_hidden(column):
                place = f"{get_column_letter(column)}{number}"
                self.comments.append((f"{place} ({value})" if value else place, text))

    def _filled(self, number: int, values: list[str]) -> list[str]:
        for first, last, bottom in self.about.merged.get(number, ()):
            text = values[first - 1] if first <= len(values) else ""
            if text:
                self._reaching |= dict.fromkeys(range(first, last + 1), (text, bottom))
        for column, (text, bottom) in [*self._reaching.items()] if self._reaching else ():
            if number > bottom:
                del self._reaching[column]
                continue
            self.left -= max(0, column - len(values)) // 20
            values += [""] * (column - len(values))
            values[column - 1] = text
        return values


def shown_value(cell: Any) -> str:
    """A value as people read it in the sheet."""
    return "" if cell.value is None else shown(cell.value, str(cell.number_format))
