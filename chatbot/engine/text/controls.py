"""Control tokens are for the chat template to write. In what people or documents say, their text is text.

A message that holds `<|im_end|>` would else end its own turn and could speak as the system or the assistant.
"""

import json
import re
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial

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
        if self._pattern is None:
            return tokenize(render(messages), True)
        mark, written = secrets.token_hex(MARK_BYTES), list[str]()

        def hide(found: re.Match[str]) -> str:
            written.append(found[0])
            return f"{mark}{len(written) - 1};"

        hidden = [_mapped(message, partial(self._pattern.sub, hide)) for message in messages]
        if not written:
            return tokenize(render(messages), True)
        parts = re.split(rf"{mark}(\d+);", render(hidden))  # text, number, text, number ... text
        ids: list[int] = []
        for place, part in enumerate(parts):
            ids += tokenize(written[int(part)], False) if place % 2 else tokenize(part, True) if part else []
        return ids


def _mapped(message: Message, change: Callable[[str], str]) -> Message:
    """With `change` made in all that people or programs wrote."""
    calls = tuple(
        replace(call, name=change(call.name), arguments=change(_unescaped(call.arguments))) for call in message.calls
    )
    tools = tuple(change(_unescaped(tool)) for tool in message.tools)
    return replace(message, content=change(message.content), calls=calls, tools=tools)


def _unescaped(text: str) -> str:
    """JSON without the escapes behind which a control token could hide from the pattern."""
    try:
        return json.dumps(json.loads(text), ensure_ascii=False)
    except ValueError:
        return text
