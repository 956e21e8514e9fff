"""A JSON file of any shape -> rows: lists, objects around lists, splits, columns, and values one after another."""

import io
import json
import re
from collections.abc import Generator, Iterator, Mapping
from itertools import chain, islice
from typing import Any

from finetune.data.examples import Fault, Format, Row, Split
from finetune.data.rows.json import WHOLE, JsonText, is_turn, row_of, unrolled
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
_ROWS = ("data", "rows", "examples", "items", "records", "instances", "samples", "entries", "dataset", "数据", "样本")
"""What people call the list of rows; one of another name may tell about them."""
_ASKS = ("instruction", "prompt", "question", "query", "input", "问题", "指令")
_FIELDS = ("messages", "conversations", "conversation", "text", "label", "chosen", "context", "文本")
_ANSWERS = ("output", "response", "answer", "completion", "chosen", "答案", "回答", "输出")
_AROUND = 5  # fields of an object that may stand around the rows: more are a row themselves
_ABOUT = 1_000  # items of a list of another name that are kept until it is known whether a longer one follows
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
                for one in unrolled(value):
                    number += 1
                    yield row_of(number, one, split)
            if text.peek() == ",":  # objects of a list whose brackets were lost
                text.take(",")
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
    was named after a split, every other is; of several lists of other names, the longest holds the rows."""
    text.take("{")
    seen: dict[str, object] = {}
    kept: list[object] = []
    sure = False
    while text.peek() == '"':
        name = str(text.value())
        text.take(":")
        if not _holds_rows(text, name) or (sure and not split_of(name)):
            seen[name] = text.value(WHOLE)
        else:
            text.take("[")
            items = _items(text)
            named = sure or split_of(name) or name.strip().lower() in _ROWS
            about, goes_on = ([], True) if named else (yield from _begun(items))
            if goes_on:
                sure, kept = True, []
                yield from ((value, split_of(name)) for value in chain(about, items))
            else:
                seen[name], kept = about, max(kept, about, key=len)
        if text.take(",}") == "}":
            break
    else:
        text.take("}")
    if not sure:
        yield from ((value, "") for value in kept) if kept and not _is_row(seen) else whole(seen)


def _is_row(seen: Mapping[str, object]) -> bool:
    """Whether an object asks and answers by itself, whatever lists it has besides."""
    names = {name.strip().lower() for name, value in seen.items() if isinstance(value, str) and value.strip()}
    return any(name in names for name in _ASKS) and any(name in names for name in _ANSWERS)


def _begun(items: Iterator[object]) -> Generator[tuple[object, Split], None, tuple[list[object], bool]]:
    """The first `_ABOUT` items, and whether more follow. What came before a damage are rows: nothing can follow it."""
    found: list[object] = []
    try:
        for value in islice(items, _ABOUT):
            found.append(value)
    except (ValueError, RecursionError):
        yield from ((value, "") for value in found)
        raise
    return found, len(found) == _ABOUT


def _holds_rows(text: JsonText, name: str) -> bool:
    """Whether a list of objects, or of conversations, begins here that is not a part of one row."""
    if text.peek() != "[":
        return False
    ahead = text.ahead()
    if re.match(r"\[\s*\[\s*\{", ahead):
        return True
    first = _FIRST_KEY.match(ahead)
    if first is None or first[1] in _TURN or is_turn(_first_of(ahead)):
        return False
    return not (name in _IN_A_ROW and first[1] in _PART) and name not in ("tools", "functions")


def _first_of(ahead: str) -> object:
    """The first item of the list that begins there; None where it goes on beyond."""
    try:
        return json.JSONDecoder().raw_decode(ahead, ahead.index("{"))[0]
    except (ValueError, RecursionError):
        return None


def whole(values: Mapping[str, object]) -> Iterator[tuple[object, Split]]:
    """An object without lists of rows: splits or rows one level down, a table as pandas writes it, or one row."""
    columns, data = values.get("columns"), values.get("data")
    if isinstance(columns, list) and isinstance(data, list):  # orient="split"
        yield from ((dict(zip(map(str, columns), row, strict=True)), "") for row in data if isinstance(row, list))
    elif rows := _wrapped(values):
        yield from rows
    elif values and all(isinstance(column, dict) and column for column in values.values()):
        yield from _keyed(values)
    elif len(values) > 1 and all(
        isinstance(c, list) and c and not isinstance(c[0], list | dict) for c in values.values()
    ):
        lengths = {len(column) for column in values.values() if isinstance(column, list)}
        yield from ((row, "") for row in (_across(values, range(lengths.pop())) if len(lengths) == 1 else [values]))
    else:
        yield values, ""


def _wrapped(values: Mapping[str, object]) -> list[tuple[object, Split]]:
    """Rows in the only object among plain values, or in one that is called like it; none where the whole is one row itself."""
    inside = {name: value for name, value in values.items() if isinstance(value, dict)}
    named = next((name for name in inside if name.strip().lower() in _ROWS), "")
    inner = inside[named] if named else next(iter(inside.values()), None) if len(inside) == 1 else None
    if inner is None or _is_row(values) or any(isinstance(value, list) for value in values.values()):
        return []
    rows = _rows_in(inner, alone=len(values) == 1) or ([*whole(inner)] if named else [])
    return [] if len(rows) == 1 and rows[0][0] is inner else rows


def _rows_in(inner: Mapping[str, object], *, alone: bool) -> list[tuple[object, Split]]:
    """Rows in its lists, or one more level down. With nothing else beside it, any list of objects holds rows."""
    lists: dict[str, Any] = {name: rows for name, rows in inner.items() if _are_rows(rows)}
    if splits := [name for name in lists if split_of(name)]:
        return [(row, split_of(name)) for name in splits for row in lists[name]]
    named = next((name for name in lists if name.strip().lower() in _ROWS), "")
    if not named and alone:
        named = max(lists, key=lambda name: len(lists[name]), default="")
    if named:
        return [(row, "") for row in lists[named]]
    deeper = [value for value in inner.values() if isinstance(value, dict)]
    few = len(deeper) == 1 and len(inner) <= _AROUND and not lists
    return _rows_in(deeper[0], alone=alone and len(inner) == 1) if few else []


def _are_rows(rows: Any) -> bool:
    return isinstance(rows, list) and bool(rows) and isinstance(rows[0], dict) and not is_turn(rows[0])


def _keyed(values: Mapping[str, object]) -> Iterator[tuple[object, Split]]:
    """{column: {row: value}}, as pandas writes by default, or {row: {column: value}}."""
    inner = [list(column) for column in values.values() if isinstance(column, dict)]
    fields = {*_ASKS, *_ANSWERS, *_FIELDS}
    known = any(key.strip().lower() in fields for key in inner[0])
    if known or all(name.isdecimal() for name in values) or not all(keys == inner[0] for keys in inner):
        yield from ((row, "") for row in values.values())
    elif all(key.isdecimal() for key in inner[0]) or len(values) > 1:
        yield from ((row, "") for row in _across(values, inner[0]))
    else:
        yield values, ""


def _across(columns: Mapping[str, object], keys: range | list[str]) -> Iterator[dict[str, object]]:
    for key in keys:
        yield {name: column[key] for name, column in columns.items()}  # type: ignore[index]
