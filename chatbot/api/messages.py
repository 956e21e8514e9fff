"""POST /v1/messages and /v1/messages/count_tokens, Anthropic's protocol, as far as text, tools and streams go.

Follows https://docs.anthropic.com/en/api/messages and .../messages-streaming.
"""

import json
import secrets
from collections.abc import Sequence
from typing import Any, Literal

from pydantic import Field

from chatbot.api.conversation import MOST_MESSAGES
from chatbot.api.fields import Fields, Text, parse
from chatbot.api.protocol import ChatRequest
from chatbot.api.stream import data, error_body
from chatbot.api.tools import NAME
from chatbot.common.errors import BanyanError
from chatbot.types import Chunk, ToolCall, Usage


class TextBlock(Fields):
    type: Literal["text"]
    text: Text


class ToolUse(Fields):
    type: Literal["tool_use"]
    id: str
    name: str
    input: dict[str, Any]


class ToolResult(Fields):
    type: Literal["tool_result"]
    tool_use_id: str
    content: Text | list[TextBlock] | None = None


class Turn(Fields):
    role: Literal["user", "assistant"]
    content: Text | list[TextBlock | ToolUse | ToolResult]

    def messages(self) -> list[dict[str, Any]]:
        """What came of tools stands in messages of its own, before the rest."""
        blocks = [] if isinstance(self.content, str) else self.content
        text = self.content if isinstance(self.content, str) else _text(blocks)
        calls = [_sent_call(block) for block in blocks if isinstance(block, ToolUse)]
        results = [
            {"role": "tool", "tool_call_id": block.tool_use_id, "content": _text(block.content)}
            for block in blocks
            if isinstance(block, ToolResult)
        ]
        said = {"role": self.role, "content": text, **({"tool_calls": calls} if calls else {})}
        return [*results, *([said] if text or calls or not results else [])]


class Tool(Fields):
    type: Literal["custom"] | None = None
    name: str = Field(pattern=NAME)
    description: Text | None = None
    input_schema: dict[str, Any]


class ToolChoice(Fields):
    type: Literal["auto", "any", "tool", "none"]
    name: str | None = None
    disable_parallel_tool_use: bool | None = None


class Thinking(Fields):
    type: Literal["disabled"]


class MessagesRequest(Fields):
    model: str | None = None
    messages: list[Turn] = Field(min_length=1, max_length=MOST_MESSAGES)
    max_tokens: int
    system: Text | list[TextBlock] | None = None
    stop_sequences: list[str] | None = None
    stream: bool | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    tools: list[Tool] | None = None
    tool_choice: ToolChoice | None = None
    thinking: Thinking | None = None

    def chat(self) -> ChatRequest:
        """The same, asked of /v1/chat/completions. Raises `InputError`."""
        system = [{"role": "system", "content": _text(self.system)}] if self.system else []
        same = ("model", "max_tokens", "stream", "temperature", "top_p", "top_k")
        body = {
            **{name: getattr(self, name) for name in same},
            "messages": [*system, *(message for turn in self.messages for message in turn.messages())],
            "stop": self.stop_sequences,
            "tools": [_tool(tool) for tool in self.tools] if self.tools else None,
            "tool_choice": _choice(self.tool_choice),
            "parallel_tool_calls": not (self.tool_choice and self.tool_choice.disable_parallel_tool_use),
        }
        return parse(ChatRequest, json.dumps(body).encode())


class CountRequest(MessagesRequest):
    """The same, of which only the prompt's tokens are asked for."""

    max_tokens: int = 1


def _text(content: str | Sequence[Fields] | None) -> str:
    if content is None or isinstance(content, str):
        return content or ""
    return "\n".join(block.text for block in content if isinstance(block, TextBlock))


def _sent_call(block: ToolUse) -> dict[str, Any]:
    function = {"name": block.name, "arguments": json.dumps(block.input, ensure_ascii=False)}
    return {"id": block.id, "type": "function", "function": function}


def _tool(tool: Tool) -> dict[str, Any]:
    function = {"name": tool.name, "description": tool.description, "parameters": tool.input_schema}
    return {"type": "function", "function": function}


def _choice(choice: ToolChoice | None) -> object:
    if choice is None:
        return None
    named = {"type": "function", "function": {"name": choice.name or ""}}
    return {"auto": "auto", "none": "none", "any": "required", "tool": named}[choice.type]


class MessagesForm:
    """Of one message, which is told block by block."""

    def __init__(self, model: str) -> None:
        self._head = {
            "id": f"msg_{secrets.token_hex(12)}",
            "type": "message",
            "role": "assistant",
            "model": model,
            "stop_sequence": None,
        }
        self._block = -1  # the one that was begun last
        self._open = self._called = False
        self._last = Chunk()

    def whole(self, choices: Sequence[Sequence[Chunk]]) -> dict[str, Any]:
        got = choices[0]
        text = "".join(chunk.text for chunk in got)
        calls = [_use(call) for chunk in got for call in chunk.calls]
        blocks = [*([{"type": "text", "text": text}] if text or not calls else []), *calls]
        reason = _reason(got[-1], called=bool(calls))
        return {**self._head, "content": blocks, "stop_reason": reason, "usage": _usage(got[-1].usage)}

    def opening(self) -> bytes:
        message: dict[str, Any] = {**self._head, "content": [], "stop_reason": None, "usage": _usage(None)}
        return data({"type": "message_start", "message": message}, "message_start")

    def events(self, choice: int, chunk: Chunk) -> bytes:
        self._last = chunk
        events = b""
        if chunk.text:
            events += b"" if self._open else self._begin({"type": "text", "text": ""})
            events += self._delta({"type": "text_delta", "text": chunk.text})
        for call in chunk.calls:
            self._called = True
            events += self._begin({**_use(call), "input": {}})
            events += self._delta({"type": "input_json_delta", "partial_json": call.arguments})
            events += self._end()
        return events

    def failed(self, error: BanyanError) -> bytes:
        told = error_body(error)["error"]
        return data({"type": "error", "error": {"type": "api_error", "message": told["message"]}}, "error")

    def closing(self) -> bytes:
        delta = {"stop_reason": _reason(self._last, called=self._called), "stop_sequence": None}
        body = {"type": "message_delta", "delta": delta, "usage": _usage(self._last.usage)}
        return self._end() + data(body, "message_delta") + data({"type": "message_stop"}, "message_stop")

    def _begin(self, block: dict[str, Any]) -> bytes:
        ended = self._end()
        self._block, self._open = self._block + 1, True
        body = {"type": "content_block_start", "index": self._block, "content_block": block}
        return ended + data(body, "content_block_start")

    def _delta(self, delta: dict[str, Any]) -> bytes:
        return data({"type": "content_block_delta", "index": self._block, "delta": delta}, "content_block_delta")

    def _end(self) -> bytes:
        if not self._open:
            return b""
        self._open = False
        return data({"type": "content_block_stop", "index": self._block}, "content_block_stop")


def _use(call: ToolCall) -> dict[str, Any]:
    try:
        arguments = json.loads(call.arguments)
    except ValueError:
        arguments = None
    given = (
        arguments if isinstance(arguments, dict) else {"arguments": call.arguments}
    )  # the protocol knows objects only
    return {"type": "tool_use", "id": call.id, "name": call.name, "input": given}


def _reason(last: Chunk, *, called: bool) -> str:
    if last.finish != "stop":
        return "max_tokens"
    return "tool_use" if called else "end_turn"


def _usage(usage: Usage | None) -> dict[str, int]:
    return {"input_tokens": usage.prompt if usage else 0, "output_tokens": usage.completion if usage else 0}
