"""Tool calls as Hermes, Qwen and those after them write them: `<tool_call>` JSON `</tool_call>`, among the text of an answer.

https://github.com/NousResearch/Hermes-Function-Calling has the form. Small models forget the tags (Qwen2.5-Coder-0.5B and 1.5B
always): an answer that is nothing but the JSON of a call, bare or in a fence, is one too.
"""

import json
import secrets
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Any

import regex

from chatbot.common.errors import InputError
from chatbot.engine.text.turns import offered
from chatbot.types import Chunk, Message, Sampling, ToolCall, Usage

OPEN, CLOSE = "<tool_call>", "</tool_call>"
_BARE = regex.compile(r"""\s*(?:```(?:json)?\s*)?\{\s*"name"\s*:.*""", regex.DOTALL)
Asked = tuple[Sequence[Message], Sampling]
Taken = tuple[str, tuple[ToolCall, ...]]
"""Text that is certain to be text, and the calls that were found."""


def require(messages: Sequence[Message], template: str) -> None:
    """Raises `InputError` where tools are offered to a model whose template does not tell it how to call them."""
    if offered(messages) and OPEN not in template:
        raise InputError(
            "This model has not learnt to call tools; please leave tools out or choose another model.",
            kind="no_tools",
            param="tools",
        )


def begun(messages: Sequence[Message], sampling: Sampling) -> Asked:
    """The request in which an answer that must be a call has begun as one and cannot end otherwise."""
    if not sampling.must_call:
        return messages, sampling
    last = messages[-1].content if messages[-1].role == "assistant" else ""
    said = messages[:-1] if last else messages
    schema = json.dumps(_any_call(offered(messages) or []), ensure_ascii=False)
    return [*said, Message("assistant", f"{last}{OPEN}\n")], replace(sampling, schema=schema)


def read(
    chunks: Iterator[Chunk], messages: Sequence[Message], sampling: Sampling, prompt: Callable[[], int]
) -> Iterator[Chunk]:
    """The chunks with the calls taken out of their text. A call is told whole, when its end was read.

    Small models make one call again and again: at the second time the answer is ended. `prompt` counts the prompt's tokens,
    which only the last chunk tells.
    """
    with closing(chunks):  # type: ignore[type-var]
        names = {tool["function"]["name"] for tool in offered(messages) or ()}
        if not names:
            yield from chunks
            return
        reader, made = _Reader(names, inside=sampling.must_call), 0
        for chunk in chunks:
            made += chunk.tokens
            text, calls = reader.push(chunk.text)
            if chunk.finish or reader.repeats:
                rest, last = reader.finish()
                text, calls = text + rest, (*calls, *last)
            if reader.repeats:
                yield replace(chunk, text=text, calls=calls, finish="stop", usage=chunk.usage or Usage(prompt(), made))
                return
            yield replace(chunk, text=text, calls=calls)


class _Reader:
    """What is not a call of one of the tools stays text, as it was written. `repeats`: the last call is the one before it."""

    def __init__(self, names: Collection[str], *, inside: bool) -> None:
        self._names, self._inside = names, inside
        self._held = ""
        self._bare = not inside  # whether it may still be a call without tags
        self._last: ToolCall | None = None
        self.repeats = False

    def push(self, text: str) -> Taken:
        self._held += text
        self._bare = self._bare and _BARE.fullmatch(self._held, partial=True) is not None
        if self._bare:
            self.repeats = "}" in text and _twice(_bare_calls(self._held, self._names)[0])
            return "", ()
        said, calls = "", tuple[ToolCall, ...]()
        while not self.repeats and (at := self._held.find(mark := CLOSE if self._inside else OPEN)) >= 0:
            before, self._held = self._held[:at], self._held[at + len(mark) :]
            written, found = self._taken(before) if self._inside else (self._tidied(before), ())
            said, calls = said + written, calls + found
            self._inside = not self._inside
        if self.repeats:
            self._held = ""  # more of the same
        if not self._inside:
            sure = len(self._held) - _beginning(OPEN, self._held)
            said, self._held = said + self._tidied(self._held[:sure]), self._held[sure:]
        return said, calls

    def finish(self) -> Taken:
        """What was held back in vain; an answer may also end with its last call still open."""
        calls, rest = _bare_calls(self._held, self._names) if self._bare else ((), "")
        if calls and (self.repeats or not rest):
            return "", calls[:-1] if self.repeats else calls
        return self._taken(self._held, closing="") if self._inside else (self._tidied(self._held), ())

    def _taken(self, body: str, closing: str = CLOSE) -> Taken:
        call = _call(body, self._names)
        if call is None:
            return f"{OPEN}{body}{closing}", ()
        self.repeats = self._last is not None and _same(self._last, call)
        self._last = call
        return "", () if self.repeats else (call,)

    def _tidied(self, text: str) -> str:
        """Calls stand in lines of their own; the breaks between them are nobody's words."""
        return "" if self._last and text.isspace() else text


def _beginning(mark: str, text: str) -> int:
    """Length of the longest end of `text` with which `mark` begins."""
    return next((size for size in range(len(mark) - 1, 0, -1) if text.endswith(mark[:size])), 0)


def _bare_calls(text: str, names: Collection[str]) -> tuple[tuple[ToolCall, ...], str]:
    """The calls with which the text begins, and what stands behind them."""
    left = text.strip().removeprefix("```json").strip("`\n ")
    calls: list[ToolCall] = []
    while left:
        try:
            _, end = json.JSONDecoder().raw_decode(left)
        except ValueError:
            break
        call = _call(left[:end], names)
        if call is None:
            break
        calls.append(call)
        left = left[end:].lstrip(" \n,")
    return tuple(calls), left


def _twice(calls: Sequence[ToolCall]) -> bool:
    return len(calls) > 1 and _same(*calls[-2:])


def _same(one: ToolCall, other: ToolCall) -> bool:
    return (one.name, one.arguments) == (other.name, other.arguments)


def _call(body: str, names: Collection[str]) -> ToolCall | None:
    try:
        record = json.loads(body)
    except ValueError:
        return None
    if not isinstance(record, dict) or record.get("name") not in names:
        return None
    arguments = record.get("arguments", {})
    written = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
    return ToolCall(f"call_{secrets.token_hex(12)}", record["name"], written)


def _any_call(tools: Sequence[Any]) -> dict[str, Any]:
    """The schema of a call of any of the tools."""
    each = [tool["function"] for tool in tools]
    return {
        "anyOf": [_one_call(function, f"#/anyOf/{place}/properties/arguments") for place, function in enumerate(each)]
    }


def _one_call(function: dict[str, Any], place: str) -> dict[str, Any]:
    arguments = _moved(function.get("parameters") or {"type": "object"}, place)
    return {
        "type": "object",
        "properties": {"name": {"const": function["name"]}, "arguments": arguments},
        "required": ["name", "arguments"],
        "additionalProperties": False,
    }


def _moved(schema: Any, place: str) -> Any:
    """A schema whose references stay true where it stands at `place` of another (JSON Pointer, RFC 6901)."""
    if isinstance(schema, list):
        return [_moved(each, place) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: f"{place}{value[1:]}"
        if key == "$ref" and isinstance(value, str) and value.startswith("#")
        else _moved(value, place)
        for key, value in schema.items()
    }
