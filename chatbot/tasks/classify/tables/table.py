"""A CSV file or a workbook -> rows -> the same rows with a label and its probabilities behind them.

A row of a CSV file is written back as the very characters that it was read from; so are rows that cannot be parsed, which
get no label. A workbook comes back as it was, with the labels behind the rows of its first sheet.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from chatbot.common.errors import InputError
from chatbot.common.limited import Limits, run
from chatbot.common.rejected import shown
from chatbot.tasks.classify.judge import Judgement
from chatbot.tasks.classify.tables import workbook
from chatbot.tasks.classify.tables.parsed import (
    NUMBER,
    are_sentences,
    from_objects,
    is_of_numbers,
    names_columns,
    names_one,
    objects,
    separator,
)
from chatbot.tasks.classify.tables.records import MAX_BYTES, Row, records, row_of
from retrieval.reading.plain.encodings import decode

DELIMITERS = ",;\t|"
_ZIP = b"PK\x03\x04"
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")
_BOM = "\ufeff"
_SAMPLE = 200  # rows that are looked at to guess which column holds the text
_LIKELY = ("text", "review", "comment", "sentence", "message", "content", "body", "feedback", "文本", "评论", "内容")


@dataclass(frozen=True, slots=True)
class Table:
    """`columns` are the header's names, made unique, or numbers where the file has no header; `rows` do not hold it. `lead` is
    what stood before the first record. `sheets` were left out, by name."""

    name: str
    columns: tuple[str, ...]
    header: Row
    rows: tuple[Row, ...]
    delimiter: str = ","
    encoding: str = "utf-8"
    marked: bool = False  # the file begins with a byte order mark
    sheets: tuple[str, ...] = ()
    lead: str = ""

    @property
    def ending(self) -> str:
        """Of the file that comes back."""
        return ".xlsx" if any(row.number for row in self.rows) else ".csv"

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
        """The column that probably holds the texts: by its name, else by its length, numbers last."""
        for wanted in _LIKELY:
            if found := next((name for name in self.columns if name.strip().casefold() == wanted), None):
                return found
        columns = [self.values(n)[:_SAMPLE] for n in range(len(self.columns))]
        lengths = [(not is_of_numbers(cells), sum(map(len, cells))) for cells in columns]
        return self.columns[lengths.index(max(lengths))]

    def values(self, at: int) -> list[str]:
        """The cells of a column, of rows that could be read."""
        return [row.fields[at] for row in self.rows if at < len(row.fields)]


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


def labelled(table: Table, names: Sequence[str], judged: Mapping[int, Judgement]) -> bytes:
    """The table as a CSV file with the label and the probabilities of every row in `judged`, by the row's place."""
    added = _added(table, names)
    blank = [""] * len(added)
    end = table.header.end or "\n"
    parts = [_BOM if table.marked else "", table.lead, _joined(table, table.header, added, end)]
    for place, row in enumerate(table.rows):
        judgement = judged.get(place)
        values = [judgement.told, *(f"{p:.4f}" for _, p in judgement.scores)] if judgement else blank
        parts.append(_torn(table, row) + (row.end or end) if not row.fields else _joined(table, row, values, end))
    text = "".join(parts)
    try:
        return text.encode(table.encoding, "surrogateescape")
    except UnicodeEncodeError:  # a label that the file's own encoding does not know
        return (text if table.marked else _BOM + text).encode("utf-8", "surrogateescape")


def as_file(
    table: Table, path: Path, names: Sequence[str], judged: Mapping[int, Judgement], *, stop: Event | None = None
) -> bytes:
    """As `labelled`, but a workbook, which lies at `path`, comes back as one. Raises `RejectedFile`."""
    if table.ending == ".csv":
        return labelled(table, names, judged)
    numbered = ((row.number, judged[place]) for place, row in enumerate(table.rows) if place in judged)
    rows: dict[int, workbook.Cells] = {
        number: [found.told, *(round(p, 4) for _, p in found.scores)] for number, found in numbered
    }
    if table.header.number:
        rows[table.header.number] = _added(table, names)
    return workbook.write(path, table.name, rows, stop=stop)


def _added(table: Table, names: Sequence[str]) -> list[str]:
    """The header of the new columns."""
    added = ["predicted_label", *(f"p_{name}" for name in names)]
    return [name if name not in table.columns else f"{name}_2" for name in added]


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
    return f"'{cell}" if cell.startswith(_FORMULA) and not NUMBER.fullmatch(cell) else cell


def _csv(data: bytes, name: str) -> Table:
    decoded = decode(data)
    text = data.decode(decoded.encoding, "surrogateescape")
    marked = text.startswith(_BOM)
    text = text.removeprefix(_BOM)
    if not text.strip():
        raise InputError(f"{shown(name)} is empty. Choose a file that holds a table.", kind="empty_table")
    if "\0" in text or sum(c < " " and c not in "\t\r\n\f" for c in text[:20_000]) * 50 > len(text[:20_000]):
        raise InputError(f"{shown(name)} is no CSV file or workbook. Save it as CSV or XLSX.", kind="no_table")
    if (rows := objects(text)) is not None:
        return _table(name, from_objects(rows), marked=True)
    lead, delimiter = separator(text)
    lines = io.StringIO(text.removeprefix(lead), newline="").readlines()
    delimiter = delimiter or max(DELIMITERS, key=lines[0].count)
    found = list(records(lines, delimiter))
    if not found or not found[0].fields:
        raise InputError(
            f"The first line of {shown(name)} does not name the columns: its quotes do not match.", kind="bad_header"
        )
    if not lead and names_one(found) and are_sentences(found):
        found = [row_of([row.raw], row.end) if row.raw.strip() else row for row in found]
    return _table(name, found, delimiter=delimiter, encoding=decoded.encoding, marked=marked, lead=lead)


def _table(
    name: str,
    found: Sequence[Row],
    *,
    delimiter: str = ",",
    encoding: str = "utf-8",
    marked: bool = False,
    lead: str = "",
    sheets: tuple[str, ...] = (),
) -> Table:
    """With names for the columns where the first record is data."""
    if not names_columns(found[0].fields, [row.fields for row in found[1:]]):
        names = [f"column {at}" for at in range(1, max(len(row.fields) for row in found) + 1)]
        line = io.StringIO()
        csv.writer(line, delimiter=delimiter, lineterminator="").writerow(names)
        found = [Row(line.getvalue(), tuple(names), found[0].end or "\n"), *found]
    header, *rows = found
    columns = _unique(header.fields)
    held = tuple(_held(row, len(columns)) for row in rows)
    return Table(shown(name), columns, header, held, delimiter, encoding, marked, sheets, lead)


def _held(row: Row, columns: int) -> Row:
    """The row, with a fault where it has more values than there are columns."""
    return Row(row.raw, (), row.end, "columns", row.number) if len(row.fields) > columns else row


def _unique(names: Sequence[str]) -> tuple[str, ...]:
    found: list[str] = []
    for at, name in enumerate(names, 1):
        told = " ".join(name.split()) or f"column {at}"
        found.append(told if told not in found else f"{told} ({at})")
    return tuple(found)


def _workbook(path: Path, name: str, stop: Event | None) -> Table:
    found: list[Row] = []
    sheets: tuple[str, ...] = ()
    given = {"name": shown(name)}
    for record in run("retrieval.reading.office.cells", [str(path.resolve()), name], Limits(), stop=stop, given=given):
        if isinstance(cells := record.get("row"), list):
            found.append(row_of([str(cell) for cell in cells], number=int(str(record["number"]))))
        if isinstance(others := record.get("sheets"), list):
            sheets = tuple(map(str, others))
    if not found:
        raise InputError(f"{given['name']} is empty. Choose a file that holds a table.", kind="empty_table")
    return _table(name, found, marked=True, sheets=sheets)
