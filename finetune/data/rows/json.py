"""JSON lines -> rows, and the values of a JSON text piece by piece; `documents` reads rows from them."""

import io
import json
from collections.abc import Iterator
from typing import Any

from finetune.data.examples import MENDED, Fault, Format, Row, Split, written
from finetune.data.rows.source import MAX_LINE, Source, faulty, lines

WHOLE = 32 * 2**20  # characters of a value beside the rows, and of a table that is written column by column


def read_jsonl(source: Source, format: Format) -> Iterator[Row | Fault]:
    for line in lines(source.file, format.encoding):
        if line.fault:
            yield faulty(line, format)
        elif line.text.strip():
            yield _record(line.number, line.text)


def _record(number: int, text: str) -> Row | Fault:
    try:
        return row_of(number, parsed(text))
    except RecursionError:
        return Fault(number, "json", "The JSON is nested too deeply.")
    except ValueError as error:
        return Fault(number, "json", f"This is not valid JSON: {error}.", text if len(text) <= MENDED else "")


def parsed(line: str) -> object:
    """The value in a line, which may be one of a list whose brackets were lost. Raises `ValueError` or `RecursionError`."""
    value: object = json.loads(line.rstrip().removesuffix(","))
    return value


def row_of(number: int, value: object, split: Split = "") -> Row | Fault:
    """A JSON value as a row; a bare list of turns is a row too."""
    if isinstance(value, dict):
        inner = value.get("row") if "row_idx" in value else None  # as the hub's data sets viewer gives them
        return Row(number, flat(inner if isinstance(inner, dict) else value), split)
    if isinstance(value, list) and value and all(is_turn(turn) for turn in value):
        return Row(number, {"messages": value}, split)
    kind = {list: "a list", str: "a text", type(None): "null"}.get(type(value), "a number")
    return Fault(
        number, "not_an_object", f'A row must be a JSON object such as {{"messages": ...}}, not {kind}.', written(value)
    )


def flat(row: dict[str, Any]) -> dict[str, Any]:
    """LangSmith's rows without the boxes around what went in and what came out; any other row as it is."""
    given, told = row.get("inputs"), row.get("outputs")
    if not isinstance(given, dict) or not isinstance(told, dict):
        return row
    rest = {name: value for name, value in row.items() if name not in ("inputs", "outputs")}
    asked = next((name for name, value in given.items() if _turns(value)), None)
    answered = next((name for name, value in told.items() if _turns(value)), None)
    if asked is not None and answered is not None:
        rest["messages"] = [*_turns(given[asked]), *_turns(told[answered])]
        given, told = ({k: v for k, v in box.items() if k != name} for box, name in ((given, asked), (told, answered)))
    both = given.keys() & told.keys()  # else one of them would be lost
    boxes = (("input", given), ("output", told))
    return rest | {
        f"{side}_{name}" if name in both else name: value for side, box in boxes for name, value in box.items()
    }


def _turns(value: object) -> list[dict[str, Any]]:
    """The messages in a field, also as LangChain writes them; none where it holds something else."""
    listed = [_turn(one) for one in (value if isinstance(value, list) else [value])]
    return [turn for turn in listed if turn] if all(listed) else []


def _turn(value: Any) -> dict[str, Any]:
    if is_turn(value):
        return dict(value)
    data = value.get("data") if isinstance(value, dict) and "type" in value else None
    return {"role": value["type"], "content": data.get("content")} if isinstance(data, dict) else {}


def unrolled(value: object) -> Iterator[object]:
    """The questions about the paragraphs of an article, as SQuAD's files hold them, each as a row; any other value is one itself."""
    articles = value.get("paragraphs") if isinstance(value, dict) else None
    if not isinstance(articles, list) or not all(isinstance(part, dict) and _asked(part) for part in articles):
        yield value
        return
    for part in articles:
        for asked in _asked(part):
            yield {"context": part.get("context"), "question": asked.get("question"), "answer": _answer(asked)}


def _asked(part: dict[str, Any]) -> list[dict[str, Any]]:
    found = part.get("qas")
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _answer(asked: dict[str, Any]) -> object:
    """The first of several; "" where the paragraph has none."""
    answers = asked.get("answers")
    first = answers[0] if isinstance(answers, list) and answers else ""
    return first.get("text", "") if isinstance(first, dict) else first


def is_turn(value: object) -> bool:
    """Whether this is one message of a conversation, and no row by itself."""
    return isinstance(value, dict) and bool({"role", "from"} & value.keys())


class JsonText:
    """A JSON file read piece by piece: the values in it one after another, without the whole in memory."""

    def __init__(self, file: io.TextIOBase) -> None:
        self._file, self._text, self._at = file, "", 0
        self._decoder = json.JSONDecoder()

    def peek(self) -> str:
        """The next character that is no white space; empty at the end."""
        while True:
            rest = self._text[self._at : self._at + 1]
            if rest and not rest.isspace():
                return rest
            if not rest and not self._fill():
                return ""
            self._at += len(rest)

    def ahead(self, wanted: int = 4096) -> str:
        """What follows, so many characters where there are so many; nothing is taken."""
        while len(self._text) - self._at < wanted and self._fill():
            pass
        return self._text[self._at : self._at + wanted]

    def take(self, wanted: str) -> str:
        """The next character, which must be one of `wanted`. Raises `ValueError`."""
        found = self.peek()
        if not found or found not in wanted:
            raise ValueError(f"expected {' or '.join(wanted)}, found {found or 'the end of the file'}")
        self._at += 1
        return found

    def value(self, most: int = MAX_LINE) -> object:
        """The next value, of at most so many characters. Raises `ValueError` or `RecursionError`."""
        self.peek()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._at)
            except ValueError:
                if len(self._text) - self._at > most:
                    raise ValueError(f"it has no end within {most // 2**20} MiB") from None
                if not self._fill():
                    raise
                continue
            if end == len(self._text) and self._fill():
                continue  # a number may go on
            self._at = end
            return value

    def _fill(self) -> bool:
        self._text, self._at = self._text[self._at :], 0
        more = self._file.read(max(65_536, len(self._text)))
        self._text += more
        return bool(more)
