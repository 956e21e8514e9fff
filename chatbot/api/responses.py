"""POST /v1/responses, OpenAI's newer protocol, as far as text, tools and streams go.

Follows https://platform.openai.com/docs/api-reference/responses. Nothing is stored: each request brings the whole conversation, and
what names an earlier one (`previous_response_id`, `conversation`, `prompt`) is refused.
"""

import json
import secrets
import time
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import Field

from chatbot.api.conversation import MOST_MESSAGES, RefusalPart, TextPart
from chatbot.api.fields import Fields, Text, parse
from chatbot.api.protocol import ChatRequest
from chatbot.api.stream import data, error_body
from chatbot.api.tools import NAME
from chatbot.common.errors import BanyanError
from chatbot.types import Chunk, ToolCall, Usage


class Said(Fields):
    type: Literal["message"] = "message"
    role: Literal["system", "developer", "user", "assistant"]
    content: Text | list[TextPart | RefusalPart]

    def message(self) -> dict[str, Any]:
        content = self.content
        text = content if isinstance(content, str) else "\n".join(part.text for part in content)
        return {"role": self.role, "content": text}


class Called(Fields):
    type: Literal["function_call"]
    call_id: str
    name: str
    arguments: Text

    def message(self) -> dict[str, Any]:
        function = {"name": self.name, "arguments": self.arguments}
        return {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": self.call_id, "type": "function", "function": function}],
        }


class CallOutput(Fields):
    type: Literal["function_call_output"]
    call_id: str
    output: Text | list[TextPart]

    def message(self) -> dict[str, Any]:
        text = self.output if isinstance(self.output, str) else "\n".join(part.text for part in self.output)
        return {"role": "tool", "tool_call_id": self.call_id, "content": text}


class Reasoned(Fields):
    """What a reasoning model sent along; ours have none."""

    type: Literal["reasoning"]


class Tool(Fields):
    type: Literal["function"]
    name: str = Field(pattern=NAME)
    description: Text | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None


class ChosenTool(Fields):
    type: Literal["function"]
    name: str


class TextFormat(Fields):
    type: Literal["text", "json_object", "json_schema"]
    name: str | None = None
    schema_: dict[str, Any] | None = Field(default=None, alias="schema")
    strict: bool | None = None


class TextOptions(Fields):
    format: TextFormat | None = None


class ResponseRequest(Fields):
    model: str | None = None
    input: Text | list[Said | Called | CallOutput | Reasoned] = Field(min_length=1, max_length=MOST_MESSAGES * 1024)
    instructions: Text | None = None
    max_output_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    stream: bool | None = None
    tools: list[Tool] | None = None
    tool_choice: Literal["none", "auto", "required"] | ChosenTool | None = None
    parallel_tool_calls: bool | None = None
    text: TextOptions | None = None
    previous_response_id: None = None  # it and the next two name what OpenAI keeps
    conversation: None = None
    prompt: None = None
    store: bool | None = None  # nothing is
    background: Literal[False] | None = None

    def chat(self) -> ChatRequest:
        """The same, asked of /v1/chat/completions. Raises `InputError`."""
        sent = [{"role": "user", "content": self.input}] if isinstance(self.input, str) else _messages(self.input)
        system = [{"role": "system", "content": self.instructions}] if self.instructions else []
        same = ("model", "temperature", "top_p", "stream", "parallel_tool_calls")
        body = {
            **{name: getattr(self, name) for name in same},
            "messages": [*system, *sent],
            "max_tokens": self.max_output_tokens,
            "tools": [_tool(tool) for tool in self.tools] if self.tools else None,
            "tool_choice": _choice(self.tool_choice),
            "response_format": _format(self.text.format) if self.text and self.text.format else None,
        }
        return parse(ChatRequest, json.dumps(body).encode())


def _messages(items: Sequence[Said | Called | CallOutput | Reasoned]) -> list[dict[str, Any]]:
    """Calls that follow each other were one answer's."""
    found: list[dict[str, Any]] = []
    for item in items:
        if isinstance(item, Reasoned):
            continue
        message = item.message()
        if isinstance(item, Called) and found and found[-1]["role"] == "assistant":
            found[-1].setdefault("tool_calls", []).extend(message["tool_calls"])
        else:
            found.append(message)
    return found


def _tool(tool: Tool) -> dict[str, Any]:
    function = {"name": tool.name, "description": tool.description, "parameters": tool.parameters}
    return {"type": "function", "function": function}


def _choice(choice: str | ChosenTool | None) -> object:
    return {"type": "function", "function": {"name": choice.name}} if isinstance(choice, ChosenTool) else choice


def _format(asked: TextFormat) -> dict[str, Any]:
    if asked.type != "json_schema":
        return {"type": asked.type}
    return {"type": "json_schema", "json_schema": {"name": asked.name, "schema": asked.schema_}}


class ResponseForm:
    """Of one response. A stream tells each item as it begins, grows and ends."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._id, self._made = f"resp_{secrets.token_hex(12)}", int(time.time())
        self._number = -1
        self._text, self._message = "", f"msg_{secrets.token_hex(12)}"
        self._items: list[dict[str, Any]] = []
        self._last = Chunk()

    def whole(self, choices: Sequence[Sequence[Chunk]]) -> dict[str, Any]:
        for chunk in choices[0]:
            self.events(0, chunk)
        self._end_text()
        return self._body(self._last)

    def opening(self) -> bytes:
        return self._event("response.created", response=self._body(None)) + self._event(
            "response.in_progress", response=self._body(None)
        )

    def events(self, choice: int, chunk: Chunk) -> bytes:
        self._last = chunk
        events = self._said(chunk.text) if chunk.text else b""
        for call in chunk.calls:
            events += self._end_text() + self._called(call)
        return events

    def failed(self, error: BanyanError) -> bytes:
        told = error_body(error)["error"]
        body = {**self._body(None), "status": "failed", "error": {"code": told["code"], "message": told["message"]}}
        return self._event("response.failed", response=body)

    def closing(self) -> bytes:
        events = self._end_text()
        body = self._body(self._last)
        return events + self._event(f"response.{body['status']}", response=body)

    def _said(self, text: str) -> bytes:
        events = b""
        if not self._text:
            item = {**self._text_item("in_progress"), "content": []}
            events += self._event("response.output_item.added", output_index=len(self._items), item=item)
            events += self._event("response.content_part.added", **self._place(), part=_part(""))
        self._text += text
        return events + self._event("response.output_text.delta", **self._place(), delta=text, logprobs=[])

    def _end_text(self) -> bytes:
        if not self._text:
            return b""
        place, item = self._place(), self._text_item("completed")
        events = self._event("response.output_text.done", **place, text=self._text, logprobs=[])
        events += self._event("response.content_part.done", **place, part=_part(self._text))
        events += self._event("response.output_item.done", output_index=len(self._items), item=item)
        self._items.append(item)
        self._text, self._message = "", f"msg_{secrets.token_hex(12)}"
        return events

    def _called(self, call: ToolCall) -> bytes:
        at, id = len(self._items), f"fc_{secrets.token_hex(12)}"
        item = {"id": id, "type": "function_call", "status": "completed", "call_id": call.id, "name": call.name}
        begun = {**item, "status": "in_progress", "arguments": ""}
        place = {"item_id": id, "output_index": at}
        events = self._event("response.output_item.added", output_index=at, item=begun)
        events += self._event("response.function_call_arguments.delta", **place, delta=call.arguments)
        events += self._event(
            "response.function_call_arguments.done", **place, name=call.name, arguments=call.arguments
        )
        self._items.append({**item, "arguments": call.arguments})
        return events + self._event("response.output_item.done", output_index=at, item=self._items[-1])

    def _place(self) -> dict[str, Any]:
        return {"item_id": self._message, "output_index": len(self._items), "content_index": 0}

    def _text_item(self, status: str) -> dict[str, Any]:
        content = [_part(self._text)]
        return {"id": self._message, "type": "message", "role": "assistant", "status": status, "content": content}

    def _body(self, last: Chunk | None) -> dict[str, Any]:
        """`last` is the end of the answer; None: it is under way."""
        cut = last is not None and last.finish != "stop"
        return {
            "id": self._id,
            "object": "response",
            "created_at": self._made,
            "status": "in_progress" if last is None else "incomplete" if cut else "completed",
            "error": None,
            "incomplete_details": {"reason": "max_output_tokens"} if cut else None,
            "instructions": None,
            "metadata": {},
            "model": self._model,
            "output": list(self._items),
            "parallel_tool_calls": True,
            "temperature": None,
            "tool_choice": "auto",
            "tools": [],
            "top_p": None,
            "usage": _usage(last.usage) if last and last.usage else None,
        }

    def _event(self, kind: str, **fields: object) -> bytes:
        self._number += 1
        return data({"type": kind, "sequence_number": self._number, **fields}, kind)


def _part(text: str) -> Mapping[str, Any]:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _usage(usage: Usage) -> dict[str, Any]:
    return {
        "input_tokens": usage.prompt,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": usage.completion,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": usage.prompt + usage.completion,
    }
