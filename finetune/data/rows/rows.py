"""Rows of a data file, one at a time: a record, or the reason why the line is none. Nothing is skipped but blank lines."""

from collections.abc import Callable, Iterator
from pathlib import Path

from chatbot.common.errors import InputError
from finetune.data.examples import Fault, Format, Row
from finetune.data.rows.csv import read_csv
from finetune.data.rows.documents import read_json
from finetune.data.rows.json import read_jsonl
from finetune.data.rows.source import MAX_BYTES, MAX_LINE, MAX_ROWS, Damaged, Line, Source, faulty, lines, opened

Told = Callable[[float], None]
"""Called now and then with the fraction of the file that was read, 0 to 1."""


def read_rows(
    path: Path, format: Format, told: Told = lambda fraction: None, most: int = MAX_ROWS
) -> Iterator[Row | Fault]:
    """Rows and faults in the file's order; row numbers are lines in CSV, TSV, JSONL and text, else records, from 1.

    Raises `InputError` when the file cannot be read at all or holds more than `most` rows.
    """
    items = _parquet(path, told, most) if format.container == "parquet" else _text_file(path, format, told)
    for count, item in enumerate(items, 1):
        if count > most:
            raise _too_many(most)
        yield item


def _too_many(most: int) -> InputError:
    return InputError(f"The file has more than {most:,} rows. Please split it.", kind="data_rows", limit=f"{most:,}")


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


def _parquet(path: Path, told: Told, most: int) -> Iterator[Row | Fault]:
    """A value that repeats is stored once: what it unpacks to is known only row by row."""
    import pyarrow  # type: ignore[import-untyped]
    import pyarrow.parquet  # type: ignore[import-untyped]

    number = unpacked = 0
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            meta = file.metadata
            if meta.num_rows > most:
                raise _too_many(most)
            size = sum(meta.row_group(at).total_byte_size for at in range(meta.num_row_groups))
            _require_size(max(size, path.stat().st_size))
            for batch in file.iter_batches(batch_size=256):
                unpacked += batch.nbytes
                _require_size(unpacked)
                told(number / max(1, meta.num_rows))
                for values in batch.to_pylist():
                    number += 1
                    yield Row(number, values)
    except (pyarrow.ArrowException, OSError) as error:
        if not number:
            raise InputError("The Parquet file is damaged. Please save it again.", kind="data_damaged") from error
        yield Fault(number + 1, "damaged", "The Parquet file is damaged here; nothing after this could be read.")


def _require_size(size: int) -> None:
    if size > MAX_BYTES:
        limit = f"{MAX_BYTES / 2**20:,.0f} MiB"
        raise InputError(f"The table unpacks to more than {limit}. Please split it.", kind="data_unpacked", limit=limit)
