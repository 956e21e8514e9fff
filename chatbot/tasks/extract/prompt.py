"""What the model is asked, and the JSON Schema that its answer is held to: days, numbers and amounts are chosen from those that
stand in the text; what is not said is an empty string."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from chatbot.tasks.extract.fields import Field, Fields
from chatbot.tasks.extract.ground import candidates
from chatbot.types import GREEDY, Message, Sampling
from retrieval.text.words import is_dense

LONGEST = 160  # characters of a value that is not chosen
LISTED = 12  # values of a list
AT_MOST = 24  # records of one window
ROOM = 1200  # tokens of an answer at most; that to a short text has fewer, since all its values stand there

Raw = Mapping[str, Any]
"""A record as the model wrote it."""

_SYSTEM = (
    "You copy facts out of a text into JSON. Copy the words exactly as they stand in the text. Where the text does not say a "
    'value, write "".'
)
_SYSTEM_ZH = '你从文本中抄录信息，写成 JSON。词句必须与原文完全一致。文本没有说的，写 ""。'


def prompt(text: str, fields: Fields, *, many: bool, anchor: str = "") -> tuple[list[Message], Sampling]:
    """For one record, or for as many as there are; with `anchor` for the one whose first field is that."""
    chinese = is_dense(text)
    about = "\n".join(f"- {field.name}" + (f": {field.about}" if field.about else "") for field in fields)
    if chinese:
        what = "一个 JSON 数组，每条记录一个对象" if many else "一个 JSON 对象"
        words = f"文本：\n{text}\n\n字段：\n{about}\n\n用{what}回答。"
    else:
        what = "a JSON array, one object for each record" if many else "one JSON object"
        words = f"Text:\n{text}\n\nFields:\n{about}\n\nAnswer with {what}."
    schema = json.dumps(_schema(text, fields, many, anchor), ensure_ascii=False)
    turns = [Message("system", _SYSTEM_ZH if chinese else _SYSTEM), Message("user", words)]
    room = 80 + 24 * len(fields) + len(text) * (2 if chinese else 1)
    return turns, replace(GREEDY, schema=schema, max_tokens=min(ROOM, room))


def _schema(text: str, fields: Fields, many: bool, anchor: str) -> dict[str, Any]:
    properties = {field.name: _of(field, text) for field in fields}
    if anchor:
        properties[fields[0].name] = {"enum": [anchor]}
    names = [field.name for field in fields]
    record = {"type": "object", "properties": properties, "required": names, "additionalProperties": False}
    return {"type": "array", "items": record, "maxItems": AT_MOST} if many else record


def _of(field: Field, text: str) -> dict[str, Any]:
    if field.kind in ("text", "list"):
        free = {"type": "string", "maxLength": LONGEST}
        return free if field.kind == "text" else {"type": "array", "items": free, "maxItems": LISTED}
    said = dict.fromkeys(text[one.start : one.end] for one in candidates(field, text))
    return {"enum": [*said, ""]}


def parsed(answer: str) -> list[Raw]:
    """The records of an answer; of one that was cut off, those that are whole, and what there is of the last."""
    return [one for one in _objects(answer) if isinstance(one, dict)]


def _objects(answer: str) -> Iterator[Any]:
    decoder, at = json.JSONDecoder(), answer.find("{")
    while at >= 0:
        try:
            record, end = decoder.raw_decode(answer, at)
        except ValueError:
            record, end = _begun(answer[at:]), len(answer)
        yield record
        at = answer.find("{", end)


def _begun(answer: str) -> Any:
    """As much of an object as is whole."""
    cuts: Sequence[int] = [n for n, sign in enumerate(answer) if sign == ","]
    for cut in reversed(cuts):
        try:
            return json.loads(answer[:cut] + "}")
        except ValueError:
            continue
    return None
