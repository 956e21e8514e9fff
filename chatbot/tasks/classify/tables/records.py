"""The records of a CSV file, each with the characters that it was read from."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

MAX_BYTES = 64 << 20
MAX_LINES = 1000  # of one quoted record; beyond, its quote was never closed

Fault = Literal["quoting", "columns", "empty", "long", "number"]


@dataclass(frozen=True, slots=True)
class Row:
    """`raw` is the record as it stood in the file, `end` its line end. A row with a `fault` has no fields. `number` is that of a
    workbook's row."""

    raw: str
    fields: tuple[str, ...] = ()
    end: str = ""
    fault: Fault | None = None
    number: int = 0


def row_of(cells: Sequence[str], end: str = "\r\n", number: int = 0) -> Row:
    """A record that was read from something else than CSV."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(cells)
    return Row(line.getvalue(), tuple(cells), end, number=number)


def records(lines: Sequence[str], delimiter: str) -> Iterator[Row]:
    """One wrong quote costs one row: where quotes never close, the lines after the first are read again by themselves."""
    at = 0
    while at < len(lines):
        until, fields = _record(lines, at, delimiter)
        raw = "".join(lines[at:until])
        bare = raw.rstrip("\r\n")
        yield Row(bare, fields or (), raw[len(bare) :], "quoting" if fields is None else None)
        at = until


def _record(lines: Sequence[str], at: int, delimiter: str) -> tuple[int, tuple[str, ...] | None]:
    """(line behind the record that begins at line `at`, its fields; None: its quotes are wrong)"""
    csv.field_size_limit(MAX_BYTES)  # a limit of the whole process, and too low for long texts
    for until in range(at + 1, min(len(lines), at + MAX_LINES) + 1):
        if until > at + 1 and '"' not in lines[until - 1]:
            continue  # nothing can have closed
        try:
            bare = "".join(lines[at:until]).rstrip("\r\n")
            records = list(csv.reader(io.StringIO(bare, newline=""), delimiter=delimiter, strict=True))
        except csv.Error as error:
            if "unexpected end" in str(error):
                continue
            break
        return until, tuple(records[0]) if records else ()
    return at + 1, None
