"""A conversation as the model's text, the way `chatbot.engine.text.prompt` shows it when the model is served."""

from collections.abc import Sequence
from typing import Any

from finetune.data.examples import Turn
from finetune.data.turns import Unusable


class Rendering:
    """Renders with the chat template of a transformers tokenizer; one without gets serving's plain layout (`plain`)."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self.plain = not tokenizer.chat_template
        self._has_system = self.plain or self._knows_system()

    def fitting(self, turns: Sequence[Turn]) -> list[Turn]:
        """The turns as this template takes them: without a system role, its text heads the first user message."""
        if self._has_system or not turns or turns[0].role != "system":
            return list(turns)
        system, rest = turns[0].content, list(turns[1:])
        if rest and rest[0].role == "user":
            return [Turn("user", f"{system}\n\n{rest[0].content}"), *rest[1:]]
        return [Turn("user", system), *rest]

    def prompt(self, turns: Sequence[Turn]) -> str:
        """The turns and the opening of the assistant's next one. Raises `Unusable`."""
        return f"{_plain_layout(turns)}\nAssistant:" if self.plain else self._render(turns, True)

    def whole(self, turns: Sequence[Turn]) -> str:
        """The turns, the last of them the assistant's. Raises `Unusable`."""
        return _plain_layout(turns) if self.plain else self._render(turns, False)

    def _render(self, turns: Sequence[Turn], generation: bool) -> str:
        messages = [{"role": turn.role, "content": turn.content} for turn in turns]
        try:
            text: str = self._tokenizer.apply_chat_template(
                messages, tokenize=False, add_generation_prompt=generation, enable_thinking=False
            )
        except Exception as error:  # a template is a program of the model's author: it may raise anything
            raise Unusable("template", f"The model's chat template refuses this conversation: {error}") from error
        return text

    def _knows_system(self) -> bool:
        probe = [Turn("system", "probe-of-system"), Turn("user", "x")]
        try:
            return "probe-of-system" in self._render(probe, True)
        except Unusable:
            return False


def _plain_layout(turns: Sequence[Turn]) -> str:
    labels = {"system": "", "user": "User: ", "assistant": "Assistant: "}
    return "\n".join(f"{labels[turn.role]}{turn.content}" for turn in turns)
