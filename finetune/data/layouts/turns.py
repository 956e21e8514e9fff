"""Turns of one row, whatever its layout: roles, their order, weights, empty and impossible values."""

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace

from finetune.data.examples import Call, Example, Role, Turn
from finetune.data.layouts.names import is_missing
from finetune.data.layouts.parts import Said, Unusable, call_of, content, needed, said, value_in
from finetune.data.layouts.tools import calls_in
from finetune.data.rows.json import is_turn
from finetune.data.rows.source import MAX_LINE

CALLING = ("function_call", "tool_call", "tool_calls", "functioncall")  # roles whose text is a call
ROLES: dict[str, Role] = {
    **dict.fromkeys(("system", "developer", "系统", "系統"), "system"),
    **dict.fromkeys(("user", "human", "prompter", "用户", "用戶", "人类", "人類"), "user"),
    **dict.fromkeys(("assistant", "gpt", "bot", "model", "chatgpt", "ai", "chatbot", "助手", "助理", "模型", "机器人"), "assistant"),
    **dict.fromkeys(CALLING, "assistant"),
    **dict.fromkeys(
        ("tool", "function", "ipython", "observation", "tool_response", "function_response", "tool_result", "工具"), "tool"
    ),
}  # fmt: skip
SAID_BY = ("role", "from", "author", "speaker", "sender")  # the field of a turn that says whose it is
THOUGHTS = ("reasoning_content", "thinking", "reasoning", "thought")
WEIGHTS = ("weight", "train", "training", "trainable", "loss")  # 0 or false: not learnt from
WITHHELD = (
    "mask",
    "masked",
    "ignore",
    "ignored",
    "skip",
    "exclude",
)  # true: not learnt from; other values are no such word
_NO, _YES = ("0", "0.0", "false", "no"), ("1", "1.0", "true", "yes")
_HALF = re.compile("[\ud800-\udfff]")


def read_turns(value: object, name: str) -> list[Turn]:
    """A list of turns, also written into a table's cell, of pairs such as Firefly's, or of texts that alternate."""
    if isinstance(value, str):
        try:
            value = value_in(value)
        except ValueError:
            raise Unusable("not_turns", f"{name} must be a list of turns, not a text.") from None
    if not isinstance(value, list):
        raise Unusable("not_turns", f"{name} must be a list of turns.")
    if len(value) > 1 and all(isinstance(turn, str) for turn in value):
        return [Turn("assistant" if at % 2 else "user", text) for at, text in enumerate(value)]
    return [turn for number, one in enumerate(value, 1) for turn in _turns(one, number)]


def turns_in(value: object, name: str) -> list[Turn]:
    """The turns that stand in a field where others have a text, also written into a table's cell; none where it is a text."""
    if isinstance(value, str) and value.lstrip().startswith(("[", "{")):
        with suppress(ValueError):  # a text that only begins so
            value = value_in(value)
    listed = value if isinstance(value, list) else [value]
    return read_turns(listed, name) if listed and all(map(is_turn, listed)) else []


def _turns(turn: object, number: int) -> list[Turn]:
    if not isinstance(turn, dict):
        raise Unusable("not_turns", f'Turn {number} must be an object such as {{"role": ..., "content": ...}}.')
    if is_turn(turn):
        return _turn(turn, number)
    asked, told = (
        next((name for name in names if name in turn), None)
        for names in (("human", "user", "input", "question", "query", "prompt"),
                      ("assistant", "gpt", "bot", "output", "answer", "response"))
    )  # fmt: skip
    if asked is None or told is None:
        return _turn(turn, number)
    system = content(turn.get("system"), "system")
    pair = [
        Turn("user", content(turn[asked], asked)),
        Turn("assistant", content(turn[told], told), taught=taught(turn)),
    ]
    return [Turn("system", system), *pair] if system.strip() else pair


def _turn(turn: Mapping[str, object], number: int) -> list[Turn]:
    role = next((turn[key] for key in SAID_BY if not is_missing(turn.get(key))), None)
    plain = role.strip().lower() if isinstance(role, str) else ""
    known = ROLES.get(plain)
    if known is None:
        raise Unusable("unknown_role", f"Turn {number} has the role {str(role)[:40]!r}; known are {', '.join(ROLES)}.")
    name = f"The content of turn {number}"
    calls = _calls(turn, number)
    field = next((field for field in ("content", "value", "text", "parts") if field in turn), None)
    if field is None and not calls:
        raise Unusable("missing_field", f"Turn {number} has no content.")
    found = said(turn[field], name) if field else Said()
    thoughts = [content(turn[key], key) for key in THOUGHTS if not is_missing(turn.get(key))]
    if found.results:
        results = [Turn("tool", result) for result in found.results]
        return [*results, Turn(known, found.text)] if found.text.strip() else results
    if plain in CALLING:
        written = calls_in(found.text)
        if written is None:
            raise Unusable("tool_call", f"Turn {number} must hold the call of a tool as JSON.")
        return [Turn("assistant", "", written, taught=taught(turn))]
    thought = "\n".join(filter(None, [found.thought, *thoughts]))
    is_taught = known != "assistant" or taught(turn)
    return [Turn(known, found.text, (*found.calls, *calls), thought if known == "assistant" else "", is_taught)]


def _calls(turn: Mapping[str, object], number: int) -> tuple[Call, ...]:
    listed = turn.get("tool_calls") or []
    if isinstance(listed, str):
        with suppress(ValueError):
            listed = value_in(listed) or []
    if not isinstance(listed, list):
        raise Unusable("tool_call", f"tool_calls of turn {number} must be a list.")
    one = turn.get("function_call")
    return tuple(call_of(call, f"Turn {number}") for call in [*listed, *([one] if one else [])])


def taught(values: Mapping[str, object]) -> bool:
    """Whether a turn or row is to be learnt from, as it says itself. Raises `Unusable` for a weight between."""
    if any(str(values.get(name)).strip().lower() == "true" for name in WITHHELD):
        return False
    for name in WEIGHTS:
        value = values.get(name)
        if is_missing(value) or (
            name == "loss" and not isinstance(value, bool)
        ):  # a number there is somebody's measurement
            continue
        plain = str(value).strip().lower()
        if plain in _NO:
            return False
        if plain not in _YES:
            raise Unusable(
                "not_taught", f"{name} is {str(value)[:40]}; an answer is learnt (1) or not (0), not in part."
            )
    return True


def weighing(rows: Iterable[Mapping[str, object]]) -> str:
    """The field that says of each row whether it is learnt from, by nothing but yes and no; "" for none. In a table a field of such a
    name may as well hold what something weighs."""
    rows = list(rows)
    said = {name: {str(row[name]).strip().lower() for row in rows if not is_missing(row.get(name))} for name in WEIGHTS}
    return next((name for name, values in said.items() if values and values <= {*_NO, *_YES}), "")


def read_history(value: object) -> list[Turn]:
    """Earlier turns of a row with one question: a list of [question, answer], or of turns."""
    if is_missing(value) or not value:
        return []
    if isinstance(value, str):
        try:
            value = value_in(value) or []
        except ValueError:
            raise Unusable("not_turns", "history must be a list of pairs [question, answer], not a text.") from None
    if isinstance(value, list) and value and all(isinstance(turn, dict) for turn in value):
        return read_turns(value, "history")
    if not isinstance(value, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in value):
        raise Unusable("not_turns", "history must be a list of pairs [question, answer].")
    return [
        Turn("user" if at == 0 else "assistant", content(text, "An entry of history"))
        for pair in value
        for at, text in enumerate(pair)
    ]


def conversation(row: int, given: list[Turn]) -> Example:
    """Turns in their order: system first, then user, assistant and tools, up to the last answer that is taught."""
    turns, merged = _merged([turn for turn in given if turn.role != "system" or turn.content.strip()])
    for number, turn in enumerate(turns):
        _check_place(turns, number, turn)
    asked = next((at for at, turn in enumerate(turns) if turn.role == "user"), len(turns))
    turns = [replace(t, taught=False) if t.role == "assistant" and at < asked else t for at, t in enumerate(turns)]
    answers = [at for at, turn in enumerate(turns) if turn.role == "assistant" and at > asked]
    if not answers:
        raise Unusable("no_answer", "The conversation has no answer to learn from.")
    last = max((at for at in answers if turns[at].taught), default=None)
    if last is None:
        raise Unusable("not_taught", "The row says that none of its answers is to be learnt.")
    kept = turns[: last + 1]
    for number, turn in enumerate(kept, 1):
        if turn.role == "assistant" and turn.taught and not turn.calls:
            needed(turn.content, "empty_answer", f"answer (turn {number})")
        elif turn.role == "user":
            needed(turn.content, "empty_prompt", f"prompt (turn {number})")
    remarks = ("trailing_user",) if answers[-1] == last < len(turns) - 1 else ()
    untaught = ("untaught",) if any(not turns[at].taught for at in answers) else ()
    return Example(row, tuple(kept), remarks=(*remarks, *untaught, *(("merged",) if merged else ())))


def _merged(turns: list[Turn]) -> tuple[list[Turn], bool]:
    """Turns of one role that follow each other are one turn; chat templates want it so."""
    found: list[Turn] = []
    for turn in turns:
        last = found[-1] if found else None
        same = last is not None and last.role == turn.role != "tool" and last.taught == turn.taught
        if not same or last is None or last.calls:
            found.append(turn)
            continue
        found[-1] = replace(
            turn,
            content="\n\n".join(filter(None, (last.content, turn.content))),
            thought="\n\n".join(filter(None, (last.thought, turn.thought))),
        )
    return found, len(found) < len(turns)


def _check_place(turns: list[Turn], number: int, turn: Turn) -> None:
    before = turns[number - 1] if number else None
    if turn.role == "system" and before:
        raise Unusable("role_order", "The system text must stand first.")
    if turn.role == "tool" and not (before and (before.role == "tool" or before.calls)):
        raise Unusable("role_order", f"Turn {number + 1} is a tool's answer, and no tool was called before it.")
    if turn.role == "assistant" and before and before.role == "assistant":
        raise Unusable("role_order", f"Turn {number + 1} is the assistant's where another should speak.")


def check_characters(example: Example) -> None:
    texts = [text for turn in example.turns for text in (turn.content, turn.thought)] or [example.text]
    if sum(map(len, texts)) > MAX_LINE:
        raise Unusable("too_large", f"The row has more than {MAX_LINE:,} characters.")
    if any(not text.isascii() and _HALF.search(text) for text in texts):
        raise Unusable("broken_character", "The text holds half a character. Was the file saved in another encoding?")
