"""One answer of a server as it arrives, record by record."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chatbot.engine.remote import wire
from chatbot.types import Chunk, FinishReason, TokenLogprob, ToolCall, Usage

_FINISH: dict[str, FinishReason] = {"length": "length"}


@dataclass(slots=True)
class _Call:
    id: str = ""
    name: str = ""
    arguments: str = ""


class RemoteAnswer:
    def __init__(self) -> None:
        self.finish: FinishReason | None = None
        self.usage: Usage | None = None
        self.tokens = 0
        self._calls: list[_Call] = []
        self._open: dict[int, _Call] = {}  # by their place in the answer: servers send them in pieces
        self._whole = wire.WholeCharacters()

    def read(self, record: Mapping[str, Any]) -> Chunk | None:
        if usage := record.get("usage"):
            self.usage = Usage(int(usage.get("prompt_tokens") or 0), int(usage.get("completion_tokens") or 0))
        choice: Mapping[str, Any] = next(iter(record.get("choices") or ()), {})
        if reason := choice.get("finish_reason"):
            self.finish = _FINISH.get(reason, "stop")
        delta: Mapping[str, Any] = choice.get("delta") or {}
        for piece in delta.get("tool_calls") or ():
            self._add(piece)
        text = self._whole.add(delta.get("content") or choice.get("text") or "")
        entries: tuple[TokenLogprob, ...] = wire.logprobs(choice)
        if not text and not entries:
            return None
        tokens = len(entries) or 1
        self.tokens += tokens
        return Chunk(text=text, tokens=tokens, logprobs=entries)

    def calls(self) -> tuple[ToolCall, ...]:
        """Whole when the answer has ended. A server that gives no id gets one of ours."""
        return tuple(
            ToolCall(call.id or f"call_{secrets.token_hex(12)}", call.name, call.arguments or "{}")
            for call in self._calls
        )

    def _add(self, piece: Mapping[str, Any]) -> None:
        self.tokens += 1
        place, function = int(piece.get("index") or 0), piece.get("function") or {}
        call = self._open.get(place)
        if call is None or _is_another(call, piece.get("id"), function):
            call = self._open[place] = _Call()
            self._calls.append(call)
        call.id = piece.get("id") or call.id
        if (name := function.get("name") or "") != call.name:  # some say it with every piece
            call.name += name
        call.arguments += function.get("arguments") or ""


def _is_another(call: _Call, id: str | None, function: Mapping[str, Any]) -> bool:
    """Some servers (Ollama) give all of an answer's calls one place, and each a whole record."""
    if id and call.id:
        return id != call.id
    return bool(function.get("name") and call.arguments)
