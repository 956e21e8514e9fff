"""POST /v1/completions: text gone on with as it stands, without chat template, as OpenAI's older protocol has it.

Follows https://platform.openai.com/docs/api-reference/completions; a prompt may be the numbers of tokens, and with `echo` and
`logprobs` those of the prompt are told, which is how lm-evaluation-harness scores a model.
"""

import math
import secrets
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from chatbot.api.fields import Text
from chatbot.api.protocol import Drawn, StreamOptions, usage_body
from chatbot.api.stream import data, error_body, finish_reason
from chatbot.common.errors import BanyanError, InputError
from chatbot.types import Chunk, Prompt, Sampling, TokenLogprob, Usage

MOST_PROMPTS = 64
_DEFAULT = 16  # tokens, OpenAI's
Echoed = tuple[str, Sequence[TokenLogprob]]
"""What stands before an answer: its text and, if asked for, its tokens."""


class CompletionRequest(Drawn):
    model: str | None = None
    prompt: Text | list[Text] | list[int] | list[list[int]]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    echo: bool | None = None
    logprobs: int | None = None

    def prompts(self) -> list[Prompt]:
        """Raises `InputError`."""
        sent = self.prompt
        each: Sequence[Any] = [sent] if isinstance(sent, str) or _is_tokens(sent) else sent
        if not 1 <= len(each) <= MOST_PROMPTS:
            raise InputError(f"prompt takes 1 to {MOST_PROMPTS} texts.", param="prompt")
        return [Prompt(one) if isinstance(one, str) else Prompt(tokens=tuple(one)) for one in each]

    @property
    def writes(self) -> bool:
        """`max_tokens` 0 asks for the prompt's log-probabilities alone."""
        return not (self.echo and self.max_tokens == 0)

    def sampling(self, default: Sampling) -> Sampling:
        limit = _DEFAULT if self.max_tokens is None else self.max_tokens
        return replace(
            self.drawn(default), max_tokens=max(limit, 1) if self.echo else limit, top_logprobs=self.logprobs
        )


def _is_tokens(sent: Sequence[Any]) -> bool:
    return bool(sent) and isinstance(sent[0], int)


class CompletionForm:
    """Of one request; `echoed` has what stands before each of its answers."""

    def __init__(
        self,
        model: str,
        echoed: Sequence[Echoed],
        *,
        logprobs: bool,
        include_usage: bool,
    ) -> None:
        self._head = {
            "id": f"cmpl-{secrets.token_hex(12)}",
            "object": "text_completion",
            "created": int(time.time()),
            "model": model,
        }
        self._echoed, self._logprobs, self._include_usage = echoed, logprobs, include_usage
        self._usage: list[Usage] = []
        self._written = [0] * len(echoed)  # characters

    def whole(self, choices: Sequence[Sequence[Chunk]]) -> dict[str, Any]:
        bodies = [self._choice(index, got) for index, got in enumerate(choices)]
        usage = _sum([got[-1].usage for got in choices])
        return {**self._head, "choices": bodies, "usage": usage_body(usage)}

    def opening(self) -> bytes:
        return b"".join(
            self._event(index, text, told, None) for index, (text, told) in enumerate(self._echoed) if text or told
        )

    def events(self, choice: int, chunk: Chunk) -> bytes:
        if chunk.usage:
            self._usage.append(chunk.usage)
        if not (chunk.text or chunk.logprobs or chunk.finish):
            return b""
        return self._event(choice, chunk.text, chunk.logprobs, finish_reason(chunk) if chunk.finish else None)

    def failed(self, error: BanyanError) -> bytes:
        return data(error_body(error)) + b"data: [DONE]\n\n"

    def closing(self) -> bytes:
        usage = data({**self._head, "choices": [], "usage": usage_body(_sum(self._usage))})
        return (usage if self._include_usage else b"") + b"data: [DONE]\n\n"

    def _choice(self, index: int, got: Sequence[Chunk]) -> dict[str, Any]:
        text, told = self._echoed[index]
        written = "".join(chunk.text for chunk in got)
        entries = [*told, *(entry for chunk in got for entry in chunk.logprobs)]
        return self._body(index, text + written, entries, finish_reason(got[-1]), 0)

    def _event(self, index: int, text: str, told: Sequence[TokenLogprob], finish: str | None) -> bytes:
        body = self._body(index, text, told, finish, self._written[index])
        self._written[index] += len(text)
        return data({**self._head, "choices": [body]})

    def _body(
        self, index: int, text: str, told: Sequence[TokenLogprob], finish: str | None, offset: int
    ) -> dict[str, Any]:
        logprobs = _told(told, offset) if self._logprobs else None
        return {"index": index, "text": text, "logprobs": logprobs, "finish_reason": finish}


def _told(entries: Sequence[TokenLogprob], offset: int) -> dict[str, Any]:
    offsets = [offset]
    for entry in entries:
        offsets.append(offsets[-1] + len(entry.token))
    return {
        "tokens": [entry.token for entry in entries],
        "token_logprobs": [_number(entry.logprob) for entry in entries],
        "top_logprobs": [_likeliest(entry.top) or None for entry in entries],
        "text_offset": offsets[:-1],
    }


def _likeliest(top: Sequence[tuple[str, float]]) -> dict[str, float | None]:
    """By their text, of which parts of a character have the same: the first is the likeliest of them."""
    found: dict[str, float | None] = {}
    for token, chance in top:
        found.setdefault(token, _number(chance))
    return found


def _number(chance: float) -> float | None:
    """JSON knows no infinity, and the first token of a text has no probability."""
    return None if math.isnan(chance) else max(chance, -9999.0)


def _sum(usages: Sequence[Usage | None]) -> Usage:
    told = [usage for usage in usages if usage]
    return Usage(sum(u.prompt for u in told), sum(u.completion for u in told))
