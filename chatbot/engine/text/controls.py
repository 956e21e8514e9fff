"""Control tokens are for the chat template to write. In what people or documents say, their text is text.

A message that holds `<|im_end|>` would else end its own turn and could speak as the system or the assistant.
"""

import re
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from chatbot.types import Message

MARK_BYTES = 12


class Controls:
    """`texts` are how a model's control tokens are spelled, such as `<|im_start|>`."""

    def __init__(self, texts: Iterable[str]) -> None:
        longest_first = sorted({text for text in texts if text}, key=lambda text: (-len(text), text))
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def encode(
        self,
        messages: Sequence[Message],
        render: Callable[[Sequence[Message]], str],
        tokenize: Callable[[str, bool], list[int]],
    ) -> list[int]:
        """Token ids of the rendered messages. `tokenize(text, special)` reads control tokens in `text` if `special`."""
        written = [text for message in messages for text in self._written(message.content)]
        if not written or self._pattern is None:
            return tokenize(render(messages), True)
        mark = secrets.token_hex(MARK_BYTES)
        numbers = iter(range(len(written)))
        hidden = [
            replace(message, content=self._pattern.sub(lambda _: f"{mark}{next(numbers)};", message.content))
            for message in messages
        ]
        parts = re.split(rf"{mark}(\d+);", render(hidden))  # text, number, text, number ... text
        ids: list[int] = []
        for place, part in enumerate(parts):
            ids += tokenize(written[int(part)], False) if place % 2 else tokenize(part, True) if part else []
        return ids

    def _written(self, content: str) -> list[str]:
        return self._pattern.findall(content) if self._pattern else []
