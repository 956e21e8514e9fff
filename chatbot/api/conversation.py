"""The messages of a request, and the conversation that the engine gets."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from pydantic import Field

from chatbot.api.fields import Fields, Text
from chatbot.api.tools import SentCall
from chatbot.common.errors import InputError
from chatbot.types import Message

MOST_MESSAGES = 4096


class TextPart(Fields):
    type: Literal["text", "input_text", "output_text"]
    text: Text


class RefusalPart(Fields):
    type: Literal["refusal"]
    refusal: Text

    @property
    def text(self) -> str:
        return self.refusal


class ApiMessage(Fields):
    """One message. `content` may be missing where an answer was only calls."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: Text | list[TextPart | RefusalPart] | None = None
    tool_calls: list[SentCall] | None = None
    tool_call_id: str | None = None

    def message(self) -> Message:
        content = self.content or ""
        text = content if isinstance(content, str) else "\n".join(part.text for part in content)
        calls = tuple(sent.call() for sent in self.tool_calls or ())
        role = "system" if self.role == "developer" else self.role
        return Message(role, text, calls if role == "assistant" else (), self.tool_call_id or "")


class Messages(Fields):
    messages: list[ApiMessage] = Field(min_length=1, max_length=MOST_MESSAGES)


def conversation(
    messages: Sequence[ApiMessage], *, begun: bool | None = None, tools: tuple[str, ...] = ()
) -> list[Message]:
    """The messages as the engine wants them, those of one role that follow each other merged, with `tools` on the first.

    A last message of the assistant's is the beginning of the answer; `begun` says that it must be there, or must not.
    Raises `InputError`.
    """
    merged: list[Message] = []
    for message in (sent.message() for sent in messages):
        if merged and _alike(merged[-1], message):
            merged[-1] = replace(merged[-1], content=f"{merged[-1].content}\n\n{message.content}")
        else:
            merged.append(message)
    _check_end(merged, begun)
    return [replace(merged[0], tools=tools), *merged[1:]]


def _alike(one: Message, other: Message) -> bool:
    return one.role == other.role and one.role != "tool" and not one.calls and not other.calls


def _check_end(merged: Sequence[Message], begun: bool | None) -> None:
    last = merged[-1]
    going_on = last.role == "assistant"
    if all(message.role in ("system", "assistant") for message in merged) and (going_on or begun):
        raise InputError("There must be a message of the user's before an answer that has begun.", param="messages")
    if going_on and last.calls:
        raise InputError(
            "The calls of the last message must be answered by messages of the role tool.", param="messages"
        )
    if begun and not going_on:
        raise InputError(
            "With continue_final_message the last message must be the beginning of an answer.", param="messages"
        )
    if begun is False and going_on:
        raise InputError("The last message must be the user's: it is the one to be answered.", param="messages")
