"""A file of examples: recognise it, and read it one example at a time."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

from finetune.data.examples import Columns, Example, Fault, Format, Row
from finetune.data.layouts.columns import check_columns, proposal, suggestion
from finetune.data.layouts.layouts import layout_of, to_example, unused_of
from finetune.data.layouts.names import canonical, canonical_row
from finetune.data.layouts.preferences import is_labelled
from finetune.data.layouts.turns import weighing
from finetune.data.rows.documents import split_of
from finetune.data.rows.recognise import PROBED, recognised
from finetune.data.rows.rows import Told, read_rows
from finetune.data.rows.source import MAX_ROWS


def detect(path: Path, name: str = "") -> Format:
    """Recognise container, encoding and layout. `name` is what the person calls the file; only its ending is read.

    Raises `InputError` when the file is empty, above `source.MAX_BYTES`, no text or of another kind.
    """
    found = recognised(path, name or path.name)
    rows, columns = list[Row](), dict[str, None]()
    for item in islice(read_rows(path, found), PROBED):
        if isinstance(item, Row):
            rows.append(item)
            columns.update(dict.fromkeys(map(str, item.values)))
    layout, plain = layout_of(rows), [canonical_row(row.values) for row in rows]
    format = replace(
        found,
        layout=layout,
        columns=tuple(columns),
        proposal=proposal([*columns], [row.values for row in rows]) if layout == "columns" else None,
        labelled=is_labelled(plain),
        weighed=weighing(plain),
    )
    return replace(format, unused=unused_of(format, plain))


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
