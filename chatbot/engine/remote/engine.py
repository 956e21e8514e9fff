"""Any OpenAI-compatible servers as the engine: vLLM, SGLang, llama-server, TGI, another Banyan; one, or several that have the same model.

An adapter's name is a model name, as in vLLM: every model whose `parent` is the base is an adapter, and nothing else.
Sampling goes out under OpenAI's names; `top_k`, `min_p` and the repetition penalty are extensions of these servers, and
one that refuses a field gets the request again without it (the log says so once). An answer is gone on with as vLLM and
SGLang do it; a server that refuses that gets a turn of the user's that asks for it. What fails before its first token is tried once
more, elsewhere if there is an elsewhere. Nothing here logs or shows the key.
"""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from threading import Event

from chatbot.common.errors import (
    AdapterError,
    AdapterNotFound,
    BanyanError,
    EngineBusy,
    EngineError,
)
from chatbot.engine.remote import counting, requests, scoring, wire
from chatbot.engine.remote.answer import RemoteAnswer
from chatbot.engine.remote.backend import Backend
from chatbot.engine.remote.pool import Pool, may_pass
from chatbot.engine.remote.published import Published
from chatbot.engine.remote.served import Served
from chatbot.engine.slot_queue import SlotQueue
from chatbot.types import Adapter, Chunk, Message, Prompt, Sampling, Server, TokenLogprob, Traits, Usage


class RemoteEngine:
    """`base_url` names servers, with commas between; `model` None takes the first model that one lists; `context` is its window in
    tokens where it names none. Servers that can load the adapters in the folder `adapters` get them.

    Raises `SettingsError` for an address that is none, `EngineUnavailable` when no server answers, `ModelNotFound` when it
    has other models only.
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
        adapters: Path | None = None,
    ) -> None:
        backends = [Backend(each, api_key) for each in base_url.split(",")]
        self.url = ", ".join(backend.url for backend in backends)
        self.device = f"server at {self.url}"
        self.traits = Traits()
        self._queue = SlotQueue(slots)
        self._served = Served(model or "", backends, Published(adapters) if adapters else None)
        self._backends, self._pool = backends, Pool(backends, self._served.look)
        try:
            self._pool.start()
        except BaseException:
            self.close()
            raise
        self._context = context

    @property
    def model(self) -> str:
        return self._served.model

    @property
    def context_window(self) -> int:
        """What all of the servers can see."""
        return self._context or self._served.window

    @property
    def supports_scores(self) -> bool:
        return any(backend.scores for backend in self._backends)

    @property
    def servers(self) -> tuple[Server, ...]:
        return self._pool.servers()

    def stream(
        self,
        messages: Sequence[Message],
        sampling: Sampling,
        *,
        adapter: str | None = None,
        stop: Event | None = None,
    ) -> Iterator[Chunk]:
        """See `Engine.stream`. Where a server gives no usage, its events are counted and the prompt is estimated."""
        chat = requests.Asked(
            "/chat/completions",
            requests.payload(adapter or self.model, messages, sampling),
            lambda: counting.estimated_turns(messages),
        )
        return self._generate(chat, adapter, stop or Event())

    def go_on(
        self, prompt: Prompt, sampling: Sampling, *, adapter: str | None = None, stop: Event | None = None
    ) -> Iterator[Chunk]:
        """See `Engine.go_on`, by the servers' /completions."""
        count = lambda: len(prompt.tokens) or self.count_tokens(prompt.text)  # noqa: E731
        raw = requests.Asked("/completions", requests.raw_payload(adapter or self.model, prompt, sampling), count)
        return self._generate(raw, adapter, stop or Event())

    def score(
        self, messages: Sequence[Message], continuations: Sequence[str], *, adapter: str | None = None
    ) -> list[float]:
        """See `Engine.score`, by what Banyan and vLLM tell. Raises `EngineError` where a server tells nothing."""
        model = self._named(adapter)
        found = self._pool.anywhere(lambda server: scoring.scores(server, model, messages, continuations), adapter)
        if found is None:
            raise self._unscored()
        return found

    def read(self, prompt: Prompt, best: int, *, adapter: str | None = None) -> list[TokenLogprob]:
        """See `Engine.read`, by /completions with `echo`. Raises `EngineError` where a server tells nothing."""
        model = self._named(adapter)
        body = requests.echo_payload(model, prompt, best)
        told = wire.echoed(self._pool.anywhere(lambda server: server.ask("/completions", body, model), adapter))
        if told is None:
            raise self._unscored()
        return told

    def count_tokens(self, text: str) -> int:
        """By a server's /tokenize (Banyan, vLLM, llama-server), else an estimate of a token for three UTF-8 bytes."""
        count = self._pool.anywhere(lambda server: counting.of_text(server, self.model, text))
        return counting.estimated(text) if count is None else count

    def count_prompt(self, messages: Sequence[Message]) -> int:
        """By a server's /tokenize where it templates messages, else the contents and an estimated 5 tokens a turn."""
        count = self._pool.anywhere(lambda server: counting.of_messages(server, self.model, messages))
        return counting.estimated_turns(messages) if count is None else count

    def adapters(self) -> list[Adapter]:
        return self._served.adapters()

    def refresh(self) -> None:
        self._pool.refresh()

    def fit(self, adapter: Adapter) -> None:
        """A server that can load adapters tries it, under a name that nobody asks for."""
        name = f"banyan-try-{secrets.token_hex(8)}"
        for backend in self._backends if self._served.brings else ():
            if reason := backend.declined.get(adapter.name):
                raise reason[1]
            with backend.settling:
                if backend.bring(name, Path(str(adapter.path))):
                    backend.drop(name)
                    return
        raise AdapterError(
            "The model runs on another server, which keeps its own adapters. Add the adapter there.",
            kind="adapter_elsewhere",
        )

    def load(self) -> dict[str, int]:
        return self._queue.load()

    def close(self) -> None:
        self._queue.close()
        self._pool.close()
        for backend in self._backends:
            backend.close()

    def _generate(self, asked: requests.Asked, adapter: str | None, stop: Event) -> Iterator[Chunk]:
        self._named(adapter)
        with self._queue.ticket() as ticket:
            for place in ticket.wait(stop):
                yield Chunk(place=place)
            if not ticket.running:
                yield Chunk(finish="cancelled", usage=Usage(asked.estimate(), 0))
                return
            tried: list[str] = []
            while True:
                answer = RemoteAnswer()
                try:
                    yield from self._written(answer, asked, adapter, tried, stop)
                    return
                except BanyanError as error:
                    if answer.tokens or stop.is_set() or not may_pass(error) or not self._once_more(error, tried):
                        raise

    def _written(
        self,
        answer: RemoteAnswer,
        asked: requests.Asked,
        adapter: str | None,
        tried: list[str],
        stop: Event,
    ) -> Iterator[Chunk]:
        """The answer of a server that is not among those `tried`, which it joins."""
        with self._pool.use(adapter, tried) as server:
            tried.append(server.url)
            with closing(server.answer(answer, asked, stop)) as chunks:  # type: ignore[type-var]
                yield from chunks
            finish = "cancelled" if stop.is_set() and answer.finish is None else answer.finish
            if finish is None:
                raise server.broke_off()
            yield Chunk(
                finish=finish, calls=answer.calls(), usage=answer.usage or Usage(asked.estimate(), answer.tokens)
            )

    def _once_more(self, error: BanyanError, tried: Sequence[str]) -> bool:
        """A busy server is not asked again, one that cannot be reached is: it may have closed an idle connection."""
        return len(tried) < 2 and (len(self._backends) > 1 or not isinstance(error, EngineBusy))

    def _named(self, adapter: str | None) -> str:
        """The name under which it is asked. llama-server answers with the base model to any name, so a wrong one is found here.

        Raises `AdapterNotFound`.
        """
        for _ in range(2):
            if adapter is None or adapter in {known.name for known in self.adapters()}:
                return adapter or self.model
            self.refresh()
        raise AdapterNotFound(
            f"The model server at {self.url} has no adapter “{adapter}”.",
            kind="remote_no_adapter",
            name=adapter,
            url=self.url,
        )

    def _unscored(self) -> EngineError:
        return EngineError(
            f"The server at {self.url} cannot score given texts. Use --engine llamacpp or local, or a Banyan server.",
            kind="remote_unscored",
            url=self.url,
        )
