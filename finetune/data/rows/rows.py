"""Rows of a data file, one at a time: a record, or the reason why the line is none. Nothing is skipped but blank lines."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from finetune.data.examples import Fault, Format, Row
from finetune.data.rows.archive import read_archive
from finetune.data.rows.csv import read_csv
from finetune.data.rows.documents import read_json
from finetune.data.rows.json import read_jsonl
from finetune.data.rows.source import MAX_LINE, MAX_ROWS, Damaged, Line, Source, faulty, lines, opened
from finetune.data.rows.tables import read_arrow, read_parquet, read_workbook, require_rows

Told = Callable[[float], None]
"""Called now and then with the fraction of the file that was read, 0 to 1."""


def read_rows(
    path: Path, format: Format, told: Told = lambda fraction: None, most: int = MAX_ROWS
) -> Iterator[Row | Fault]:
    """Rows and faults in the file's order; row numbers are lines in CSV, TSV, JSONL and text, else records, from 1.

    Raises `InputError` when the file cannot be read at all or holds more than `most` rows.
    """
    if format.container in TABLES:
        items = TABLES[format.container](path, most)
    elif format.container == "archive":
        items = read_archive(path, lambda member, found: read_rows(member, found, most=most))
    else:
        items = _text_file(path, format, told)
    for count, item in enumerate(items, 1):
        require_rows(count, most)
        yield _flat(item)


def _flat(item: Row | Fault) -> Row | Fault:
    """With each language of a translation as a column, where they stand in one, as `datasets` keeps them."""
    inner = item.values.get("translation") if isinstance(item, Row) else None
    if not isinstance(item, Row) or not isinstance(inner, dict) or len(inner) < 2:
        return item
    return replace(item, values={name: value for name, value in item.values.items() if name != "translation"} | inner)


def _text_file(path: Path, format: Format, told: Told) -> Iterator[Row | Fault]:
    number = 0
    try:
        with opened(path) as source:
            for count, item in enumerate(CONTAINERS[format.container](source, format)):
                number = item.number if isinstance(item, Row) else item.row
                if count % 256 == 0:
                    told(source.fraction())
                yield item
    except Damaged:
        yield Fault(number + 1, "damaged", "The compressed file breaks off here; nothing after this could be read.")


def _plain_text(source: Source, format: Format) -> Iterator[Row | Fault]:
    block: list[Line] = []
    for line in lines(source.file, format.encoding):
        if line.fault or not line.text.strip():
            yield from _joined(block)
            block = []
            if line.fault:
                yield faulty(line, format)
            continue
        block.append(line)
        if not format.paragraphs or sum(len(part.text) + 1 for part in block) > MAX_LINE:
            yield from _joined(block)
            block = []
    yield from _joined(block)


def _joined(block: list[Line]) -> Iterator[Row]:
    if block:
        yield Row(block[0].number, {"text": "\n".join(line.text for line in block)})


CONTAINERS: dict[str, Callable[[Source, Format], Iterator[Row | Fault]]] = {
    "jsonl": read_jsonl,
    "json": read_json,
    "csv": read_csv,
    "tsv": read_csv,
    "text": _plain_text,
}


TABLES: dict[str, Callable[[Path, int], Iterator[Row | Fault]]] = {
    "parquet": read_parquet,
    "arrow": read_arrow,
    "xlsx": read_workbook,
}
