"""What a value of a row says: plain text, numbers, and lists of content parts in every dialect."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from finetune.data.examples import Call, FaultCode
from finetune.data.layouts.names import is_missing

_TEXTS = ("text", "value", "content", "input_text", "output_text")
_SEEN = ("image", "video", "audio", "file", "document")  # what a part that is no text is called by


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
    if call := part.get("functionCall") or part.get("function_call") or (part if kind == "tool_use" else None):
        return Said(calls=(call_of(call, name),))
    if result := part.get("functionResponse") or part.get("function_response"):
        return Said(results=(_written(result.get("response", result)),))
    if kind == "tool_result":
        return Said(results=(said(part.get("content"), name).text,))
    if kind in ("thinking", "reasoning") or part.get("thought") is True:
        return Said(thought=str(part.get("thinking") or part.get("reasoning") or part.get("text") or ""))
    if any(word in kind for word in _SEEN) or any(word in str(key).lower() for key in part for word in _SEEN):
        raise Unusable("needs_image", f"{name} holds {kind or 'data'} that this model cannot see.")
    field = next((field for field in _TEXTS if field in part), None)
    if field is None:
        raise Unusable("not_text", f"{name} has a part of the kind {kind[:40] or '?'!r}, which holds no text.")
    return Said(content(part[field], name))


def content(value: object, name: str) -> str:
    """A value as text. Numbers become what a person would write; a list of text parts is joined; missing is empty."""
    if is_missing(value):
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, str | int | float):
        return str(value)
    if isinstance(value, list) and value and all(isinstance(part, dict) for part in value):
        found = said(value, name)
        if not (found.calls or found.results or found.thought):
            return found.text
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
