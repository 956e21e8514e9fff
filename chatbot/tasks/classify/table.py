"""A CSV file or a workbook -> rows -> the same rows with a label and its probabilities behind them.

A row of a CSV file is written back as the very characters that it was read from; so are rows that cannot be parsed, which
get no label. A workbook's first sheet becomes a CSV file of what its cells show.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Literal

from chatbot.common.errors import InputError
from chatbot.common.limited import Limits, run
from chatbot.common.rejected import shown
from chatbot.tasks.classify.labels import Labels
from chatbot.tasks.classify.work import Judgement
from retrieval.reading.plain.encodings import decode

MAX_BYTES = 64 << 20
MAX_LINES = 1000  # of one quoted record; beyond, its quote was never closed
DELIMITERS = ",;\t|"
_ZIP = b"PK\x03\x04"
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")
_NUMBER = re.compile(r"[+-]?[\d.,\s]*\d[\d.,\s]*(?:[eE][+-]?\d+)?[\s%]*")
_BOM = "\ufeff"
_SAMPLE = 200  # rows that are looked at to guess which column holds the text
_LIKELY = ("text", "review", "comment", "sentence", "message", "content", "body", "feedback", "文本", "评论", "内容")

Fault = Literal["quoting", "columns", "empty", "long"]


@dataclass(frozen=True, slots=True)
class Row:
    """`raw` is the record as it stood in the file, `end` its line end. A row with a `fault` has no fields."""

    raw: str
    fields: tuple[str, ...] = ()
    end: str = ""
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """`columns` are the header's names, made unique; `rows` do not hold the header. `sheets` were left out, by name."""

    name: str
    columns: tuple[str, ...]
    header: Row
    rows: tuple[Row, ...]
    delimiter: str = ","
    encoding: str = "utf-8"
    marked: bool = False  # the file begins with a byte order mark
    sheets: tuple[str, ...] = ()

    def column(self, name: str) -> int:
        """Where the column of that name is. Raises `InputError`."""
        if name in self.columns:
            return self.columns.index(name)
        there = ", ".join(self.columns[:20])
        raise InputError(
            f"There is no column named {name[:60]}. The file has: {there}.",
            kind="no_column",
            name=name[:60],
            there=there,
        )

    def likely(self) -> str:
        """The column that probably holds the texts: by its name, else by its length."""
        for wanted in _LIKELY:
            if found := next((name for name in self.columns if name.strip().casefold() == wanted), None):
                return found
        lengths = [
            sum(len(row.fields[n]) for row in self.rows[:_SAMPLE] if row.fields) for n in range(len(self.columns))
        ]
        return self.columns[lengths.index(max(lengths))]


def read_table(path: Path, name: str, *, stop: Event | None = None) -> Table:
    """Raises `InputError`, and `RejectedFile` for a workbook that cannot be opened."""
    size = path.stat().st_size
    if size > MAX_BYTES:
        limit = f"{MAX_BYTES >> 20} MB"
        raise InputError(
            f"{shown(name)} has {size / 2**20:.0f} MB; at most {limit} are taken. Split it.",
            kind="large_table",
            limit=limit,
        )
    with path.open("rb") as stream:
        head = stream.read(len(_ZIP))
    return _workbook(path, name, stop) if head == _ZIP else _csv(path.read_bytes(), name)


def labelled(table: Table, labels: Labels, judged: Mapping[int, Judgement]) -> bytes:
    """The table as a CSV file with the label and the probabilities of every row in `judged`, by the row's place."""
    added = ["predicted_label", *(f"p_{label.name}" for label in labels)]
    taken = set(table.columns)
    added = [name if name not in taken else f"{name}_2" for name in added]
    blank = [""] * len(added)
    end = table.header.end or "\n"
    parts = [_BOM if table.marked else "", _joined(table, table.header, added, end)]
    for place, row in enumerate(table.rows):
        judgement = judged.get(place)
        values = [judgement.label, *(f"{p:.4f}" for _, p in judgement.scores)] if judgement else blank
        parts.append(_torn(table, row) + (row.end or end) if not row.fields else _joined(table, row, values, end))
    text = "".join(parts)
    try:
        return text.encode(table.encoding, "surrogateescape")
    except UnicodeEncodeError:  # a label that the file's own encoding does not know
        return (text if table.marked else _BOM + text).encode("utf-8", "surrogateescape")


def _joined(table: Table, row: Row, values: Sequence[str], end: str) -> str:
    """The row as it was, as far as no cell of it is a formula, and the values behind it."""
    cells, kept = [harmless(cell) for cell in row.fields], row.raw
    if cells != list(row.fields):
        kept = _written(table, cells)
    missing = [""] * (len(table.columns) - len(row.fields))
    return kept + _written(table, ["", *missing, *map(harmless, values)]) + (row.end or end)


def _written(table: Table, cells: Sequence[str]) -> str:
    line = io.StringIO()
    csv.writer(line, delimiter=table.delimiter, lineterminator="").writerow(cells)
    return line.getvalue()


def _torn(table: Table, row: Row) -> str:
    """A row whose quotes are wrong, so that a cell may begin behind any delimiter."""
    pieces = row.raw.split(table.delimiter)
    quotes = [len(piece) - len(piece.lstrip('"')) for piece in pieces]
    return table.delimiter.join(p[:n] + harmless(p[n:]) for p, n in zip(pieces, quotes, strict=True))


def harmless(cell: str) -> str:
    """A cell that a spreadsheet would run, made text by an apostrophe (OWASP, CSV Injection). A number stays one."""
    return f"'{cell}" if cell.startswith(_FORMULA) and not _NUMBER.fullmatch(cell) else cell


def _csv(data: bytes, name: str) -> Table:
    decoded = decode(data)
    text = data.decode(decoded.encoding, "surrogateescape")
    marked = text.startswith(_BOM)
    text = text.removeprefix(_BOM)
    if not text.strip():
        raise InputError(f"{shown(name)} is empty. Choose a file that holds a table.", kind="empty_table")
    if "\0" in text or sum(c < " " and c not in "\t\r\n\f" for c in text[:20_000]) * 50 > len(text[:20_000]):
        raise InputError(f"{shown(name)} is no CSV file or workbook. Save it as CSV or XLSX.", kind="no_table")
    lines = io.StringIO(text, newline="").readlines()
    delimiter = max(DELIMITERS, key=lines[0].count)
    header, *rows = _records(lines, delimiter)
    if not header.fields:
        raise InputError(
            f"The first line of {shown(name)} does not name the columns: its quotes do not match.", kind="bad_header"
        )
    columns = _unique(header.fields)
    rows = [_held(row, len(columns)) for row in rows]
    return Table(shown(name), columns, header, tuple(rows), delimiter, decoded.encoding, marked)


def _records(lines: Sequence[str], delimiter: str) -> Iterator[Row]:
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


def _held(row: Row, columns: int) -> Row:
    """The row, with a fault where it has more values than there are columns."""
    return Row(row.raw, (), row.end, "columns") if len(row.fields) > columns else row


def _unique(names: Sequence[str]) -> tuple[str, ...]:
    found: list[str] = []
    for at, name in enumerate(names, 1):
        told = " ".join(name.split()) or f"column {at}"
        found.append(told if told not in found else f"{told} ({at})")
    return tuple(found)


def _workbook(path: Path, name: str, stop: Event | None) -> Table:
    records: list[Row] = []
    sheets: tuple[str, ...] = ()
    given = {"name": shown(name)}
    for record in run("retrieval.reading.office.cells", [str(path.resolve()), name], Limits(), stop=stop, given=given):
        if isinstance(cells := record.get("row"), list):
            fields = tuple(str(cell) for cell in cells)
            line = io.StringIO()
            csv.writer(line, lineterminator="").writerow(fields)
            records.append(Row(line.getvalue(), fields, "\r\n"))
        if isinstance(others := record.get("sheets"), list):
            sheets = tuple(map(str, others))
    if not records:
        raise InputError(f"{given['name']} is empty. Choose a file that holds a table.", kind="empty_table")
    header, *rows = records
    columns = _unique(header.fields)
    return Table(
        given["name"], columns, header, tuple(_held(row, len(columns)) for row in rows), marked=True, sheets=sheets
    )
