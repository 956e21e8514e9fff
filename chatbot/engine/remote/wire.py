"""The OpenAI protocol from the client's side: requests written; failures, model lists and log-probabilities read."""

import json
import re
from collections.abc import Mapping, Sequence, Set
from typing import Any
from urllib.parse import urlsplit

import httpx

from chatbot.common.errors import (
    AdapterNotFound,
    BanyanError,
    ContextOverflow,
    EngineBusy,
    EngineError,
    EngineUnavailable,
    InputError,
    SettingsError,
)
from chatbot.types import Adapter, Message, Sampling, TokenLogprob

_OVERFLOW = re.compile(
    r"context.?(length|size|window|overflow)|exceed_context|max_model_len|maximum .{0,40}tokens", re.I
)


CONTINUE = "continue_final_message"
GO_ON = "Go on exactly where your answer broke off. Repeat nothing of it and say nothing else."


def addresses(base_url: str) -> tuple[str, str]:
    """(root, API) addresses of a server. `http://host:8000` means its `/v1`; any other path is taken as it stands.

    Raises `SettingsError` for what is no http(s) address or holds a password.
    """
    parts = urlsplit(base_url.strip())
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.query:
        raise SettingsError("The server's address must look like http://host:8000/v1; give the key as the API key.")
    path = parts.path.rstrip("/") or "/v1"
    api = f"{parts.scheme}://{parts.netloc}{path}"
    return api.removesuffix("/v1"), api


def unreachable(url: str, error: Exception) -> EngineUnavailable:
    why = "does not answer in time" if isinstance(error, httpx.TimeoutException) else "cannot be reached"
    return EngineUnavailable(
        f"The model server at {url} {why}. Check that it runs, then try again.", kind="remote_unreached", url=url
    )


def failure(status: int, body: object, *, url: str, model: str, secret: str | None) -> BanyanError:
    """The error that an HTTP answer, or an error record within a stream, stands for."""
    text = error_text(body)
    said = text.replace(secret, "…") if secret else text
    if status in {400, 413, 422, 500} and _OVERFLOW.search(_kinds(body) + text):
        return ContextOverflow(
            f"The text is too long for the model ({said}). Please shorten it.",
            kind="remote_overflow",
            **_figures(body),
            reason=said,
        )
    if status in {401, 403, 404}:
        return _closed_door(status, said, url=url, model=model)
    if status in {429, 503}:
        return EngineBusy(
            f"The model server at {url} is busy: {said}. Please try again in a minute.",
            kind="remote_busy",
            waiting=0,
            url=url,
            reason=said,
        )
    if status in {400, 413, 422}:
        return InputError(f"The model server did not accept the request: {said}.", kind="remote_refused", reason=said)
    return EngineError(
        f"The model server at {url} failed ({status}: {said}). Please try again.",
        kind="remote_failed",
        url=url,
        status=status,
        reason=said,
    )


def _closed_door(status: int, said: str, *, url: str, model: str) -> BanyanError:
    if status == 404 and "model" in said.lower():
        return AdapterNotFound(
            f"The model server at {url} has no model “{model}”.", kind="remote_no_model", name=model, url=url
        )
    if status == 404:
        return EngineUnavailable(
            f"{url} is no OpenAI-compatible API (404). Check the address.", kind="remote_no_api", url=url
        )
    if status == 403:
        return EngineUnavailable(
            f"The model server at {url} does not allow this: {said}. Check the API key.",
            kind="remote_not_allowed",
            url=url,
            reason=said,
        )
    return EngineUnavailable(
        f"The model server at {url} refuses the API key. Check the key in the settings.", kind="remote_key", url=url
    )


def error_text(body: object) -> str:
    """The sentence in an error body, whichever of the known shapes it has; at most 300 characters."""
    inner = body.get("error", body) if isinstance(body, Mapping) else body
    if isinstance(inner, Mapping):
        inner = inner.get("message") or inner.get("detail") or json.dumps(inner)
    return str(inner).strip()[:300].rstrip(".") or "no reason given"


def _kinds(body: object) -> str:
    inner = body.get("error", body) if isinstance(body, Mapping) else {}
    return f"{inner.get('code')} {inner.get('type')} " if isinstance(inner, Mapping) else ""


def _figures(body: object) -> dict[str, object]:
    inner = body.get("error") if isinstance(body, Mapping) else None
    figures = inner if isinstance(inner, Mapping) else {}
    return {"prompt": figures.get("n_prompt_tokens"), "window": figures.get("n_ctx")}


def decode(content: bytes) -> object:
    """JSON where it is JSON, else the text."""
    try:
        return json.loads(content)
    except ValueError:
        return content.decode("utf-8", "replace")


class WholeCharacters:
    """Joins surrogate halves that a server's JSON escapes put into two events."""

    def __init__(self) -> None:
        self._half = ""

    def add(self, text: str) -> str:
        text = self._half + text
        self._half = text[-1] if text and "\ud800" <= text[-1] <= "\udbff" else ""
        text = text.removesuffix(self._half) if self._half else text
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def logprobs(choice: Mapping[str, Any]) -> tuple[TokenLogprob, ...]:
    content = (choice.get("logprobs") or {}).get("content") or ()
    return tuple(
        TokenLogprob(
            entry["token"],
            float(entry["logprob"]),
            tuple((top["token"], float(top["logprob"])) for top in entry.get("top_logprobs") or ()),
        )
        for entry in content
    )


def count(answer: object) -> int | None:
    """vLLM and Banyan say `count`, llama-server lists the `tokens`."""
    if isinstance(answer, Mapping):
        if isinstance(answer.get("count"), int):
            return int(answer["count"])
        if isinstance(answer.get("tokens"), list):
            return len(answer["tokens"])
    return None


def cards(answer: object) -> list[Mapping[str, Any]] | None:
    """The models that a server lists; None where it sent no list."""
    data = answer.get("data") if isinstance(answer, Mapping) else None
    if not isinstance(data, list):
        return None
    return [card for card in data if isinstance(card, Mapping) and isinstance(card.get("id"), str)]


def first_model(cards: Sequence[Mapping[str, Any]], url: str) -> str:
    base = next((card for card in cards if not card.get("parent")), None)
    if base is None:
        raise EngineUnavailable(
            f"The model server at {url} has no model. Load one there, then try again.", kind="remote_empty", url=url
        )
    return str(base["id"])


def window(cards: Sequence[Mapping[str, Any]], model: str) -> int | None:
    card = next((card for card in cards if card["id"] == model), {})
    offered = (card.get("context_window"), card.get("max_model_len"))
    return next((value for value in offered if isinstance(value, int) and value > 0), None)


def adapters(cards: Sequence[Mapping[str, Any]], model: str) -> list[Adapter]:
    """Models whose parent is the base; where a server names no parents, all its other models."""
    others = [card for card in cards if card["id"] != model]
    return [
        Adapter(name=card["id"], base=str(card.get("parent") or model), task=str(card.get("task") or ""))
        for card in others
        if (card.get("parent") or model) == model
    ]


def payload(model: str, messages: Sequence[Message], sampling: Sampling) -> dict[str, Any]:
    """Extensions go out where they would change the answer: never for greedy, nor when they are switched off."""
    body: dict[str, Any] = {
        "model": model,
        **conversation(messages),
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
    if sampling.seed is not None:
        body["seed"] = sampling.seed
    if sampling.stop:
        body["stop"] = list(sampling.stop)
    if sampling.top_logprobs is not None:
        body |= {"logprobs": True, "top_logprobs": sampling.top_logprobs}
    return body


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


def plain(messages: Sequence[Message]) -> list[dict[str, str]]:
    return [{"role": message.role, "content": message.content} for message in messages]
