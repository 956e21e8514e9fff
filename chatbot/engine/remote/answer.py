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
        self._calls: dict[int, _Call] = {}  # by their place in the answer: servers send them in pieces
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
            for _, call in sorted(self._calls.items())
        )

    def _add(self, piece: Mapping[str, Any]) -> None:
        self.tokens += 1
        call = self._calls.setdefault(int(piece.get("index") or 0), _Call())
        function: Mapping[str, Any] = piece.get("function") or {}
        call.id = piece.get("id") or call.id
        call.name += function.get("name") or ""
        call.arguments += function.get("arguments") or ""
