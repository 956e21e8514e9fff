"""CSV and TSV: one row a line."""

import csv
import io
import re
from pathlib import Path

from chatbot.common.limited import Limits
from retrieval.reading.pages import Pages
from retrieval.reading.plain.text import text_of

_SAMPLE = 64 << 10
_MANY = 20  # columns
_EMPTY_RUN = re.compile(r"(?:\| +){3,}|\A(?: *\| +)+")


def row(cells: list[str]) -> str:
    """Cells side by side on one line; long runs of empty ones shrink to one."""
    line = " | ".join(" ".join(cell.split()) for cell in cells).rstrip(" |")
    return _EMPTY_RUN.sub("| ", line) if len(cells) > _MANY else line


def read(path: Path, name: str, pages: Pages, limits: Limits) -> None:
    text = text_of(path, pages)
    csv.field_size_limit(limits.characters)
    cells = 0
    first = True
    for record in csv.reader(io.StringIO(text, newline=""), _dialect(text, name)):
        cells += len(record)
        if cells > limits.cells:
            pages.flag("cells_left_out", cells=limits.cells)
            return
        if any(cell.strip() for cell in record):
            pages.add(row(record), "table", level=int(first))
            first = False


def _dialect(text: str, name: str) -> type[csv.Dialect]:
    if name.lower().endswith((".tsv", ".tab")):
        return csv.excel_tab
    sample = text[:_SAMPLE]
    lines = sample.splitlines()[:20]

    class Found(csv.excel):
        delimiter = max(",;\t|", key=lambda mark: _regularity(lines, mark))

    return Found


def _regularity(lines: list[str], mark: str) -> int:
    """Columns that nearly every line has, were `mark` the delimiter; quoted fields may hide some."""
    counts = sorted(line.count(mark) for line in lines if line.strip())
    return counts[len(counts) // 4] if counts else 0
