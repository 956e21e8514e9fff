"""JSON and JSON lines -> rows."""

import io
import json
from collections.abc import Iterator

from finetune.data.examples import Fault, Format, Row
from finetune.data.rows.source import MAX_LINE, Source, faulty, lines

ROW_LISTS = ("messages", "conversations", "conversation", "history", "prompt", "completion")
"""Fields whose list belongs to one row, and is no list of rows."""


def read_jsonl(source: Source, format: Format) -> Iterator[Row | Fault]:
    for line in lines(source.file, format.encoding):
        if line.fault:
            yield faulty(line, format)
        elif line.text.strip():
            yield _record(line.number, line.text)


def _record(number: int, text: str) -> Row | Fault:
    try:
        return _row(number, json.loads(text))
    except RecursionError:
        return Fault(number, "json", "The JSON is nested too deeply.")
    except ValueError as error:
        return Fault(number, "json", f"This is not valid JSON: {error}.")


def _row(number: int, value: object) -> Row | Fault:
    if isinstance(value, dict):
        return Row(number, value)
    kind = {list: "a list", str: "a text", type(None): "null"}.get(type(value), "a number")
    return Fault(number, "not_an_object", f'A row must be a JSON object such as {{"messages": ...}}, not {kind}.')


class _JsonText:
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

    def take(self, wanted: str) -> str:
        """The next character, which must be one of `wanted`. Raises `ValueError`."""
        found = self.peek()
        if not found or found not in wanted:
            raise ValueError(f"expected {' or '.join(wanted)}, found {found or 'the end of the file'}")
        self._at += 1
        return found

    def value(self) -> object:
        """The next value. Raises `ValueError` or `RecursionError`."""
        self.peek()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._at)
            except ValueError:
                if len(self._text) - self._at > MAX_LINE:
                    raise ValueError(f"it has no end within {MAX_LINE // 2**20} MiB") from None
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


def read_json(source: Source, format: Format) -> Iterator[Row | Fault]:
    handler = "surrogateescape" if format.encoding.startswith("utf-8") else "strict"
    text = _JsonText(io.TextIOWrapper(source.file, encoding=format.encoding, errors=handler))
    number = 0
    try:
        inner, whole = _enter(text)
        if inner:
            for number, value in enumerate(_items(text), 1):
                yield _row(number, value)
        else:
            number = 1
            yield _row(number, whole)
        if inner != "{" and text.peek():
            raise ValueError("something follows after its end")
    except RecursionError:
        yield Fault(number + 1, "json", "The JSON is nested too deeply; nothing after this could be read.")
    except UnicodeDecodeError:
        yield Fault(number + 1, "encoding", f"Bytes that are not {format.encoding.upper()} text follow here.")
    except ValueError as error:
        reason = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
        yield Fault(number + 1, "json", f"The JSON is broken here ({reason}); nothing after this could be read.")


def _items(text: _JsonText) -> Iterator[object]:
    """The items of the list that `text` stands in."""
    if text.peek() == "]":
        text.take("]")
        return
    while True:
        yield text.value()
        if text.take(",]") == "]":
            return


def _enter(text: _JsonText) -> tuple[str, object]:
    """Go to the rows: into the outer list ("["), or into the first list of the outer object ("{"). What has neither is
    one row by itself, and comes as ("", value)."""
    if text.peek() == "[":
        return text.take("["), None
    if text.peek() != "{":
        return "", text.value()
    text.take("{")
    seen: dict[str, object] = {}
    while text.peek() == '"':
        name = str(text.value())
        text.take(":")
        if text.peek() == "[" and name not in ROW_LISTS:
            text.take("[")
            return "{", None
        seen[name] = text.value()
        if text.take(",}") == "}":
            break
    return "", seen
