"""The child that reads the first sheet of a workbook as rows: `python -m retrieval.reading.office.cells LIMITS PATH NAME`."""

import json
import sys
from pathlib import Path
from typing import Any

from chatbot.common.confine import confine, rejections, say
from chatbot.common.limited import Limits
from chatbot.common.rejected import RejectedFile
from retrieval.reading.office.package import opened
from retrieval.reading.office.sheets import shown_value
from retrieval.reading.sniff import sniff


def main(limits: Limits, path: Path, name: str) -> None:
    with rejections(limits):
        if sniff(path, name, limits) != "xlsx":
            raise RejectedFile("unsupported", name=name, found="not a workbook", readable="CSV or XLSX")
        import openpyxl

        with opened(path) as stream:
            book = openpyxl.load_workbook(stream, read_only=True, data_only=True, keep_links=False)
            first, *others = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"] or book.worksheets
            say(sheets=[sheet.title for sheet in others])
            _read(first, limits)
        say(end=True)


def _read(sheet: Any, limits: Limits) -> None:
    """Every row with its number, as wide as the first, or as what it holds where that is more. Rows without anything are left out."""
    sheet.reset_dimensions()  # what a sheet claims about its size is not to be trusted
    left, width = limits.cells, 0
    for number, cells in enumerate(sheet.iter_rows(), 1):
        left -= len(cells) // 20 + sum(cell.value is not None for cell in cells)
        if left <= 0:
            raise RejectedFile("too_large", amount=f"over {limits.cells:,} cells", limit=f"{limits.cells:,}")
        values = [shown_value(cell) for cell in cells]
        while values and not values[-1]:
            values.pop()
        if values:
            width = width or len(values)
            say(row=values + [""] * (width - len(values)), number=number)


if __name__ == "__main__":
    bounds = Limits(**json.loads(sys.argv[1]))
    confine(bounds)
    main(bounds, Path(sys.argv[2]), sys.argv[3])
