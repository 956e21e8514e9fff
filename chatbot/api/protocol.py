"""The OpenAI chat protocol as Banyan speaks it: what a request may hold, and the bodies that answer it.

Follows https://platform.openai.com/docs/api-reference/chat with these choices of ours:

- A field that is not listed here is an error, and so is one whose value we could only ignore (`tools`, a
  `presence_penalty` that is not 0). `user` is the exception: OpenAI defines it as having no effect on the answer.
- `top_k`, `min_p` and `repetition_penalty` are extensions, named as vLLM names them.
- Without `max_tokens` the answer may fill the context window; the other defaults are the model's own
  (`chatbot.types.Traits`), or those of `chatbot.types.Sampling` where one of them is given.
- `continue_final_message` with `add_generation_prompt` false, both vLLM's, go on with an answer: the last message is its beginning.
- Messages of one role that follow each other are merged with a blank line, since chat templates want turns to
  alternate; `developer` is another name for `system`; a system message must come first and the user, else, speak last.
- Control characters in a message are an error: some tokenizers end the text at a NUL, and none of them means anything.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from chatbot.common.errors import InputError
from chatbot.types import BOUNDS, Message, Role, Sampling, TokenLogprob, Usage

_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
Body = TypeVar("Body", bound=BaseModel)
_MOST_MESSAGES = 4096
_MOST_CONTINUATIONS = 64


def _clean(value: object) -> object:
    if isinstance(value, str) and (found := _CONTROL.search(value)):
        raise ValueError(f"the text holds the control character U+{ord(found[0]):04X}; please remove it")
    return value


def _only_zero(value: float | None) -> float | None:
    if value:
        raise ValueError("Banyan does not have this penalty; leave it out or use repetition_penalty")
    return value


Text = Annotated[str, BeforeValidator(_clean)]
Zero = Annotated[float | None, AfterValidator(_only_zero)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class TextPart(_Body):
    type: Literal["text"]
    text: Text


class ApiMessage(_Body):
    """One message; `refusal` and `tool_calls` may be there, empty, as clients send an answer back with them."""

    role: Literal["system", "developer", "user", "assistant"]
    content: Text | list[TextPart]
    name: None = None
    refusal: None = None
    tool_calls: list[Any] | None = Field(default=None, max_length=0)

    def message(self) -> Message:
        text = self.content if isinstance(self.content, str) else "\n".join(part.text for part in self.content)
        return Message("system" if self.role == "developer" else self.role, text)


class StreamOptions(_Body):
    include_usage: bool = False


class _Continuing(_Body):
    """Whether the last message is the beginning of the answer; `add_generation_prompt` can only say the opposite."""

    continue_final_message: bool | None = None
    add_generation_prompt: bool | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.add_generation_prompt is not None and self.add_generation_prompt == bool(self.continue_final_message):
            raise ValueError("add_generation_prompt must be the opposite of continue_final_message; leave it out")
        return self


class ChatRequest(_Continuing):
    """The body of POST /v1/chat/completions. `model` is the base model (also when absent) or an adapter's name."""

    model: str | None = None
    messages: list[ApiMessage] = Field(min_length=1, max_length=_MOST_MESSAGES)
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    stop: str | list[str] | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    min_p: float | None = None
    repetition_penalty: float | None = None
    seed: int | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    n: Literal[1] | None = None
    user: str | None = None
    presence_penalty: Zero = None
    frequency_penalty: Zero = None
    logit_bias: dict[str, float] | None = Field(default=None, max_length=0)

    @model_validator(mode="after")
    def _no_contradictions(self) -> Self:
        if self.top_logprobs is not None and not self.logprobs:
            raise ValueError("top_logprobs needs logprobs to be true")
        if None not in {self.max_tokens, self.max_completion_tokens} and self.max_tokens != self.max_completion_tokens:
            raise ValueError("max_tokens and max_completion_tokens differ; please send one of them")
        if self.stream_options is not None and not self.stream:
            raise ValueError("stream_options needs stream to be true")
        return self

    def sampling(self, context_window: int, default: Sampling) -> Sampling:
        """`default` is for who names no figure that decides about words. Raises `InputError` for one out of its bounds."""
        numbers = ("temperature", "top_p", "top_k", "min_p", "repetition_penalty", "seed")
        given = {name: value for name in numbers if (value := getattr(self, name)) is not None}
        stop = (self.stop,) if isinstance(self.stop, str) else tuple(self.stop or ())
        limit = self.max_tokens if self.max_tokens is not None else self.max_completion_tokens
        if limit is None:
            limit = min(context_window, int(BOUNDS["max_tokens"][1]))
        top = (self.top_logprobs or 0) if self.logprobs else None
        base = Sampling() if given.keys() - {"seed"} else default
        return replace(base, **given, stop=stop, max_tokens=limit, top_logprobs=top)


class ScoreRequest(_Body):
    """The body of POST /v1/score, an extension: log p(continuation | messages) of each continuation, in nats."""

    model: str | None = None
    messages: list[ApiMessage] = Field(min_length=1, max_length=_MOST_MESSAGES)
    continuations: list[Text] = Field(min_length=1, max_length=_MOST_CONTINUATIONS)


class TokenizeRequest(_Continuing):
    """The body of POST /v1/tokenize, an extension in the shape of vLLM's: counts `prompt`, or templated `messages`."""

    model: str | None = None
    prompt: Text | None = None
    messages: list[ApiMessage] | None = Field(default=None, min_length=1, max_length=_MOST_MESSAGES)

    @model_validator(mode="after")
    def _one_of_them(self) -> "TokenizeRequest":
        if (self.prompt is None) == (self.messages is None):
            raise ValueError("send either prompt or messages")
        return self


def parse(kind: type[Body], body: bytes) -> Body:
    """Read a request. Raises `InputError` whose detail `param` names the field at fault."""
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        raise _fault(error.errors(include_url=False, include_context=False, include_input=False)) from None


def conversation(messages: Sequence[ApiMessage], *, begun: bool = False) -> list[Message]:
    """The messages as the engine wants them: merged, system first, user last, or an answer that has `begun`.

    Raises `InputError`.
    """
    merged: list[Message] = []
    for message in (sent.message() for sent in messages):
        if merged and merged[-1].role == message.role:
            merged[-1] = replace(merged[-1], content=f"{merged[-1].content}\n\n{message.content}")
        else:
            merged.append(message)
    roles: list[Role] = [message.role for message in merged]
    if "system" in roles[1:]:
        raise InputError("A system message must be the first message.", param="messages")
    if begun and (roles[-1] != "assistant" or "user" not in roles):
        raise InputError(
            "With continue_final_message the last message must be the beginning of an answer.", param="messages"
        )
    if not begun and roles[-1] != "user":
        raise InputError("The last message must be the user's: it is the one to be answered.", param="messages")
    return merged


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


def _fault(errors: list[ErrorDetails]) -> InputError:
    """The most telling of pydantic's complaints: an unknown field, else the one that got deepest into a union."""
    deepest = max(errors, key=lambda error: len(error["loc"]))
    first = next((error for error in errors if error["type"] == "extra_forbidden"), deepest)
    field = ".".join(str(part) for part in first["loc"] if not _is_variant(part)) or None
    reason = first["msg"].removeprefix("Value error, ")
    if first["type"] == "json_invalid":
        return InputError(f"The body is not valid JSON in UTF-8: {reason}.")
    if first["type"] == "extra_forbidden":
        return InputError(f"“{field}” is not a field that Banyan knows here; please leave it out.", param=field)
    return InputError(f"{field or 'The request'} is not valid: {reason}.", param=field)


def _is_variant(part: int | str) -> bool:
    """pydantic puts the tried member of a union into the path; people know no such field."""
    return isinstance(part, str) and bool(re.match(r"str$|list\[|function-before", part))
