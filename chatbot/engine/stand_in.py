"""What stands for another engine: every request goes to the one that answers at the moment."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from threading import Event

from chatbot.engine.base import Engine
from chatbot.engine.measures import Measures
from chatbot.types import Adapter, Chunk, Message, Prompt, Sampling, Server, TokenLogprob, Traits, Usage


class StandIn(ABC):
    """An `Engine`. Who derives from it says which one it stands for."""

    def __init__(self) -> None:
        self.measures = Measures()

    @property
    @abstractmethod
    def engine(self) -> Engine: ...

    @abstractmethod
    def _serving(self, stop: Event | None = None) -> AbstractContextManager[Engine | None]:
        """The engine, which does not close before the block ends; None when `stop` was set first."""

    @property
    def name(self) -> str:
        return self.engine.name

    @property
    def model(self) -> str:
        return self.engine.model

    @property
    def traits(self) -> Traits:
        return self.engine.traits

    @property
    def device(self) -> str:
        return self.engine.device

    @property
    def context_window(self) -> int:
        return self.engine.context_window

    @property
    def supports_logprobs(self) -> bool:
        return self.engine.supports_logprobs

    @property
    def supports_scores(self) -> bool:
        return self.engine.supports_scores

    @property
    def servers(self) -> tuple[Server, ...]:
        return self.engine.servers

    def stream(
        self,
        messages: Sequence[Message],
        sampling: Sampling,
        *,
        adapter: str | None = None,
        stop: Event | None = None,
    ) -> Iterator[Chunk]:
        with self._serving(stop) as engine:
            if engine is None:
                yield Chunk(finish="cancelled", usage=Usage(0, 0))
                return
            chunks = engine.stream(messages, sampling, adapter=adapter, stop=stop)
            yield from self.measures.watched(chunks, engine.name, _told(engine, adapter))

    def score(
        self, messages: Sequence[Message], continuations: Sequence[str], *, adapter: str | None = None
    ) -> list[float]:
        with self._serving() as engine:
            assert engine  # there is no stop event
            return engine.score(messages, continuations, adapter=adapter)

    def go_on(
        self, prompt: Prompt, sampling: Sampling, *, adapter: str | None = None, stop: Event | None = None
    ) -> Iterator[Chunk]:
        with self._serving(stop) as engine:
            if engine is None:
                yield Chunk(finish="cancelled", usage=Usage(0, 0))
                return
            chunks = engine.go_on(prompt, sampling, adapter=adapter, stop=stop)
            yield from self.measures.watched(chunks, engine.name, _told(engine, adapter))

    def read(self, prompt: Prompt, best: int, *, adapter: str | None = None) -> list[TokenLogprob]:
        with self._serving() as engine:
            assert engine  # there is no stop event
            return engine.read(prompt, best, adapter=adapter)

    def count_tokens(self, text: str) -> int:
        return self.engine.count_tokens(text)

    def count_prompt(self, messages: Sequence[Message]) -> int:
        return self.engine.count_prompt(messages)

    def adapters(self) -> list[Adapter]:
        return self.engine.adapters()

    def refresh(self) -> None:
        self.engine.refresh()

    def fit(self, adapter: Adapter) -> None:
        self.engine.fit(adapter)

    def load(self) -> dict[str, int]:
        return self.engine.load()


def _told(engine: Engine, adapter: str | None) -> str:
    """The adapter as everybody may know it: the name of one that is somebody's own tells of them."""
    shared = {known.name for known in engine.adapters() if not known.owner}
    return adapter if adapter in shared else "somebody's own" if adapter else ""
