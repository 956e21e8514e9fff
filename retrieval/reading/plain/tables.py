"""CSV and TSV: one row a line."""

import csv
import io
from collections.abc import Iterable, Iterator
from pathlib import Path

from chatbot.common.limited import Limits
from retrieval.reading.grid import write
from retrieval.reading.pages import Pages
from retrieval.reading.plain.text import text_of

_SAMPLE = 64 << 10


def read(path: Path, name: str, pages: Pages, limits: Limits) -> None:
    text = text_of(path, pages)
    csv.field_size_limit(limits.characters)
    write(pages, _records(csv.reader(io.StringIO(text, newline=""), _dialect(text, name)), pages, limits))


def _records(records: Iterable[list[str]], pages: Pages, limits: Limits) -> Iterator[list[str]]:
    cells = 0
    for record in records:
        cells += len(record)
        if cells > limits.cells:
            pages.flag("cells_left_out", cells=limits.cells)
            return
        yield record


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
