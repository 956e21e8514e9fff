"""A file of examples: recognise it, and read it one example at a time."""

import csv
import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

from chatbot.common.errors import InputError
from finetune.data.examples import Columns, Container, Example, Fault, Format, Row
from finetune.data.layouts.columns import check_columns, proposal, suggestion
from finetune.data.layouts.layouts import layout_of, to_example, unused
from finetune.data.layouts.names import canonical
from finetune.data.rows.csv import column_names, is_separator, split_line
from finetune.data.rows.documents import split_of
from finetune.data.rows.json import is_turn
from finetune.data.rows.rows import Told, read_rows
from finetune.data.rows.source import MAX_ROWS, SAMPLE, Damaged, encoding_of, lines, opened

PROBED = 100  # rows that are looked at to recognise a layout
_DELIMITERS = ",;\t|"


def detect(path: Path, name: str = "") -> Format:
    """Recognise container, encoding and layout. `name` is what the person calls the file; only its ending is read.

    Raises `InputError` when the file is empty, above `source.MAX_BYTES`, no text or of another kind.
    """
    with opened(path) as source:
        try:
            parquet = source.file.read(4) == b"PAR1"
        except Damaged:
            parquet = False
    found = Format("parquet", encoding="") if parquet else _text_format(path, name or path.name)
    rows, columns = list[Row](), dict[str, None]()
    for item in islice(read_rows(path, found), PROBED):
        if isinstance(item, Row):
            rows.append(item)
            columns.update(dict.fromkeys(map(str, item.values)))
    layout = layout_of(rows)
    offered = proposal([*columns], [row.values for row in rows]) if layout == "columns" else None
    return replace(found, layout=layout, columns=tuple(columns), unused=unused(layout, columns), proposal=offered)


def read_examples(
    path: Path,
    format: Format,
    columns: Columns | None = None,
    *,
    told: Told = lambda fraction: None,
    most: int = MAX_ROWS,
) -> Iterator[Example | Fault]:
    """Every row of the file, usable or faulty, in its order and with one row in memory.

    `columns` says what the columns mean; without it, columns whose names speak for themselves are taken (see
    `mapping_of`), and other tables yield faults only. `told` hears the fraction that was read. Raises `InputError` when
    `columns` does not fit the file, or the file is beyond a limit.
    """
    format = headless(format, columns)
    columns = mapping_of(format, columns)
    if columns and format.columns:
        check_columns(columns, format.columns)
    for item in read_rows(path, format, told, most):
        yield to_example(_split(item), format, columns) if isinstance(item, Row) else item


def _split(row: Row) -> Row:
    """With what its own column says of the side it belongs to."""
    if row.split:
        return row
    value = next((value for name, value in row.values.items() if canonical(str(name)) == "split"), None)
    return replace(row, split=split_of(value)) if isinstance(value, str) and split_of(value) else row


def mapping_of(format: Format, columns: Columns | None = None) -> Columns | None:
    """The mapping that reads the file: the given one, else the suggested one of a table, else None."""
    return columns or (suggestion(format.columns) if format.layout == "columns" else None)


def headless(format: Format, columns: Columns | None) -> Format:
    """The format of a table whose first line is a row already, when the mapping says so."""
    if not columns or columns.header or format.container not in ("csv", "tsv"):
        return format
    return replace(format, header=False, columns=tuple(f"column_{at}" for at in range(1, len(format.columns) + 1)))


def _text_format(path: Path, name: str) -> Format:
    codec = encoding_of(path)
    suffix = Path(name.lower().removesuffix(".gz")).suffix
    with opened(path) as source:
        head, separator = [], ""
        try:
            for line in lines(source.file, codec):
                if is_separator(line):
                    separator = line.text.strip().strip('"')[4]
                    continue
                head.append(line.text)
                if len(head) >= PROBED or sum(map(len, head)) > SAMPLE:
                    break
        except Damaged:
            pass
    written = [line for line in head if line.strip()]
    container = "csv" if separator else _container(written, suffix)
    if container not in ("csv", "tsv"):
        return Format(container, encoding=codec, paragraphs=container == "text" and len(written) < len(head))
    delimiter = separator or ("\t" if container == "tsv" else max(_DELIMITERS, key=(written or [""])[0].count))
    found = Format(container, encoding=codec, delimiter=delimiter)
    return replace(found, columns=_header(written, found))


def _container(written: list[str], suffix: str) -> Container:
    first = written[0].lstrip() if written else ""
    if suffix in (".txt", ".md"):
        return "text"
    if first.startswith(("{", "[")) or suffix in (".json", ".jsonl", ".ndjson"):
        return "jsonl" if _by_lines(written, first, suffix) else "json"
    if suffix in (".tsv", ".tab") or (suffix != ".csv" and "\t" in first):
        return "tsv"
    return "csv" if suffix == ".csv" or any(sign in first for sign in ",;|") else "text"


def _by_lines(written: list[str], first: str, suffix: str) -> bool:
    """Whether a line is a row: not one document over several lines, nor several of those, nor one line that holds all rows."""
    lined = suffix in (".jsonl", ".ndjson")
    if len(written) == 1:
        return lined and not _is_rows(first)
    if first.startswith("["):
        return _is_value(first)
    return any(map(_is_object, written)) or (lined and not first.startswith("{"))


def _is_rows(line: str) -> bool:
    """Whether one line is a list of rows, or an object around one."""
    if not _is_object(line):
        return line.startswith("[")
    return any(isinstance(value, list) and value and all(isinstance(row, dict) and not is_turn(row) for row in value)
               for value in json.loads(line).values())  # fmt: skip


def _is_value(line: str) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _header(written: list[str], format: Format) -> tuple[str, ...]:
    if not written:
        raise InputError("The file has no rows.", kind="data_no_rows")
    try:
        return tuple(column_names(split_line(written[0], format.delimiter)))
    except csv.Error as error:
        raise InputError(
            "The first line, which names the columns, has quotes that do not match.", kind="data_first_line"
        ) from error
