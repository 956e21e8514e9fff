"""A conversation -> the model's own prompt, through its chat template."""

from collections.abc import Sequence
from threading import Lock
from typing import Any

from chatbot.common.errors import InputError
from chatbot.engine.text.calls import require
from chatbot.engine.text.controls import Controls
from chatbot.engine.text.template import opened, with_system
from chatbot.engine.text.turns import Turn, offered, written
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
        self._controls = Controls(str(token) for token in tokenizer.added_tokens_decoder.values() if token.special)
        self._plain = not tokenizer.chat_template
        self.stops: tuple[str, ...] = (NEXT_TURN,) if self._plain else ()

    def encode(self, messages: Sequence[Message]) -> list[int]:
        """Token ids up to and including the opening of the assistant's turn, or what it has said of it. Raises `InputError`."""
        if not messages:
            raise InputError("There is no message to answer.", kind="no_message")
        bos = self._tokenizer.bos_token_id
        opening = [bos] if self._plain and bos is not None else []
        return opening + self._controls.encode(messages, self._rendered, self._read)

    def tokenize(self, text: str) -> list[int]:
        """Token ids of the text alone: nothing is put before or after it."""
        return self._read(text, special=True)

    def plain(self, text: str) -> list[int]:
        """Token ids of a text that stands alone, with the token that this model's texts begin with."""
        with self._lock:
            return list(self._tokenizer(text)["input_ids"])

    def _read(self, text: str, special: bool) -> list[int]:
        with self._lock:
            told = {} if special else {"split_special_tokens": True}
            return list(self._tokenizer(text, add_special_tokens=False, **told)["input_ids"])

    def _rendered(self, messages: Sequence[Message]) -> str:
        return opened(messages, self._written)

    def _written(self, messages: Sequence[Message]) -> str:
        require(messages, str(self._tokenizer.chat_template))
        if self._plain:
            return _plain_layout(written(messages))
        return with_system(messages, lambda turns: self._render(turns, offered(messages)))

    def _render(self, turns: Sequence[Turn], tools: list[Any] | None) -> str:
        # Hybrid reasoning models (Qwen3, SmolLM3) would spend the answer on thinking; other templates ignore the switch.
        text: str = self._tokenizer.apply_chat_template(
            turns, tools=tools, tokenize=False, add_generation_prompt=True, enable_thinking=False
        )
        return text


def _plain_layout(turns: Sequence[Turn]) -> str:
    labels = {"system": "", "user": "User: ", "assistant": f"{ASSISTANT} ", "tool": "Tool: "}
    lines = [f"{labels[turn['role']]}{turn['content']}" for turn in turns]
    return "\n".join([*lines, ASSISTANT])
