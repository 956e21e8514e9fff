"""Text -> the records of a table: CSV with or without a header and `sep=`, or JSON, one object to a line or in a list."""

import json
import re
from collections.abc import Sequence

from chatbot.tasks.classify.tables.records import Row, row_of

_SEPARATOR = re.compile(r'\A"?sep=(.)"?[ \t]*(?:\r\n|\r|\n)', re.IGNORECASE)
NUMBER = re.compile(r"[+-]?[\d.,\s]*\d[\d.,\s]*(?:[eE][+-]?\d+)?[\s%]*")
_DATE = re.compile(r"\d{1,4}[-./]\d{1,2}[-./]\d{1,4}(?:[ T]\d{1,2}:\d{2}(?::\d{2})?)?\s*")
_NAMES = frozenset(
    [
        "text",
        "texts",
        "review",
        "reviews",
        "comment",
        "comments",
        "sentence",
        "message",
        "messages",
        "content",
        "body",
        "feedback",
        "title",
        "subject",
        "summary",
        "description",
        "id",
        "no",
        "nr",
        "name",
        "user",
        "author",
        "email",
        "date",
        "time",
        "created",
        "label",
        "labels",
        "class",
        "category",
        "sentiment",
        "rating",
        "score",
        "stars",
        "country",
        "language",
        "lang",
        "product",
        "price",
        "source",
        "url",
        "tweet",
        "answer",
        "question",
        "topic",
        "文本",
        "评论",
        "内容",
        "标题",
        "编号",
        "序号",
        "评分",
        "标签",
        "类别",
        "分类",
        "日期",
        "时间",
        "姓名",
        "用户",
        "来源",
        "产品",
        "评价",
        "texto",
        "reseña",
        "comentario",
        "título",
        "fecha",
        "puntuación",
        "texte",
        "avis",
        "commentaire",
        "titre",
        "datum",
        "bewertung",
        "kommentar",
    ]
)
_SAMPLE = 200  # rows that are held against the first one
_MOSTLY = 0.8  # of the cells of a column, from which it is one of numbers


def separator(text: str) -> tuple[str, str]:
    """(the line `sep=;` of Excel, which is no row, or nothing; the delimiter it names, or nothing)"""
    found = _SEPARATOR.match(text)
    return (found[0], found[1]) if found else ("", "")


def names_columns(first: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first record is a header: it has a usual name, or is of another kind than what stands below it."""
    rows = [row for row in rows[:_SAMPLE] if row]
    if any(" ".join(cell.split()).casefold() in _NAMES for cell in first):
        return True
    if not rows or any(not cell.strip() or is_number(cell) for cell in first):
        return not rows and len(first) > 1
    columns = [[row[at] for row in rows if at < len(row) and row[at].strip()] for at in range(len(first))]
    if any(cell in column for cell, column in zip(first, columns, strict=True)):
        return False
    return any(map(_differs, first, columns))


def names_one(found: Sequence[Row]) -> bool:
    """Whether the first record names one column, or none."""
    first, *rows = found
    return len(first.fields) == 1 or not names_columns(first.fields, [row.fields for row in rows])


def are_sentences(found: Sequence[Row]) -> bool:
    """Texts with commas in them, one a line: without quotes, each of other many parts, and a space behind most of the commas."""
    raw = "\n".join(row.raw for row in found)
    parts = {len(row.fields) for row in found if row.fields}
    return '"' not in raw and len(parts) > 1 and 2 * raw.count(", ") > raw.count(",") > 0


def _differs(name: str, column: Sequence[str]) -> bool:
    """A name above numbers, or a word above sentences."""
    if not column:
        return False
    if is_of_numbers(column):
        return True
    lengths = sorted(len(cell) for cell in column)
    word = len(name.split()) <= 3 and not re.search(r"[.!?。！？]\s*\Z", name)
    return word and 2 * len(name) < lengths[len(lengths) // 2]


def is_number(cell: str) -> bool:
    """A number, an amount of per cent, or a date: nothing that somebody says."""
    return NUMBER.fullmatch(cell.strip()) is not None or _DATE.fullmatch(cell.strip()) is not None


def is_of_numbers(column: Sequence[str]) -> bool:
    told = [cell for cell in column if cell.strip()]
    return bool(told) and sum(map(is_number, told)) >= _MOSTLY * len(told)


def objects(text: str) -> list[dict[str, object]] | None:
    """Of JSON, one object to a line or a list of them; None where it is none. A line that is broken is an empty one."""
    start = text.lstrip()[:1]
    if start not in ("{", "["):
        return None
    try:
        found = json.loads(text)
        found = found if isinstance(found, list) else [found]
    except ValueError:
        found = [_object(line) for line in text.splitlines() if line.strip()]
    rows = [row if isinstance(row, dict) else {} for row in found]
    return rows if sum(map(bool, rows)) * 2 > len(rows) else None


def _object(line: str) -> object:
    try:
        return json.loads(line)
    except ValueError:
        return None


def from_objects(rows: Sequence[dict[str, object]]) -> list[Row]:
    """The header, which names every key that occurs, and the rows; what is no text is written as JSON."""
    names = list(dict.fromkeys(str(key) for row in rows for key in row))
    cells = [[_cell(row.get(name)) for name in names] for row in rows]
    return [row_of(names), *map(row_of, cells)]


def _cell(value: object) -> str:
    return value if isinstance(value, str) else "" if value is None else json.dumps(value, ensure_ascii=False)
