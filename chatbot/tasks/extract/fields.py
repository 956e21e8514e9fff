"""The fields of a table that people name in words, or programs in JSON."""

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from chatbot.common.errors import InputError

Kind = Literal["text", "number", "date", "money", "choice", "list"]
MOST = 20  # fields of a table
LONGEST = 60  # characters of a name; an explanation has 200

_WORDS: dict[Kind, str] = {
    "text": "text string str words name 文本 文字 字符串 texto palabras nombre",
    "number": "number integer int float count 数字 数值 数量 número cantidad",
    "date": "date day 日期 fecha día",
    "money": "money amount price currency 金额 价格 货币 importe precio moneda",
    "choice": "choice enum 选项 选择 opción",
    "list": "list array 列表 多个 lista varios",
}
KINDS: dict[str, Kind] = {word: kind for kind, words in _WORDS.items() for word in words.split()}
"""What people call a kind, in lower case."""
_CHOICE = re.compile(
    r"(?:one of|either|其中之一|选自|uno de|una de)\s*[:：]?\s*(?P<options>.+)", re.IGNORECASE | re.DOTALL
)
_BETWEEN = re.compile(r"\s*(?:[,，、;；/|]|\s+(?:or|o)\s+|或)\s*")
_ABOUT = re.compile(r"[(（](?P<about>[^()（）]*)[)）]\s*\Z")


@dataclass(frozen=True, slots=True)
class Field:
    """One column. `options` are those of a choice; `about` tells the model what it stands for."""

    name: str
    kind: Kind = "text"
    options: tuple[str, ...] = ()
    about: str = ""


Fields = tuple[Field, ...]


def parse(given: str | list[Any] | dict[str, Any]) -> Fields:
    """Fields as people type them, one to a line ("total: money", "status: one of paid, open", "seller (who is paid)"), names
    alone also with commas between them; or as JSON: names with kinds, or a list of {"name", "type", "options", "description"}.

    Raises `InputError` for none, too many, a name given twice, and a kind that there is not.
    """
    if isinstance(given, str):
        given = _from_json(given) if given.strip()[:1] in ("[", "{") else given
    fields = tuple(_typed(unicodedata.normalize("NFC", given)) if isinstance(given, str) else _from_records(given))
    _check(fields)
    return fields


def _from_json(text: str) -> list[Any] | dict[str, Any]:
    try:
        found: list[Any] | dict[str, Any] = json.loads(text)
    except ValueError as error:
        raise InputError(f"The fields are no JSON: {error}.", kind="fields_json", reason=str(error)) from error
    return found


def _typed(text: str) -> list[Field]:
    parts = text.splitlines() if "\n" in text.strip() or re.search("[:：(（]", text) else _BETWEEN.split(text)
    return [_line(part) for part in parts if part.strip()]


def _line(part: str) -> Field:
    part, about = part.strip().lstrip("-*• "), ""
    if said := _ABOUT.search(part):
        part, about = part[: said.start()], said["about"]
    name, _, rest = part.replace("：", ":", 1).partition(":")
    kind, options, more = _kind(rest.strip())
    return Field(_told(name), kind, options, _told(about or more))


def _kind(words: str) -> tuple[Kind, tuple[str, ...], str]:
    """(kind, options, explanation): what is no kind explains."""
    if not words:
        return "text", (), ""
    if chosen := _CHOICE.fullmatch(words):
        return "choice", tuple(filter(None, map(_told, _BETWEEN.split(chosen["options"])))), ""
    kind = KINDS.get(words.casefold())
    return (kind, (), "") if kind else ("text", (), words)


def _from_records(given: list[Any] | dict[str, Any]) -> list[Field]:
    if isinstance(given, Mapping):
        return [_record(name, said) for name, said in given.items()]
    return [_record(one.get("name", ""), one) if isinstance(one, dict) else _record(one, "") for one in given]


def _record(name: Any, said: Any) -> Field:
    if isinstance(said, list):
        said = {"options": said}
    if not isinstance(said, dict):
        kind, choices, about = _kind(str(said or "").strip())
        return Field(_told(name), kind, choices, _told(about))
    listed = said.get("options") or said.get("enum") or ()
    options = tuple(map(_told, listed if isinstance(listed, list) else ()))
    kind, choices, _ = _named(name, str(said.get("type") or ("choice" if options else "text")))
    return Field(_told(name), kind, options or choices, _told(said.get("description") or said.get("about")))


def _named(name: Any, word: str) -> tuple[Kind, tuple[str, ...], str]:
    kind, options, unknown = _kind(word.strip())
    if word.strip().casefold() in ("one of", "其中之一", "uno de", "una de"):
        kind, unknown = "choice", ""
    if unknown:
        known = ", ".join(get_args(Kind))
        raise InputError(
            f"The field {_told(name)!r} is to be of the kind {word[:40]!r}; there are {known}.",
            kind="field_kind",
            name=_told(name),
            word=word[:40],
            known=known,
        )
    return kind, options, ""


def _told(words: Any) -> str:
    return " ".join(str(words or "").split())


def _check(fields: Fields) -> None:
    if not fields:
        raise InputError("Name at least one field, such as “total: money”.", kind="fields_none")
    if len(fields) > MOST:
        raise InputError(f"{len(fields)} fields are too many. Name at most {MOST}.", kind="fields_many", limit=MOST)
    names = [field.name.casefold() for field in fields]
    for field in fields:
        if not 0 < len(field.name) <= LONGEST or len(field.about) > 200:
            raise InputError(
                f"A field has a name of 1 to {LONGEST} characters and an explanation of at most 200.",
                kind="field_name",
                limit=LONGEST,
            )
        if names.count(field.name.casefold()) > 1:
            raise InputError(f"The field “{field.name}” is there twice.", kind="field_twice", name=field.name)
        if field.kind == "choice" and not field.options:
            raise InputError(
                f"Say what “{field.name}” may be: “{field.name}: one of paid, open”.",
                kind="field_options",
                name=field.name,
            )
