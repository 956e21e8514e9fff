"""A conversation as the model's text, the way `chatbot.engine.text.prompt` shows it when the model is served."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from finetune.data.examples import Call, Turn
from finetune.data.layouts.parts import Unusable

_PROBE = Call("probe_of_tool", '{"place": "probe-of-call"}')
_TOOLS = '[{"type": "function", "function": {"name": "probe_of_tool", "description": "x", "parameters": {"type": "object", "properties": {}}}}]'


class Rendering:
    """Renders with the chat template of a transformers tokenizer; one without gets serving's plain layout (`plain`)."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self.plain = not tokenizer.chat_template
        self._has_system = self.plain or self._knows_system()
        self._has_tools = not self.plain and self._knows_tools()
        self._has_thoughts = not self.plain and self._knows_thoughts()

    def require(self, turns: Sequence[Turn], tools: str) -> None:
        """Raises `Unusable` when the turns say what the template has no place for."""
        called = any(turn.calls or turn.role == "tool" for turn in turns)
        if (tools or called) and not self._has_tools:
            raise Unusable("tool_call", "The row uses tools, and the model's chat template has no place for them.")
        if any(turn.thought for turn in turns) and not self._has_thoughts:
            raise Unusable("reasoning", "The row holds reasoning, and the model's chat template has no place for it.")

    def fitting(self, turns: Sequence[Turn]) -> list[Turn]:
        """The turns as this template takes them: without a system role, its text heads the first user message."""
        if self._has_system or not turns or turns[0].role != "system":
            return list(turns)
        system, rest = turns[0].content, list(turns[1:])
        if rest and rest[0].role == "user":
            return [replace(rest[0], content=f"{system}\n\n{rest[0].content}"), *rest[1:]]
        return [Turn("user", system), *rest]

    def prompt(self, turns: Sequence[Turn], tools: str = "", *, thinking: bool = False) -> str:
        """The turns and the opening of the assistant's next one; with `thinking` it may begin by reasoning. Raises `Unusable`."""
        return f"{_plain_layout(turns)}\nAssistant:" if self.plain else self._render(turns, tools, True, thinking)

    def whole(self, turns: Sequence[Turn], tools: str = "") -> str:
        """The turns, the last of them the assistant's. Raises `Unusable`."""
        return _plain_layout(turns) if self.plain else self._render(turns, tools, False, bool(turns[-1].thought))

    def _render(self, turns: Sequence[Turn], tools: str, generation: bool, thinking: bool) -> str:
        told = {"tools": json.loads(tools)} if tools else {}
        try:
            text: str = self._tokenizer.apply_chat_template(
                [_message(turn) for turn in turns],
                tokenize=False,
                add_generation_prompt=generation,
                enable_thinking=thinking,
                **told,
            )
        except Exception as error:  # a template is a program of the model's author: it may raise anything
            raise Unusable("template", f"The model's chat template refuses this conversation: {error}") from error
        return text

    def _knows_system(self) -> bool:
        probe = [Turn("system", "probe-of-system"), Turn("user", "x")]
        try:
            return "probe-of-system" in self._render(probe, "", True, False)
        except Unusable:
            return False

    def _knows_tools(self) -> bool:
        """Whether the template shows what tools there are, what is asked of them and what they answer."""
        turns = [
            Turn("user", "x"),
            Turn("assistant", "", (_PROBE,)),
            Turn("tool", "probe-of-result"),
            Turn("assistant", "y"),
        ]
        try:
            shown = self._render(turns, _TOOLS, False, False)
        except Unusable:
            return False
        return shown.count(_PROBE.name) > 1 and all(sign in shown for sign in ("probe-of-call", "probe-of-result"))

    def _knows_thoughts(self) -> bool:
        turns = [Turn("user", "x"), Turn("assistant", "y", thought="probe-of-thought")]
        try:
            return "probe-of-thought" in self._render(turns, "", False, True)
        except Unusable:
            return False


def _message(turn: Turn) -> dict[str, Any]:
    message: dict[str, Any] = {"role": turn.role, "content": turn.content}
    if turn.calls:
        message["tool_calls"] = [call.to_dict() for call in turn.calls]
    if turn.thought:
        message["reasoning_content"] = turn.thought
    return message


def _plain_layout(turns: Sequence[Turn]) -> str:
    labels = {"system": "", "user": "User: ", "assistant": "Assistant: "}
    return "\n".join(f"{labels[turn.role]}{turn.content}" for turn in turns)
