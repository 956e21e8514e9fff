"""A JSON file of any shape -> rows: lists, objects around lists, splits, columns, and values one after another."""

import io
import json
import re
from collections.abc import Iterator, Mapping

from finetune.data.examples import Fault, Format, Row, Split
from finetune.data.rows.json import WHOLE, JsonText, is_turn, row_of
from finetune.data.rows.source import Source

SPLITS: dict[str, Split] = {
    "train": "train", "training": "train", "train_sft": "train", "train_prefs": "train", "训练": "train", "训练集": "train",
    **dict.fromkeys(("validation", "valid", "val", "dev", "development", "eval", "evaluation", "test", "testing", "holdout",
                     "held_out", "test_sft", "test_prefs", "验证集", "测试集", "验证", "测试"), "validation"),
}  # fmt: skip
"""What people call the two sides of a data set."""
_TURN = ("role", "from", "parts")  # what a turn, which is no row, begins with
_IN_A_ROW = (
    "messages",
    "conversations",
    "conversation",
    "dialogue",
    "history",
    "prompt",
    "completion",
    "contents",
    "chosen",
    "rejected",
    "tools",
    "functions",
    "turns",
)  # fields of one row whose list may look like one of rows
_PART = ("content", "value", "text", "name", "type", "function", "tool_calls", "human", "user", "system", "input")
_FIRST_KEY = re.compile(r'\[\s*\{\s*"([^"]+)"')


def split_of(name: str) -> Split:
    """What the name of a list, a column's value or a file says of its rows."""
    return SPLITS.get(name.strip().lower(), "")


def read_json(source: Source, format: Format) -> Iterator[Row | Fault]:
    handler = "surrogateescape" if format.encoding.startswith("utf-8") else "strict"
    text = JsonText(io.TextIOWrapper(source.file, encoding=format.encoding, errors=handler))
    number = 0
    try:
        while text.peek():
            for value, split in _values(text):
                number += 1
                yield row_of(number, value, split)
    except RecursionError:
        yield Fault(number + 1, "json", "The JSON is nested too deeply; nothing after this could be read.")
    except UnicodeDecodeError:
        yield Fault(number + 1, "encoding", f"Bytes that are not {format.encoding.upper()} text follow here.")
    except ValueError as error:
        reason = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
        yield Fault(number + 1, "json", f"The JSON is broken here ({reason}); nothing after this could be read.")


def _values(text: JsonText) -> Iterator[tuple[object, Split]]:
    """The rows of the next document."""
    if text.peek() == "[":
        text.take("[")
        for value in _items(text):
            yield value, ""
    elif text.peek() == "{":
        yield from _object(text)
    else:
        yield text.value(), ""


def _items(text: JsonText) -> Iterator[object]:
    """The items of the list that `text` stands in."""
    if text.peek() == "]":
        text.take("]")
        return
    while True:
        yield text.value()
        if text.take(",]") == "]":
            return


def _object(text: JsonText) -> Iterator[tuple[object, Split]]:
    """Rows of an object: those in its lists of rows, which are not kept in memory, else what the whole object says. Once a list
    was named after a split, every other is."""
    text.take("{")
    seen: dict[str, object] = {}
    lists = 0
    while text.peek() == '"':
        name = str(text.value())
        text.take(":")
        if _holds_rows(text, name) and (not lists or split_of(name)):
            lists += 1
            text.take("[")
            for value in _items(text):
                yield value, split_of(name)
        else:
            seen[name] = text.value(WHOLE)
        if text.take(",}") == "}":
            break
    else:
        text.take("}")
    if not lists:
        yield from _whole(seen)


def _holds_rows(text: JsonText, name: str) -> bool:
    """Whether a list of objects, or of conversations, begins here that is not a part of one row."""
    if text.peek() != "[":
        return False
    ahead = text.ahead()
    if re.match(r"\[\s*\[\s*\{", ahead):
        return True
    first = _FIRST_KEY.match(ahead)
    return first is not None and first[1] not in _TURN and not (name in _IN_A_ROW and first[1] in _PART)


def _whole(values: Mapping[str, object]) -> Iterator[tuple[object, Split]]:
    """An object without lists of rows: splits or rows one level down, a table as pandas writes it, or one row."""
    columns, data = values.get("columns"), values.get("data")
    if isinstance(columns, list) and isinstance(data, list):  # orient="split"
        yield from ((dict(zip(map(str, columns), row, strict=True)), "") for row in data if isinstance(row, list))
    elif len(values) == 1 and isinstance(inner := next(iter(values.values())), dict) and _lists_of_rows(inner):
        for name, rows in inner.items():
            yield from ((row, split_of(name)) for row in rows)
    elif values and all(isinstance(column, dict) and column for column in values.values()):
        yield from _keyed(values)
    elif len(values) > 1 and all(
        isinstance(c, list) and c and not isinstance(c[0], list | dict) for c in values.values()
    ):
        lengths = {len(column) for column in values.values() if isinstance(column, list)}
        yield from ((row, "") for row in (_across(values, range(lengths.pop())) if len(lengths) == 1 else [values]))
    else:
        yield values, ""


def _lists_of_rows(inner: Mapping[str, object]) -> bool:
    return bool(inner) and all(
        isinstance(rows, list) and rows and isinstance(rows[0], dict) and not is_turn(rows[0])
        for rows in inner.values()
    )


def _keyed(values: Mapping[str, object]) -> Iterator[tuple[object, Split]]:
    """{column: {row: value}}, as pandas writes by default, or {row: {column: value}}."""
    inner = [list(column) for column in values.values() if isinstance(column, dict)]
    if all(name.isdecimal() for name in values) or not all(keys == inner[0] for keys in inner):
        yield from ((row, "") for row in values.values())
    elif all(key.isdecimal() for key in inner[0]) or len(values) > 1:
        yield from ((row, "") for row in _across(values, inner[0]))
    else:
        yield values, ""


def _across(columns: Mapping[str, object], keys: range | list[str]) -> Iterator[dict[str, object]]:
    for key in keys:
        yield {name: column[key] for name, column in columns.items()}  # type: ignore[index]
