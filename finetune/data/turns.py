"""Turns and texts of one row, whatever its layout: roles, their order, empty and impossible values."""

import json
import re
from collections.abc import Mapping

from finetune.data.examples import Example, FaultCode, Role, Turn
from finetune.data.rows.source import MAX_LINE

ROLES: dict[str, Role] = {
    "system": "system",
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "gpt": "assistant",
    "bot": "assistant",
    "model": "assistant",
    "chatgpt": "assistant",
}
_HALF = re.compile("[\ud800-\udfff]")


class Unusable(Exception):
    """A fault on its way to the row that has it."""

    def __init__(self, code: FaultCode, reason: str) -> None:
        super().__init__(reason)
        self.code = code


def read_turns(value: object, name: str) -> list[Turn]:
    if isinstance(value, str):  # a cell of a table
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise Unusable("not_turns", f"{name} must be a list of turns, not a text.") from None
    if not isinstance(value, list):
        raise Unusable("not_turns", f"{name} must be a list of turns.")
    return [_turn(turn, number) for number, turn in enumerate(value, 1)]


def _turn(turn: object, number: int) -> Turn:
    if not isinstance(turn, dict):
        raise Unusable("not_turns", f'Turn {number} must be an object such as {{"role": ..., "content": ...}}.')
    role = turn.get("role", turn.get("from"))
    if turn.get("tool_calls") or turn.get("function_call"):
        raise Unusable("tool_call", f"Turn {number} calls a tool, which cannot be taught here.")
    known = ROLES.get(role.strip().lower()) if isinstance(role, str) else None
    if known is None:
        raise Unusable("unknown_role", f"Turn {number} has the role {str(role)[:40]!r}; known are {', '.join(ROLES)}.")
    field = "content" if "content" in turn else "value"
    if field not in turn:
        raise Unusable("missing_field", f"Turn {number} has no content.")
    return Turn(known, content(turn[field], f"The content of turn {number}"))


def read_history(value: object) -> list[Turn]:
    """Earlier turns of an Alpaca row: a list of [question, answer]."""
    if not value:
        return []
    if not isinstance(value, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in value):
        raise Unusable("not_turns", "history must be a list of pairs [question, answer].")
    return [
        Turn("user" if at == 0 else "assistant", content(text, "An entry of history"))
        for pair in value
        for at, text in enumerate(pair)
    ]


def conversation(row: int, turns: list[Turn]) -> Example:
    """Turns in their order: system first, then user and assistant in turn, up to the last answer."""
    systems = [turn for turn in turns if turn.role == "system"]
    if len(systems) > 1 or (systems and turns[0].role != "system"):
        raise Unusable("role_order", "The system text must stand first, and once.")
    talk = turns[len(systems) :]
    for number, turn in enumerate(talk):
        wanted = "assistant" if number % 2 else "user"
        if turn.role != wanted:
            at = number + len(systems) + 1
            raise Unusable("role_order", f"Turn {at} is the {turn.role}'s where the {wanted} should speak.")
    answered = len(talk) // 2 * 2
    if not answered:
        raise Unusable("no_answer", "The conversation has no answer to learn from.")
    for number, turn in enumerate(talk[:answered], len(systems) + 1):
        if turn.role == "assistant":
            needed(turn.content, "empty_answer", f"answer (turn {number})")
        else:
            needed(turn.content, "empty_prompt", f"prompt (turn {number})")
    kept = tuple(turn for turn in systems if turn.content.strip()) + tuple(talk[:answered])
    return Example(row, kept, remarks=("trailing_user",) if answered < len(talk) else ())


def text_of(values: Mapping[str, object], name: str) -> str:
    if name not in values:
        raise Unusable("missing_field", f"The row has no field {name[:80]}.")
    return content(values[name], name[:80])


def content(value: object, name: str) -> str:
    """A value as text. Numbers become what a person would write; lists of text parts, as OpenAI has them, are joined."""
    if isinstance(value, list) and value and all(isinstance(p, dict) and p.get("type") == "text" for p in value):
        value = "".join(str(part.get("text", "")) for part in value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, str | int | float):
        return str(value)
    kind = "a list" if isinstance(value, list) else "an object" if isinstance(value, dict) else type(value).__name__
    raise Unusable("not_text", f"{name} must be a text, not {kind}.")


def needed(text: str, code: FaultCode, name: str) -> str:
    if not text.strip():
        raise Unusable(code, f"The {name} is empty.")
    return text


def check_characters(example: Example) -> None:
    texts = [turn.content for turn in example.turns] or [example.text]
    if sum(map(len, texts)) > MAX_LINE:
        raise Unusable("too_large", f"The row has more than {MAX_LINE:,} characters.")
    if any(not text.isascii() and _HALF.search(text) for text in texts):
        raise Unusable("broken_character", "The text holds half a character. Was the file saved in another encoding?")
