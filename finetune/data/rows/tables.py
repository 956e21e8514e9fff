"""Parquet, Arrow and Excel files -> rows. A value that repeats is stored once: what it unpacks to is known only row by row."""

import json
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from chatbot.common.errors import InputError
from finetune.data.examples import Fault, Row
from finetune.data.rows.csv import column_names
from finetune.data.rows.documents import split_of
from finetune.data.rows.source import MAX_BYTES

Items = Iterator[Row | Fault]
Classes = Mapping[str, Sequence[str]]
"""Names of the classes that a column holds as numbers, from 0."""
STREAM = b"\xff\xff\xff\xff"  # what an Arrow stream begins with, which has no name at its head


def read_parquet(path: Path, most: int) -> Items:
    import pyarrow.parquet  # type: ignore[import-untyped]

    def batches() -> Iterator[Any]:
        with pyarrow.parquet.ParquetFile(path) as file:
            meta = file.metadata
            require_rows(meta.num_rows, most)
            size = sum(meta.row_group(at).total_byte_size for at in range(meta.num_row_groups))
            require_size(max(size, path.stat().st_size))
            yield from file.iter_batches(batch_size=256)

    return _rows(batches(), "Parquet")


def read_arrow(path: Path, most: int) -> Items:
    """A file or a stream of Arrow's, as `datasets` saves them."""
    import pyarrow
    import pyarrow.ipc  # type: ignore[import-untyped]

    def batches() -> Iterator[Any]:
        require_size(path.stat().st_size)
        with pyarrow.memory_map(str(path)) as source:
            if source.read(4) == STREAM:
                source.seek(0)
                yield from pyarrow.ipc.open_stream(source)
                return
            file = pyarrow.ipc.open_file(source)
            yield from (file.get_batch(at) for at in range(file.num_record_batches))

    return _rows((part for batch in batches() for part in _parts(batch)), "Arrow")


def _parts(batch: Any) -> Iterable[Any]:
    batch.validate(full=True)  # the file's numbers say where values lie in memory, and Arrow believes them
    return (batch.slice(at, 256) for at in range(0, batch.num_rows, 256))


def _rows(batches: Iterator[Any], kind: str) -> Items:
    import pyarrow

    number = unpacked = 0
    classes: Classes | None = None
    try:
        for batch in batches:
            unpacked += batch.nbytes
            require_size(unpacked)
            classes = _classes(batch.schema.metadata or {}) if classes is None else classes
            for values in batch.to_pylist():
                number += 1
                yield Row(number, named(values, classes))
    except (pyarrow.ArrowException, OSError, UnicodeDecodeError) as error:
        if not number:
            raise InputError(
                f"The {kind} file is damaged. Please save it again.", kind="data_damaged", format=kind
            ) from error
        yield Fault(number + 1, "damaged", f"The {kind} file is damaged here; nothing after this could be read.")


def _classes(metadata: Mapping[bytes, bytes]) -> Classes:
    """As `datasets` writes them into a file."""
    try:
        features = json.loads(metadata.get(b"huggingface", b"{}"))["info"]["features"]
        return {name: list(map(str, one["names"])) for name, one in features.items() if one["_type"] == "ClassLabel"}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def named(values: dict[str, Any], classes: Classes) -> dict[str, Any]:
    """The row with names in place of the numbers of classes; a number that has none, such as -1 for an unknown one, stays."""
    known = {
        name: names[at]
        for name, names in classes.items()
        if isinstance(at := values.get(name), int) and 0 <= at < len(names)
    }
    return {**values, **known}


def read_workbook(path: Path, most: int) -> Items:
    """The first row of a sheet names its columns. Cells are values, never formulas. Sheets with the columns of the first one are one
    data set, what is called after a split belongs to it; of any other table a fault says that it is left out."""
    number = 0
    try:
        with zipfile.ZipFile(path) as packed:
            require_size(sum(member.file_size for member in packed.infolist()))
        for item in _sheet_rows(path):
            number = item.number if isinstance(item, Row) else item.row
            yield item
    except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile, zlib.error, SyntaxError, TypeError) as error:
        if not number:  # XML that does not parse is a SyntaxError
            raise InputError(
                "The Excel file is damaged. Please save it again.", kind="data_damaged", format="Excel"
            ) from error
        yield Fault(number + 1, "damaged", "The Excel file is damaged here; nothing after this could be read.")


def _sheet_rows(path: Path) -> Items:
    """Rows are counted on from sheet to sheet."""
    import openpyxl

    with path.open("rb") as stream:
        book = openpyxl.load_workbook(stream, read_only=True, data_only=True, keep_links=False)
        first, seen = list[str](), 0
        for sheet in book.worksheets:
            names, number = list[str](), seen
            for number, cells in enumerate(sheet.iter_rows(values_only=True), seen + 1):
                if all(cell is None for cell in cells):
                    continue
                if not names:
                    names = column_names(["" if cell is None else str(cell) for cell in cells])
                    first = first or names
                elif names == first:
                    values = {name: _cell(cell) for name, cell in zip(names, cells, strict=False)}
                    yield Row(number, values, split_of(sheet.title))
                else:
                    reason = f"The sheet {sheet.title[:80]} has other columns than the first one and is left out."
                    yield Fault(number, "columns", reason)
                    break
            seen = number


def _cell(value: object) -> object:
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)


def require_rows(count: int, most: int) -> None:
    if count > most:
        raise InputError(f"The file has more than {most:,} rows. Please split it.", kind="data_rows", limit=f"{most:,}")


def require_size(size: int) -> None:
    if size > MAX_BYTES:
        limit = f"{MAX_BYTES / 2**20:,.0f} MiB"
        raise InputError(f"The table unpacks to more than {limit}. Please split it.", kind="data_unpacked", limit=limit)
