"""The OpenAI protocol from the client's side: requests written."""

import json
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from typing import Any

from chatbot.types import Message, Prompt, Sampling

_PENALTIES = ("presence_penalty", "frequency_penalty")
CONTINUE = "continue_final_message"
GO_ON = "Go on exactly where your answer broke off. Repeat nothing of it and say nothing else."


@dataclass(frozen=True, slots=True)
class Asked:
    """A request for an answer, whichever server gets it. `path` stands below the API's address."""

    path: str
    payload: dict[str, Any]
    estimate: Callable[[], int]  # of the prompt's tokens, where the server does not tell them


def payload(model: str, messages: Sequence[Message], sampling: Sampling) -> dict[str, Any]:
    logprobs = {} if sampling.top_logprobs is None else {"logprobs": True, "top_logprobs": sampling.top_logprobs}
    return {"model": model, **conversation(messages), **tools(messages, sampling), **_drawn(sampling), **logprobs}


def raw_payload(model: str, prompt: Prompt, sampling: Sampling) -> dict[str, Any]:
    """For the endpoint that knows no messages."""
    logprobs = {} if sampling.top_logprobs is None else {"logprobs": sampling.top_logprobs}
    return {"model": model, "prompt": _raw(prompt), **_drawn(sampling), **logprobs}


def echo_payload(model: str, prompt: Prompt, best: int) -> dict[str, Any]:
    """Asks for the log-probabilities of the prompt itself; some servers write a token in any case."""
    return {"model": model, "prompt": _raw(prompt), "echo": True, "logprobs": max(best, 1), "max_tokens": 1}


def _raw(prompt: Prompt) -> str | list[int]:
    return list(prompt.tokens) or prompt.text


def _drawn(sampling: Sampling) -> dict[str, Any]:
    """Extensions go out where they would change the answer: never for greedy, nor when they are switched off."""
    body: dict[str, Any] = {
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_tokens": sampling.max_tokens,
        "temperature": sampling.temperature,
    }
    if sampling.temperature > 0:
        body["top_p"] = sampling.top_p
        body |= {"top_k": sampling.top_k} if sampling.top_k else {}
        body |= {"min_p": sampling.min_p} if sampling.min_p else {}
        if sampling.repetition_penalty != 1:  # llama-server has its own name for it and ignores the usual one
            body |= dict.fromkeys(("repetition_penalty", "repeat_penalty"), sampling.repetition_penalty)
    body |= {name: value for name in _PENALTIES if (value := getattr(sampling, name))}
    if sampling.logit_bias:
        body["logit_bias"] = {str(token): value for token, value in sampling.logit_bias}
    if sampling.schema:
        schema = {"name": "answer", "strict": True, "schema": json.loads(sampling.schema)}
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
    if sampling.seed is not None:
        body["seed"] = sampling.seed
    return body | ({"stop": list(sampling.stop)} if sampling.stop else {})


def tools(messages: Sequence[Message], sampling: Sampling) -> dict[str, Any]:
    offered = [json.loads(tool) for message in messages for tool in message.tools]
    return {"tools": offered, "tool_choice": "required" if sampling.must_call else "auto"} if offered else {}


def conversation(messages: Sequence[Message]) -> dict[str, Any]:
    """The messages; where the last is the beginning of an answer, with vLLM's words for going on with it."""
    body: dict[str, Any] = {"messages": plain(messages)}
    if messages and messages[-1].role == "assistant":
        body |= {CONTINUE: True, "add_generation_prompt": False}
    return body


def without(payload: dict[str, Any], refused: Set[str]) -> dict[str, Any]:
    """The request without the fields that the server does not want. One that cannot go on with an answer is asked to."""
    sent = {name: value for name, value in payload.items() if name not in refused}
    if CONTINUE in payload.keys() & refused:
        sent["messages"] = [*sent["messages"], {"role": "user", "content": GO_ON}]
    return sent


def plain(messages: Sequence[Message]) -> list[dict[str, Any]]:
    return [_turn(message) for message in messages]


def _turn(message: Message) -> dict[str, Any]:
    turn: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.calls:
        turn["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in message.calls
        ]
    return turn | ({"tool_call_id": message.call} if message.call else {})
