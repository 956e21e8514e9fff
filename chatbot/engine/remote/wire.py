"""The OpenAI protocol from the client's side: requests written; failures, model lists and log-probabilities read."""

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
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
from chatbot.types import Adapter, TokenLogprob

_OVERFLOW = re.compile(
    r"context.?(length|size|window|overflow)|exceed_context|max_model_len|maximum .{0,40}tokens", re.I
)


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
    """In the form of /chat/completions or in the older one of /completions."""
    told: Mapping[str, Any] = choice.get("logprobs") or {}
    if "tokens" in told:
        return tuple(_older(told))
    return tuple(
        TokenLogprob(
            entry["token"],
            float(entry["logprob"]),
            tuple((top["token"], float(top["logprob"])) for top in entry.get("top_logprobs") or ()),
        )
        for entry in told.get("content") or ()
    )


def _older(told: Mapping[str, Any]) -> Iterator[TokenLogprob]:
    columns = (told.get(name) or () for name in ("tokens", "token_logprobs", "top_logprobs"))
    for token, chance, top in zip_longest(*columns):
        likeliest = tuple((name, float(p)) for name, p in (top or {}).items() if p is not None)
        yield TokenLogprob(token, math.nan if chance is None else float(chance), likeliest)


def echoed(answer: object) -> list[TokenLogprob] | None:
    """The prompt's tokens as /completions tells them with `echo`, less the one that was written; None where it does not."""
    choices = answer.get("choices") if isinstance(answer, Mapping) else None
    found = list(logprobs(choices[0])) if choices else []
    if not isinstance(answer, Mapping) or len(found) < 2:
        return None
    return found[: len(found) - int((answer.get("usage") or {}).get("completion_tokens") or 0)]


def count(answer: object) -> int | None:
    """vLLM and Banyan say `count`, llama-server lists the `tokens`."""
    if isinstance(answer, Mapping):
        if isinstance(answer.get("count"), int):
            return int(answer["count"])
        if isinstance(answer.get("tokens"), list):
            return len(answer["tokens"])
    return None


def numbers(answer: object) -> Sequence[int]:
    """The tokens that vLLM and llama-server list; none where they list something else."""
    tokens = answer.get("tokens") if isinstance(answer, Mapping) else None
    return tokens if isinstance(tokens, list) and all(isinstance(token, int) for token in tokens) else []


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
    """The models whose parent is the base. What a server or gateway has besides is another model: `gpt-4o` is no adapter."""
    return [
        Adapter(name=card["id"], base=model, task=str(card.get("task") or ""))
        for card in cards
        if card["id"] != model and card.get("parent") == model
    ]
