"""CSV and TSV -> rows. One wrong quote costs one row."""

import csv
import re
from collections import deque
from collections.abc import Iterator
from itertools import zip_longest

from finetune.data.examples import Fault, Format, Row, written
from finetune.data.rows.source import MAX_LINE, Line, Source, faulty, lines

_SEPARATOR = re.compile(r'"?sep=([,;\t|])"?\s*', re.IGNORECASE)
MAX_RECORD_LINES = 2_000  # of one quoted CSV record: beyond, its quote was never closed


def read_csv(source: Source, format: Format) -> Iterator[Row | Fault]:
    """A first line such as `sep=;`, which a spreadsheet writes, is none of the rows."""
    records = _csv_records((line for line in lines(source.file, format.encoding) if not separator(line)), format)
    names: list[str] = []
    for number, fields in records:
        if isinstance(fields, Fault):
            yield fields
        elif not names and format.header:
            names = column_names(fields)
        elif len(fields) != len(names or format.columns):
            named = len(names or format.columns)
            known = dict(zip_longest(names or format.columns, fields, fillvalue=""))
            yield Fault(number, "columns", f"The row has {len(fields)} values for {named} columns.", written(known))
        else:
            yield Row(number, dict(zip(names or format.columns, fields, strict=True)))


def separator(line: Line) -> str:
    """What parts the cells, where a first line says it; "" for any other line."""
    found = _SEPARATOR.fullmatch(line.text) if line.number == 1 else None
    return found[1] if found else ""


def column_names(fields: list[str]) -> list[str]:
    """Names of the header; one without a name, or with that of an earlier column, gets its number."""
    names: list[str] = []
    for at, field in enumerate(fields, 1):
        name = field.strip()
        names.append(name if name and name not in names else f"{name or 'column'}_{at}")
    return names


def _csv_records(source: Iterator[Line], format: Format) -> Iterator[tuple[int, list[str] | Fault]]:
    waiting: deque[Line] = deque()  # lines that were looked at for the end of a quoted field
    while line := waiting.popleft() if waiting else next(source, None):
        if line.fault:
            yield line.number, faulty(line, format)
        elif not line.text.strip():
            continue
        elif format.container == "tsv":
            yield line.number, _tab_fields(line.text, len(format.columns))
        else:
            yield line.number, _fields(line, format.delimiter, source, waiting)


def _tab_fields(text: str, columns: int) -> list[str]:
    """Tab-separated files know no quotes by their registration; those of a spreadsheet quote all the same."""
    plain = text.split("\t")
    try:
        quoted = split_line(text, "\t")
    except csv.Error:
        return plain
    return quoted if len(quoted) == len(plain) or len(quoted) == columns else plain


def _fields(line: Line, delimiter: str, source: Iterator[Line], waiting: deque[Line]) -> list[str] | Fault:
    """The fields of the record that begins at `line`. One that never ends costs only its first line: the lines after it
    go back to `waiting` and are read again by themselves."""
    text, taken = line.text, list[Line]()
    while True:
        try:
            fields = split_line(text, delimiter)
            break
        except csv.Error as error:
            ahead = _next_quoted(text, taken, source, waiting) if "unexpected end" in str(error) else None
        if ahead is None:
            waiting.extendleft(reversed(taken))
            return Fault(
                line.number, "quoting", 'The quotes (") of this row do not match.', written({"row": line.text})
            )
        text = ahead
    return fields


def _next_quoted(text: str, taken: list[Line], source: Iterator[Line], waiting: deque[Line]) -> str | None:
    """`text` with lines up to where its quotes could be even; None when they never are."""
    parts, size, even = [text], len(text), False
    while not even and len(taken) < MAX_RECORD_LINES and size < MAX_LINE:
        line = waiting.popleft() if waiting else next(source, None)
        if line is None:
            return None
        taken.append(line)
        if line.fault:
            return None
        parts.append(line.text)
        size += len(line.text)
        even = line.text.count('"') % 2 == 1
    return "\n".join(parts) if even else None


def split_line(line: str, delimiter: str) -> list[str]:
    """The fields of one CSV or TSV record. Raises `csv.Error` where quotes are wrong."""
    if csv.field_size_limit() < MAX_LINE:  # a limit of the whole process, and too low for long texts
        csv.field_size_limit(MAX_LINE)
    return next(csv.reader([line], delimiter=delimiter, strict=True))
