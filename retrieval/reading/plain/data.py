"""JSON and JSON Lines: one line a value, named by its path, `author.name: Ada`."""

import json
from collections.abc import Iterator
from pathlib import Path

from chatbot.common.limited import Limits
from retrieval.reading.pages import Pages
from retrieval.reading.plain.text import text_of


def read(path: Path, name: str, pages: Pages, limits: Limits) -> None:
    text = text_of(path, pages)
    try:
        values = list(_values(text, name))
    except (ValueError, RecursionError) as error:
        where = f"line {error.lineno}" if isinstance(error, json.JSONDecodeError) else type(error).__name__
        pages.flag("not_valid", format="JSON", where=where)
        for paragraph in text.split("\n\n"):
            pages.add(paragraph)
        return
    for value in values:
        pages.add("\n".join(_lines(value)))


def _values(text: str, name: str) -> Iterator[object]:
    """The records: the lines of JSON Lines, the elements of a top-level list or object."""
    if name.lower().endswith((".jsonl", ".ndjson")):
        yield from (json.loads(line) for line in text.split("\n") if line.strip())
        return
    whole = json.loads(text)
    if isinstance(whole, list):
        yield from whole
    elif isinstance(whole, dict):
        yield from ({key: value} for key, value in whole.items())
    else:
        yield whole


def _lines(value: object) -> Iterator[str]:
    """Depth first, without recursion: the parser allows deeper nesting than the stack."""
    waiting: list[tuple[str, object]] = [("", value)]
    while waiting:
        name, value = waiting.pop()
        if isinstance(value, dict):
            waiting += [(f"{name}.{key}" if name else str(key), child) for key, child in reversed(value.items())]
        elif isinstance(value, list) and any(isinstance(child, dict | list) for child in value):
            waiting += [(f"{name}[{k}]", child) for k, child in reversed([*enumerate(value, 1)])]
        else:
            shown = ", ".join(map(_shown, value)) if isinstance(value, list) else _shown(value)
            yield f"{name}: {shown}" if name else shown


def _shown(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
