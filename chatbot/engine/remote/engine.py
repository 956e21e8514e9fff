"""Any OpenAI-compatible server as the engine: vLLM, SGLang, llama-server, TGI, another Banyan.

An adapter's name is a model name, as in vLLM: every model that the server lists besides the base is taken for an adapter.
Sampling goes out under OpenAI's names; `top_k`, `min_p` and the repetition penalty are extensions of these servers, and
one that refuses a field gets the request again without it (the log says so once). An answer is gone on with as vLLM and
SGLang do it; a server that refuses that gets a turn of the user's that asks for it. Nothing here logs or shows the key.
"""

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from threading import Event, Lock
from typing import Any

import httpx

from chatbot.common.errors import AdapterError, AdapterNotFound, BanyanError, EngineError, EngineUnavailable, InputError
from chatbot.engine.remote import requests, wire
from chatbot.engine.remote.answer import RemoteAnswer
from chatbot.engine.remote.events import Refused, Streams
from chatbot.engine.slot_queue import SlotQueue
from chatbot.types import Adapter, Chunk, Message, Prompt, Sampling, TokenLogprob, Traits, Usage

_TIMEOUT = httpx.Timeout(30.0, connect=10.0)
_OPTIONAL = (
    *("top_k", "min_p", "repetition_penalty", "repeat_penalty", "stream_options", "seed"),
    *(requests.CONTINUE, "add_generation_prompt"),
)
_BYTES_PER_TOKEN = 3  # English is near 4 and Chinese near 3 in today's vocabularies: rather too many than too few
_log = logging.getLogger(__name__)


class RemoteEngine:
    """`model` None takes the first model that the server lists; `context` is its window in tokens where it names none.

    Raises `SettingsError` for an address that is none, `EngineUnavailable` when the server does not answer.
    """

    name = "remote"
    supports_logprobs = True

    def __init__(
        self,
        base_url: str,
        *,
        model: str | None = None,
        api_key: str | None = None,
        context: int | None = None,
        slots: int = 64,
    ) -> None:
        self._root, self.url = wire.addresses(base_url)
        self.device = f"server at {self.url}"
        self.model, self.traits = model or "", Traits()
        self._key = api_key
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._client = httpx.Client(headers=headers, timeout=_TIMEOUT)
        self._streams = Streams(headers)
        self._queue = SlotQueue(slots)
        self._lock = Lock()
        self._refused: set[str] = set()
        self._missing: set[str] = set()  # addresses that the server does not have: not asked again until `refresh`
        self._adapters: list[Adapter] = []
        try:
            cards = self._cards(required=model is None)
            self.model = self.model or wire.first_model(cards, self.url)
        except BaseException:
            self.close()
            raise
        self.context_window = context or wire.window(cards, self.model) or self._slot_window() or 8192
        self._adapters = wire.adapters(cards, self.model)

    def stream(
        self,
        messages: Sequence[Message],
        sampling: Sampling,
        *,
        adapter: str | None = None,
        stop: Event | None = None,
    ) -> Iterator[Chunk]:
        """See `Engine.stream`. Where the server gives no usage, its events are counted and the prompt is estimated."""
        chat = requests.Asked(
            f"{self.url}/chat/completions",
            requests.payload(adapter or self.model, messages, sampling),
            lambda: self._estimate(messages),
        )
        return self._generate(chat, adapter, stop or Event())

    def go_on(
        self, prompt: Prompt, sampling: Sampling, *, adapter: str | None = None, stop: Event | None = None
    ) -> Iterator[Chunk]:
        """See `Engine.go_on`, by the server's /completions."""
        raw = requests.Asked(
            f"{self.url}/completions",
            requests.raw_payload(adapter or self.model, prompt, sampling),
            lambda: len(prompt.tokens) or self.count_tokens(prompt.text),
        )
        return self._generate(raw, adapter, stop or Event())

    def read(self, prompt: Prompt, best: int, *, adapter: str | None = None) -> list[TokenLogprob]:
        """See `Engine.read`, by the server's /completions with `echo`. Raises `EngineError` where the server tells nothing."""
        self._check_adapter(adapter)
        answer = self._ask(f"{self.url}/completions", requests.echo_payload(adapter or self.model, prompt, best))
        told = wire.echoed(answer)
        if told is None:
            raise self._unscored()
        return told

    def _generate(self, asked: requests.Asked, adapter: str | None, stop: Event) -> Iterator[Chunk]:
        self._check_adapter(adapter)
        answer = RemoteAnswer()
        with self._queue.ticket() as ticket:
            for place in ticket.wait(stop):
                yield Chunk(place=place)
            if ticket.running:
                yield from self._answer(answer, asked, stop)
        finish = "cancelled" if stop.is_set() and answer.finish is None else answer.finish
        if finish is None:
            raise EngineError(
                f"The answer of the server at {self.url} broke off. Please try again.",
                kind="answer_broke_off",
                url=self.url,
            )
        yield Chunk(finish=finish, calls=answer.calls(), usage=answer.usage or Usage(asked.estimate(), answer.tokens))

    def score(
        self, messages: Sequence[Message], continuations: Sequence[str], *, adapter: str | None = None
    ) -> list[float]:
        """Asks POST /v1/score, which Banyan servers have. Raises `EngineError` where the server has no such thing."""
        self._check_adapter(adapter)
        body = {
            "model": adapter or self.model,
            "messages": requests.plain(messages),
            "continuations": list(continuations),
        }
        answer = self._ask(f"{self.url}/score", body)
        scores = answer.get("scores") if isinstance(answer, Mapping) else None
        if not isinstance(scores, list) or len(scores) != len(continuations):
            raise self._unscored()
        return [float(score) for score in scores]

    def count_tokens(self, text: str) -> int:
        """By the server's /tokenize (Banyan, vLLM, llama-server), else an estimate of a token for three UTF-8 bytes."""
        for url, body in (
            (f"{self.url}/tokenize", {"model": self.model, "prompt": text}),
            (f"{self._root}/tokenize", {"model": self.model, "prompt": text, "content": text}),
            (f"{self._root}/tokenize", {"model": self.model, "prompt": text}),
        ):
            if (count := wire.count(self._ask(url, body))) is not None:
                return count
        return -(-len(text.encode("utf-8", "replace")) // _BYTES_PER_TOKEN)

    def count_prompt(self, messages: Sequence[Message]) -> int:
        """By the server's /tokenize where it templates messages, else the contents and an estimated 5 tokens a turn."""
        body = {"model": self.model, **requests.conversation(messages)}
        for url in (f"{self.url}/tokenize", f"{self._root}/tokenize"):
            if count := wire.count(self._ask(url, body)):  # llama-server ignores the messages and counts 0
                return count
        rendered = self._ask(f"{self._root}/apply-template", body)
        if isinstance(rendered, Mapping) and isinstance(rendered.get("prompt"), str):
            text = {"content": rendered["prompt"], "add_special": True, "parse_special": True}
            if (count := wire.count(self._ask(f"{self._root}/tokenize", text))) is not None:
                return count
        return self._estimate(messages)

    def adapters(self) -> list[Adapter]:
        return list(self._adapters)

    def refresh(self) -> None:
        self._missing.clear()
        self._adapters = wire.adapters(self._cards(required=False), self.model)

    def fit(self, adapter: Adapter) -> None:
        raise AdapterError(
            "The model runs on another server, which keeps its own adapters. Add the adapter there.",
            kind="adapter_elsewhere",
        )

    def load(self) -> dict[str, int]:
        return self._queue.load()

    def close(self) -> None:
        self._queue.close()
        self._streams.close()
        self._client.close()

    def _unscored(self) -> EngineError:
        return EngineError(
            f"The server at {self.url} cannot score given texts. Use --engine llamacpp or local, or a Banyan server.",
            kind="remote_unscored",
            url=self.url,
        )

    def _answer(self, answer: RemoteAnswer, asked: requests.Asked, stop: Event) -> Iterator[Chunk]:
        model = str(asked.payload["model"])
        while True:
            sent = requests.without(asked.payload, self._refused)
            try:
                for data in self._streams.post(asked.url, sent, stop):
                    if data == "[DONE]":
                        return
                    if chunk := answer.read(self._record(data, model)):
                        yield chunk
                return
            except Refused as refused:
                body = wire.decode(refused.body)
                if refused.status not in {400, 422} or not self._learn(wire.error_text(body), sent):
                    raise self._failure(refused.status, body, model) from None
            except httpx.HTTPError as error:
                if answer.tokens:
                    raise EngineError(
                        f"The answer of the server at {self.url} broke off. Please try again.",
                        kind="answer_broke_off",
                        url=self.url,
                    ) from error
                raise wire.unreachable(self.url, error) from error

    def _record(self, data: str, model: str) -> Mapping[str, Any]:
        record = wire.decode(data.encode())
        if not isinstance(record, Mapping):
            raise EngineError(
                f"The server at {self.url} sent something that is not JSON.", kind="remote_not_json", url=self.url
            )
        if error := record.get("error"):
            code = error.get("code") if isinstance(error, Mapping) else None
            raise self._failure(code if isinstance(code, int) else 500, record, model)
        return record

    def _learn(self, text: str, sent: Mapping[str, Any]) -> bool:
        """True when the server names optional fields that it does not want; they are not sent again."""
        named = {field for field in _OPTIONAL if field in sent and re.search(rf"\b{field}\b", text)}
        if named:
            _log.warning("The model server at %s refuses %s: sent without from now on", self.url, sorted(named))
        with self._lock:
            self._refused |= named
        return bool(named)

    def _failure(self, status: int, body: object, model: str) -> BanyanError:
        return wire.failure(status, body, url=self.url, model=model, secret=self._key)

    def _check_adapter(self, adapter: str | None) -> None:
        """llama-server answers with the base model to any name, so a wrong one has to be found out here."""
        for _ in range(2):
            if adapter is None or adapter in {known.name for known in self._adapters}:
                return
            self.refresh()
        raise AdapterNotFound(
            f"The model server at {self.url} has no adapter “{adapter}”.",
            kind="remote_no_adapter",
            name=adapter,
            url=self.url,
        )

    def _estimate(self, messages: Sequence[Message]) -> int:
        return sum(-(-len(m.content.encode("utf-8", "replace")) // _BYTES_PER_TOKEN) + 5 for m in messages)

    def _cards(self, *, required: bool) -> list[Mapping[str, Any]]:
        cards = wire.cards(self._ask(f"{self.url}/models"))
        if cards and any(card.get("owned_by") == "banyan" for card in cards):  # it lists those of tasks only when asked
            cards = wire.cards(self._ask(f"{self.url}/models?adapters=all"))
        if cards is not None:
            return cards
        if required:
            raise EngineUnavailable(
                f"{self.url} lists no models. Check the address, or name the model.",
                kind="remote_no_models",
                url=self.url,
            )
        return []

    def _slot_window(self) -> int | None:
        """llama-server divides its context among slots; only /props says what one request gets."""
        props = self._ask(f"{self._root}/props")
        settings = props.get("default_generation_settings") if isinstance(props, Mapping) else None
        window = settings.get("n_ctx") if isinstance(settings, Mapping) else None
        return window if isinstance(window, int) and window > 0 else None

    def _ask(self, url: str, body: object = None) -> object:
        """The JSON of the answer; None where the server has no such path or does not know this kind of body."""
        if url in self._missing:
            return None
        try:
            response = self._client.get(url) if body is None else self._client.post(url, json=body)
        except httpx.HTTPError as error:
            raise wire.unreachable(self.url, error) from error
        if response.status_code == 200:
            return wire.decode(response.content)
        answer = wire.decode(response.content)
        failure = self._failure(response.status_code, answer, self.model)
        if response.status_code in {404, 405, 501} and not isinstance(failure, AdapterNotFound):
            self._missing.add(url)
            return None
        if type(failure) is InputError and "tokenize" in url:
            return None
        raise failure
