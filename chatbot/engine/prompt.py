"""A conversation -> the model's own prompt, through its chat template."""

from collections.abc import Sequence
from threading import Lock
from typing import Any

from chatbot.errors import InputError
from chatbot.types import Message

ASSISTANT = "Assistant:"
NEXT_TURN = "\nUser:"  # how a base model goes on by itself under the plain layout


class Prompter:
    """Renders and tokenizes with a transformers tokenizer; may be used from any thread.

    A template without a system role (Gemma's raises, others drop it) gets the system text at the head of the first user
    message. A tokenizer without a template gets the plain layout `User: ...` / `Assistant: ...`, one turn a line, the
    system text above, and `stops` then ends the answer where the model begins the user's next turn.
    """

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._lock = Lock()  # a fast tokenizer may not be configured and used at once
        self._plain = not tokenizer.chat_template
        self._has_system = self._plain or self._knows_system()
        self.stops: tuple[str, ...] = (NEXT_TURN,) if self._plain else ()

    def encode(self, messages: Sequence[Message]) -> list[int]:
        """Token ids up to and including the opening of the assistant's turn. Raises `InputError`."""
        if not messages:
            raise InputError("There is no message to answer.")
        turns = [{"role": m.role, "content": m.content} for m in messages]
        if self._plain:
            bos = self._tokenizer.bos_token_id
            return ([] if bos is None else [bos]) + self.tokenize(_plain_layout(turns))
        try:
            return self.tokenize(self._render(turns if self._has_system else fold_system(turns)))
        except InputError:
            raise
        except Exception as error:  # a template is a program of the model's author: it may raise anything
            raise InputError(f"The model's chat template refuses this conversation: {error}") from error

    def tokenize(self, text: str) -> list[int]:
        """Token ids of the text alone: nothing is put before or after it."""
        with self._lock:
            return list(self._tokenizer(text, add_special_tokens=False)["input_ids"])

    def _render(self, turns: list[dict[str, str]]) -> str:
        # Hybrid reasoning models (Qwen3, SmolLM3) would spend the answer on thinking; other templates ignore the switch.
        text: str = self._tokenizer.apply_chat_template(
            turns, tokenize=False, add_generation_prompt=True, enable_thinking=False
        )
        return text

    def _knows_system(self) -> bool:
        probe = [{"role": "system", "content": "probe-of-system"}, {"role": "user", "content": "x"}]
        try:
            return "probe-of-system" in self._render(probe)
        except Exception:  # whatever it raises, it has no system role
            return False


def fold_system(turns: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    """Move all system text to the head of the first user message, or into one of its own."""
    system = "\n\n".join(turn["content"] for turn in turns if turn["role"] == "system")
    rest = [dict(turn) for turn in turns if turn["role"] != "system"]
    if not system:
        return rest
    if rest and rest[0]["role"] == "user":
        rest[0]["content"] = f"{system}\n\n{rest[0]['content']}"
        return rest
    return [{"role": "user", "content": system}, *rest]


def _plain_layout(turns: Sequence[dict[str, str]]) -> str:
    labels = {"system": "", "user": "User: ", "assistant": f"{ASSISTANT} "}
    lines = [f"{labels[turn['role']]}{turn['content']}" for turn in turns]
    return "\n".join([*lines, ASSISTANT])
