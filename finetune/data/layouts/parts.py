"""What a value of a row says: plain text, numbers, and lists of content parts in every dialect."""

import ast
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal

from finetune.data.examples import Call, FaultCode
from finetune.data.layouts.names import is_missing

_TEXTS = ("text", "value", "content", "input_text", "output_text", "refusal")
_SEEN = ("image", "video", "audio", "file", "document", "inline")  # what a part that is no text is called by
_CALLS = ("functionCall", "function_call", "toolUse")  # Gemini's and Bedrock's; Anthropic's parts say it as their type
_RESULTS = ("functionResponse", "function_response", "toolResult")
_TOLD = ("response", "content", "json")  # where a tool's answer stands in its result
_SPOKEN = {"role", "from"}  # a part with these is a whole turn
MOST_PYTHON = 2**18  # characters of a value in Python's words: its syntax tree takes a hundred times as much memory


class Unusable(Exception):
    """A fault on its way to the row that has it."""

    def __init__(self, code: FaultCode, reason: str) -> None:
        super().__init__(reason)
        self.code = code


@dataclass(frozen=True, slots=True)
class Said:
    """What one message says. `results` are what tools answered."""

    text: str = ""
    thought: str = ""
    calls: tuple[Call, ...] = ()
    results: tuple[str, ...] = ()

    def __add__(self, other: "Said") -> "Said":
        thought = "\n".join(filter(None, (self.thought, other.thought)))
        return Said(self.text + other.text, thought, self.calls + other.calls, self.results + other.results)


def said(value: object, name: str) -> Said:
    """The content of a message: a text, or parts as OpenAI, Anthropic and Gemini have them. Raises `Unusable`."""
    if not isinstance(value, list):
        return Said(content(value, name))
    if all(isinstance(part, str) for part in value):
        return Said("\n".join(value))
    found = Said()
    for part in value:
        found += _part(part, name)
    return found


def _part(part: object, name: str) -> Said:
    if isinstance(part, str):
        return Said(part)
    if not isinstance(part, dict):
        raise Unusable("not_text", f"{name} must be a text or a list of parts.")
    kind = str(part.get("type", "")).lower()
    if call := next((part[key] for key in _CALLS if part.get(key)), part if kind == "tool_use" else None):
        return Said(calls=(call_of(call, name),))
    if result := next((part[key] for key in _RESULTS if part.get(key)), part if kind == "tool_result" else None):
        return Said(results=(_told(result, name),))
    if kind in ("thinking", "reasoning") or part.get("thought") is True:
        return Said(thought=str(part.get("thinking") or part.get("reasoning") or part.get("text") or ""))
    if isinstance(reasoning := part.get("reasoningContent"), dict):  # Bedrock's
        return Said(thought=said([reasoning.get("reasoningText", reasoning)], name).text)
    if any(word in kind for word in _SEEN) or any(word in str(key).lower() for key in part for word in _SEEN):
        raise Unusable("needs_image", f"{name} holds {kind or 'data'} that this model cannot see.")
    field = next((field for field in _TEXTS if field in part), None)
    if field is None:
        raise Unusable("not_text", f"{name} has a part of the kind {kind[:40] or '?'!r}, which holds no text.")
    inner = part[field]
    if isinstance(inner, dict):  # {"text": {"value": ...}}, as OpenAI's threads have it
        inner = next((inner[key] for key in _TEXTS if key in inner), inner)
    return Said(content(inner, name))


def _told(result: object, name: str) -> str:
    """What a tool answered."""
    inner = result
    if isinstance(result, Mapping):
        inner = next((result[key] for key in _TOLD if key in result), result)
    if isinstance(inner, list) and all(
        isinstance(one, str) or (isinstance(one, dict) and "text" in one) for one in inner
    ):
        return said(inner, name).text
    return "" if is_missing(inner) else _written(inner)


def content(value: object, name: str) -> str:
    """A value as text. Numbers become what a person would write; a list of text parts is joined; missing is empty."""
    if is_missing(value):
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, str | int | float | Decimal | date | time):
        return str(value)
    if isinstance(value, list) and value and all(isinstance(part, dict) for part in value):
        if any(_SPOKEN & part.keys() for part in value):
            raise Unusable("not_text", f"{name} holds turns of a conversation beside other text.")
        found = said(value, name)
        if not (found.calls or found.results or found.thought):
            return found.text
    if isinstance(value, dict) and len(value) <= 2 and isinstance(text := value.get("text", value.get("value")), str):
        return text
    kind = "a list" if isinstance(value, list) else "an object" if isinstance(value, dict) else type(value).__name__
    raise Unusable("not_text", f"{name} must be a text, not {kind}.")


def call_of(value: object, name: str) -> Call:
    """A call of a tool in OpenAI's, Anthropic's, Gemini's or Hermes' words. Raises `Unusable`."""
    values = value.get("function", value) if isinstance(value, Mapping) else None
    if not isinstance(values, Mapping) or not isinstance(values.get("name"), str) or not values["name"].strip():
        raise Unusable("tool_call", f"{name} calls a tool without a name.")
    given: object = next((values[key] for key in ("arguments", "parameters", "args", "input") if key in values), {})
    if isinstance(given, str):
        try:
            given = json.loads(given) if given.strip() else {}
        except (ValueError, RecursionError):
            given = None
    if not isinstance(given, Mapping):
        raise Unusable("tool_call", f"The arguments of the call of {values['name'][:80]} are no JSON object.")
    return Call(values["name"].strip(), _written(given))


def value_in(text: str) -> object:
    """What a cell holds that was written as text: JSON, or Python's words, as pandas writes a list. Raises `ValueError`."""
    for read in (json.loads, ast.literal_eval):
        try:
            return read(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            if len(text) > MOST_PYTHON:
                break
    raise ValueError("neither JSON nor Python")


def _written(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def needed(text: str, code: FaultCode, name: str) -> str:
    if not text.strip():
        raise Unusable(code, f"The {name} is empty.")
    return text


def text_of(values: Mapping[str, object], name: str) -> str:
    if name not in values:
        raise Unusable("missing_field", f"The row has no field {name[:80]}.")
    return content(values[name], name[:80])
