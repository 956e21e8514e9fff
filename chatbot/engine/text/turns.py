"""Messages in the words of chat templates, which are those of transformers."""

import json
from collections.abc import Sequence
from typing import Any

from chatbot.types import Message, ToolCall

Turn = dict[str, Any]


def written(messages: Sequence[Message]) -> list[Turn]:
    return [_turn(message) for message in messages]


def offered(messages: Sequence[Message]) -> list[Any] | None:
    """The tools that the model may call; None without any, as templates ask for it."""
    return [json.loads(tool) for message in messages for tool in message.tools] or None


def _turn(message: Message) -> Turn:
    turn: Turn = {"role": message.role, "content": message.content}
    if message.calls:
        turn["tool_calls"] = [_call(call) for call in message.calls]
    if message.call:
        turn["tool_call_id"] = message.call
    return turn


def _call(call: ToolCall) -> Turn:
    """Templates write the arguments as JSON themselves; what is none is shown as the string that it is."""
    try:
        arguments = json.loads(call.arguments)
    except ValueError:
        arguments = call.arguments
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": arguments}}
