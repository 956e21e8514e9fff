"""The bodies with which POST /v1/chat/completions answers."""

import secrets
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from chatbot.api.protocol import logprobs_body, usage_body
from chatbot.api.stream import data, error_body, finish_reason
from chatbot.api.tools import calls_body
from chatbot.common.errors import BanyanError
from chatbot.types import Chunk, TokenLogprob, Usage


class ChatForm:
    """Of one request for `choices` answers."""

    def __init__(self, model: str, *, choices: int = 1, include_usage: bool = False) -> None:
        self._head = {"id": f"chatcmpl-{secrets.token_hex(12)}", "created": int(time.time()), "model": model}
        self._choices, self._include_usage = choices, include_usage
        self._calls: Counter[int] = Counter()  # of each answer
        self._usage = Usage(0, 0)

    def whole(self, choices: Sequence[Sequence[Chunk]]) -> dict[str, Any]:
        usage = together(got[-1].usage for got in choices)
        bodies = [self._choice(index, got) for index, got in enumerate(choices)]
        return {**self._head, "object": "chat.completion", "choices": bodies, "usage": usage_body(usage)}

    def opening(self) -> bytes:
        return b"".join(self._event(choice, {"role": "assistant", "content": ""}) for choice in range(self._choices))

    def events(self, choice: int, chunk: Chunk) -> bytes:
        events = b""
        if chunk.text or chunk.logprobs:
            events += self._event(choice, {"content": chunk.text}, logprobs=chunk.logprobs)
        if chunk.calls:
            events += self._event(choice, {"tool_calls": calls_body(chunk.calls, self._calls[choice])})
            self._calls[choice] += len(chunk.calls)
        if chunk.finish is not None:
            events += self._event(choice, {}, finish=self._finish(chunk, called=self._calls[choice] > 0))
            self._usage = together([self._usage, chunk.usage])
        return events

    def failed(self, error: BanyanError) -> bytes:
        return data(error_body(error)) + b"data: [DONE]\n\n"

    def closing(self) -> bytes:
        usage = {**self._head, "object": "chat.completion.chunk", "choices": [], "usage": usage_body(self._usage)}
        return (data(usage) if self._include_usage else b"") + b"data: [DONE]\n\n"

    def _choice(self, index: int, got: Sequence[Chunk]) -> dict[str, Any]:
        text = "".join(chunk.text for chunk in got)
        calls = [call for chunk in got for call in chunk.calls]
        logprobs = [entry for chunk in got for entry in chunk.logprobs]
        made = {"tool_calls": calls_body(calls)} if calls else {}
        return {
            "index": index,
            "message": {"role": "assistant", "content": text or (None if calls else ""), **made},
            "finish_reason": self._finish(got[-1], called=bool(calls)),
            "logprobs": logprobs_body(logprobs) if logprobs else None,
        }

    def _finish(self, last: Chunk, *, called: bool) -> str:
        reason = finish_reason(last)
        return "tool_calls" if called and reason == "stop" else reason

    def _event(
        self, choice: int, delta: dict[str, Any], *, finish: str | None = None, logprobs: tuple[TokenLogprob, ...] = ()
    ) -> bytes:
        body = {
            "index": choice,
            "delta": delta,
            "finish_reason": finish,
            "logprobs": logprobs_body(logprobs) if logprobs else None,
        }
        usage = {"usage": None} if self._include_usage else {}
        return data({**self._head, "object": "chat.completion.chunk", "choices": [body], **usage})


def together(usages: Iterable[Usage | None]) -> Usage:
    """The prompt of several answers is one."""
    told = [usage for usage in usages if usage]
    return Usage(max((u.prompt for u in told), default=0), sum(u.completion for u in told))
