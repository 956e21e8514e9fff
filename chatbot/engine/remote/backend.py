"""One server that speaks the OpenAI protocol: what it is asked, and what is learnt of what it can."""

import logging
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from threading import Event, Lock
from typing import Any, Literal

import httpx

from chatbot.common.errors import AdapterError, AdapterNotFound, BanyanError, EngineError, InputError
from chatbot.engine.remote import requests, wire
from chatbot.engine.remote.answer import RemoteAnswer
from chatbot.engine.remote.events import Refused, Streams
from chatbot.types import Adapter, Chunk

_TIMEOUT = httpx.Timeout(30.0, connect=10.0)
_OPTIONAL = (
    *("top_k", "min_p", "repetition_penalty", "repeat_penalty", "stream_options", "seed"),
    *(requests.CONTINUE, "add_generation_prompt"),
)
_NO_PATH = (404, 405, 501)  # answers of a server that has no such address
_log = logging.getLogger(__name__)
Cards = list[Mapping[str, Any]]


class Backend:
    """Raises `SettingsError` for an address that is none. `adapters` are those that it had when it was asked last."""

    def __init__(self, base_url: str, api_key: str | None) -> None:
        self.root, self.url = wire.addresses(base_url)
        self.adapters: list[Adapter] = []
        self.own: list[Adapter] = []  # those of them that it was not brought by us
        self.scores: Literal["score", "echo", ""] | None = None  # `scoring.Way`; None: not known yet
        self.settling = Lock()  # held by who looks after the adapters that it has of ours
        self.brought: dict[str, int] = {}  # names of those -> which weights
        self.declined: dict[
            str, tuple[int, AdapterError]
        ] = {}  # names of those that it refused -> which weights, and why
        self._key = api_key
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._client = httpx.Client(headers=headers, timeout=_TIMEOUT)
        self._streams = Streams(headers)
        self._lock = Lock()
        self._refused: set[str] = set()
        self._missing: set[str] = set()  # addresses that the server does not have: not asked again until `forget`

    def cards(self) -> Cards | None:
        """The models that it lists, those of tasks, too; None where it lists none."""
        cards = wire.cards(self.ask("/models"))
        if cards and any(card.get("owned_by") == "banyan" for card in cards):  # it lists those of tasks only when asked
            cards = wire.cards(self.ask("/models?adapters=all"))
        return cards

    def slot_window(self) -> int | None:
        """llama-server divides its context among slots; only /props says what one request gets."""
        props = self.ask(f"{self.root}/props")
        settings = props.get("default_generation_settings") if isinstance(props, Mapping) else None
        window = settings.get("n_ctx") if isinstance(settings, Mapping) else None
        return window if isinstance(window, int) and window > 0 else None

    def forget(self) -> None:
        """What it could not do it may be able to do by now."""
        self._missing.clear()
        self.declined.clear()

    def bring(self, name: str, folder: Path) -> bool:
        """Have it load a LoRA adapter, as vLLM does; False where it has no such thing. Raises `AdapterError` with what it says."""
        path = str(folder.absolute())
        body = {"lora_name": name, "lora_path": path}
        if (url := f"{self.url}/load_lora_adapter") in self._missing:
            return False
        status, answer = self._post(url, body)
        said = wire.error_text(answer)
        if status in _NO_PATH and name not in said and path not in said:
            self._missing.add(url)
            return False
        if status != 200:
            raise AdapterError(
                f"The model server at {self.url} does not load the adapter {name}: {said}.",
                kind="remote_adapter",
                name=name,
                url=self.url,
                reason=said,
            )
        return True

    def drop(self, name: str) -> None:
        """Have it give up an adapter that it was brought. One that it has lost meanwhile is as good as given up."""
        self.brought.pop(name, None)
        status, answer = self._post(f"{self.url}/unload_lora_adapter", {"lora_name": name})
        if status not in (200, 404):
            _log.warning("The model server at %s keeps the adapter %s: %s", self.url, name, wire.error_text(answer))

    def ask(self, path: str, body: object = None, model: str = "") -> object:
        """The JSON of the answer; None where the server has no such path or does not know this kind of body.

        `path` stands below the API's address, or is an address of its own.
        """
        url = path if path.startswith("http") else f"{self.url}{path}"
        if url in self._missing:
            return None
        try:
            response = self._client.get(url) if body is None else self._client.post(url, json=body)
        except httpx.HTTPError as error:
            raise wire.unreachable(self.url, error) from error
        answer = wire.decode(response.content)
        if response.status_code == 200:
            return answer
        failure = self._failure(response.status_code, answer, model)
        if response.status_code in _NO_PATH and not isinstance(failure, AdapterNotFound):
            self._missing.add(url)
            return None
        if type(failure) is InputError and "tokenize" in url:
            return None
        raise failure

    def _post(self, url: str, body: object) -> tuple[int, object]:
        try:
            response = self._client.post(url, json=body)
        except httpx.HTTPError as error:
            raise wire.unreachable(self.url, error) from error
        return response.status_code, wire.decode(response.content)

    def answer(self, answer: RemoteAnswer, asked: requests.Asked, stop: Event) -> Iterator[Chunk]:
        """The chunks of an answer, which is read into `answer`. Raises `EngineError` where it breaks off."""
        model = str(asked.payload["model"])
        while True:
            sent = requests.without(asked.payload, self._refused)
            try:
                for data in self._streams.post(f"{self.url}{asked.path}", sent, stop):
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
                raise (self.broke_off() if answer.tokens else wire.unreachable(self.url, error)) from error

    def broke_off(self) -> EngineError:
        return EngineError(
            f"The answer of the server at {self.url} broke off. Please try again.",
            kind="answer_broke_off",
            url=self.url,
        )

    def close(self) -> None:
        self._streams.close()
        self._client.close()

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
