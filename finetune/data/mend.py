"""A data set of which a person has mended some rows: written anew, a row a line."""

import json
from collections.abc import Mapping
from pathlib import Path

from chatbot.common import disk
from finetune.data.examples import Columns, Row
from finetune.data.formats import detect, headless
from finetune.data.rows.rows import read_rows


def mend(path: Path, name: str, changes: Mapping[int, str], target: Path, columns: Columns | None = None) -> int:
    """Write the rows to `target` as JSON lines: those whose numbers are in `changes` as they stand there, none where nothing does, all
    others as they are. Returns how many were left out, because they cannot be read at all.

    Raises `InputError` as reading does, `StoreFull` or `StoreError`.
    """
    left = 0
    with disk.writing(target.parent), target.open("w", encoding="utf-8", errors="replace") as file:
        for item in read_rows(path, headless(detect(path, name), columns)):
            number = item.number if isinstance(item, Row) else item.row
            if number in changes:
                line = _line(changes[number])
            elif isinstance(item, Row):
                side = {"split": item.split} if item.split else {}
                line = json.dumps({**item.values, **side}, default=str)
            else:
                line, left = "", left + 1
            file.write(f"{line}\n" if line else "")
    return left


def _line(text: str) -> str:
    """In one line, whatever a person made of it."""
    try:
        return json.dumps(json.loads(text))
    except (ValueError, RecursionError):
        return " ".join(text.split())
