"""The OpenAI chat protocol as Banyan speaks it: what a request may hold, and the figures that answer it.

Follows https://platform.openai.com/docs/api-reference/chat with these choices of ours:

- `top_k`, `min_p` and `repetition_penalty` are extensions, named as vLLM names them.
- Without `max_tokens` the answer may fill the context window; the other defaults are the model's own
  (`chatbot.types.Traits`), or those of `chatbot.types.Sampling` where one of them is given.
- A last message of the assistant's is the beginning of the answer, which is gone on with; `continue_final_message` and
  `add_generation_prompt`, both vLLM's, may say so or forbid it.
- Messages of one role that follow each other are merged with a blank line, since chat templates want turns to
  alternate; `developer` is another name for `system`; a system message that a template has no place for goes to the first user turn.
- Control characters in a message are an error: some tokenizers end the text at a NUL, and none of them means anything.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from chatbot.api.conversation import MOST_MESSAGES, ApiMessage, Messages, conversation
from chatbot.api.fields import Fields, Text
from chatbot.api.tools import Choice, Tool, offered
from chatbot.common.errors import InputError
from chatbot.types import BOUNDS, Message, Sampling, TokenLogprob, Usage

_MOST_CONTINUATIONS = 64
_NUMBERS = ("temperature", "top_p", "top_k", "min_p", "repetition_penalty", "seed")


class StreamOptions(Fields):
    include_usage: bool | None = None


class SchemaOf(Fields):
    name: str | None = None
    schema_: dict[str, Any] | None = Field(default=None, alias="schema")
    strict: bool | None = None  # an answer is always held to its schema
    description: str | None = None


class ResponseFormat(Fields):
    type: Literal["text", "json_object", "json_schema"]
    json_schema: SchemaOf | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.type == "json_schema" and (self.json_schema is None or self.json_schema.schema_ is None):
            raise ValueError("json_schema needs a schema")
        return self

    def schema_text(self) -> str:
        if self.type == "json_schema" and self.json_schema:
            return json.dumps(self.json_schema.schema_, ensure_ascii=False)
        return '{"type": "object"}' if self.type == "json_object" else ""


class Continuing(Fields):
    """Whether the last message is the beginning of the answer; `add_generation_prompt` can only say the opposite."""

    continue_final_message: bool | None = None
    add_generation_prompt: bool | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.continue_final_message and self.add_generation_prompt:
            raise ValueError("add_generation_prompt must be the opposite of continue_final_message; leave it out")
        return self

    @property
    def begun(self) -> bool | None:
        """None: as the last message has it."""
        if self.continue_final_message or self.add_generation_prompt is False:
            return True
        return False if self.add_generation_prompt else None


class Drawn(Fields):
    """How the words of an answer are chosen."""

    stop: str | list[str] | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    min_p: float | None = None
    repetition_penalty: float | None = None
    seed: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    logit_bias: dict[str, float] | None = None
    n: int | None = Field(default=None, ge=1)

    def drawn(self, default: Sampling) -> Sampling:
        """`default` is for who names no figure that decides about words. Raises `InputError` for one out of its bounds."""
        given = {name: value for name in _NUMBERS if (value := getattr(self, name)) is not None}
        stop = (self.stop,) if isinstance(self.stop, str) else tuple(self.stop or ())
        base = Sampling() if given.keys() - {"seed"} else default
        drawn = replace(base, **given, stop=stop, logit_bias=self._bias())
        return replace(
            drawn, presence_penalty=self.presence_penalty or 0.0, frequency_penalty=self.frequency_penalty or 0.0
        )

    def _bias(self) -> tuple[tuple[int, float], ...]:
        try:
            return tuple((int(token), value) for token, value in (self.logit_bias or {}).items())
        except ValueError:
            raise InputError("logit_bias takes the numbers of tokens.", param="logit_bias") from None


class ChatRequest(Drawn, Continuing, Messages):
    """The body of POST /v1/chat/completions. `model` is the base model (also when absent) or an adapter's name."""

    model: str | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    max_completion_tokens: int | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    response_format: ResponseFormat | None = None
    tools: list[Tool] | None = None
    tool_choice: Choice | None = None
    parallel_tool_calls: bool | None = None

    @model_validator(mode="after")
    def _no_contradictions(self) -> Self:
        if self.top_logprobs is not None and not self.logprobs:
            raise ValueError("top_logprobs needs logprobs to be true")
        if None not in {self.max_tokens, self.max_completion_tokens} and self.max_tokens != self.max_completion_tokens:
            raise ValueError("max_tokens and max_completion_tokens differ; please send one of them")
        return self

    @property
    def include_usage(self) -> bool:
        return bool(self.stream_options and self.stream_options.include_usage)

    def conversation(self) -> list[Message]:
        """Raises `InputError`."""
        return conversation(self.messages, begun=self.begun, tools=self._tools()[0])

    def sampling(self, context_window: int, default: Sampling) -> Sampling:
        """See `Drawn.drawn`."""
        tools, must_call = self._tools()
        schema = self.response_format.schema_text() if self.response_format else ""
        if tools and schema:
            raise InputError("An answer is either a call or held to response_format; please send one.", param="tools")
        limit = self.max_completion_tokens if self.max_tokens is None else self.max_tokens
        if limit is None:
            limit = min(context_window, int(BOUNDS["max_tokens"][1]))
        top = (self.top_logprobs or 0) if self.logprobs else None
        drawn = self.drawn(default)
        return replace(drawn, max_tokens=limit, top_logprobs=top, schema=schema, must_call=must_call)

    def _tools(self) -> tuple[tuple[str, ...], bool]:
        return offered(self.tools or (), self.tool_choice if self.tools else None)


class ScoreRequest(Messages):
    """The body of POST /v1/score, an extension: log p(continuation | messages) of each continuation, in nats."""

    model: str | None = None
    continuations: list[Text] = Field(min_length=1, max_length=_MOST_CONTINUATIONS)


class TokenizeRequest(Continuing):
    """The body of POST /v1/tokenize, an extension in the shape of vLLM's: counts `prompt`, or templated `messages`."""

    model: str | None = None
    prompt: Text | None = None
    messages: list[ApiMessage] | None = Field(default=None, min_length=1, max_length=MOST_MESSAGES)

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.prompt is None) == (self.messages is None):
            raise ValueError("send either prompt or messages")
        return self


def usage_body(usage: Usage) -> dict[str, int]:
    total = usage.prompt + usage.completion
    return {"prompt_tokens": usage.prompt, "completion_tokens": usage.completion, "total_tokens": total}


def logprobs_body(logprobs: Sequence[TokenLogprob]) -> dict[str, Any]:
    content = [
        {**_one(entry.token, entry.logprob), "top_logprobs": [_one(token, value) for token, value in entry.top]}
        for entry in logprobs
    ]
    return {"content": content, "refusal": None}


def _one(token: str, logprob: float) -> dict[str, Any]:
    # JSON knows no infinity; OpenAI's own stand-in for "never" is -9999.
    return {"token": token, "logprob": max(logprob, -9999.0), "bytes": list(token.encode("utf-8", "replace"))}
