"""Tools as OpenAI's protocol has them: what a request may offer, and the calls that an answer makes."""

import json
from collections.abc import Sequence
from typing import Any, Literal

from pydantic import Field

from chatbot.api.fields import Fields, Text
from chatbot.common.errors import InputError
from chatbot.types import ToolCall

NAME = r"^[A-Za-z0-9_.-]{1,64}$"  # OpenAI's, and the dot of MCP


class Function(Fields):
    name: str = Field(pattern=NAME)
    description: Text | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None  # the arguments of a call that must be made always fit


class Tool(Fields):
    type: Literal["function"]
    function: Function

    def json_text(self) -> str:
        function = self.function.model_dump(include={"name", "description", "parameters"}, exclude_none=True)
        return json.dumps({"type": "function", "function": function}, ensure_ascii=False)


class Named(Fields):
    name: str


class OneTool(Fields):
    type: Literal["function"]
    function: Named


class Called(Fields):
    name: str
    arguments: Text


class SentCall(Fields):
    """A call of an earlier answer, sent back."""

    id: str
    type: Literal["function"] = "function"
    function: Called

    def call(self) -> ToolCall:
        return ToolCall(self.id, self.function.name, self.function.arguments)


Choice = Literal["none", "auto", "required"] | OneTool


def offered(tools: Sequence[Tool], choice: Choice | None) -> tuple[tuple[str, ...], bool]:
    """The tools that the model is told of, and whether it must call one. Raises `InputError`."""
    if isinstance(choice, OneTool):
        tools = [tool for tool in tools if tool.function.name == choice.function.name]
    must = choice is not None and choice not in ("none", "auto")
    if must and not tools:
        raise InputError("tool_choice names a tool that is not among tools.", param="tool_choice")
    return (() if choice == "none" else tuple(tool.json_text() for tool in tools)), must


def calls_body(calls: Sequence[ToolCall], first: int | None = None) -> list[dict[str, Any]]:
    """`first` is the place of the first in the answer, which pieces of a stream tell."""
    return [
        {
            **({} if first is None else {"index": first + place}),
            "id": call.id,
            "type": "function",
            "function": {"name": call.name, "arguments": call.arguments},
        }
        for place, call in enumerate(calls)
    ]
