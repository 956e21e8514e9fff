"""What stands for another engine: every request goes to the one that answers at the moment."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from threading import Event

from chatbot.engine.base import Engine
from chatbot.engine.measures import Measures
from chatbot.engine.shares import NOBODY, Shares
from chatbot.types import Adapter, Chunk, Message, Prompt, Sampling, Server, TokenLogprob, Traits, Usage

Members = Callable[[str], Iterable[str]]


class Behind(ABC):
    """What an `Engine` tells without being asked for work, as the one behind it tells it."""

    @property
    @abstractmethod
    def engine(self) -> Engine: ...

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

    @abstractmethod
    def close(self) -> None: ...


class StandIn(Behind):
    """An `Engine`. Who derives from it says which one it stands for. Askers take turns: see `asked_by`."""

    def __init__(self, members: Members = lambda group: ()) -> None:
        """`members` are the owners who are in a group now."""
        self.measures = Measures()
        self._members = members
        self._shares = Shares()

    @abstractmethod
    def _serving(self, stop: Event | None = None) -> AbstractContextManager[Engine | None]:
        """The engine, which does not close before the block ends; None when `stop` was set first."""

    def adapters(self) -> list[Adapter]:
        return [self._opened(adapter) for adapter in self.engine.adapters()]

    def _opened(self, adapter: Adapter) -> Adapter:
        readers = frozenset(owner for group in adapter.groups for owner in self._members(group))
        return replace(adapter, readers=readers) if readers else adapter

    def asked_by(self, asker: str) -> Engine:
        """The same for the requests of one asker: an owner, or whoever they are counted for."""
        return AskedBy(self, asker)

    def stream(
        self,
        messages: Sequence[Message],
        sampling: Sampling,
        *,
        adapter: str | None = None,
        stop: Event | None = None,
        asker: str = NOBODY,
    ) -> Iterator[Chunk]:
        return self._answered(
            lambda engine: engine.stream(messages, sampling, adapter=adapter, stop=stop), adapter, stop, asker
        )

    def score(
        self,
        messages: Sequence[Message],
        continuations: Sequence[str],
        *,
        adapter: str | None = None,
        asker: str = NOBODY,
    ) -> list[float]:
        with self._serving() as engine:
            assert engine  # there is no stop event
            with self._shares.turn(engine, asker):
                return engine.score(messages, continuations, adapter=adapter)

    def go_on(
        self,
        prompt: Prompt,
        sampling: Sampling,
        *,
        adapter: str | None = None,
        stop: Event | None = None,
        asker: str = NOBODY,
    ) -> Iterator[Chunk]:
        return self._answered(
            lambda engine: engine.go_on(prompt, sampling, adapter=adapter, stop=stop), adapter, stop, asker
        )

    def read(self, prompt: Prompt, best: int, *, adapter: str | None = None, asker: str = NOBODY) -> list[TokenLogprob]:
        with self._serving() as engine:
            assert engine  # there is no stop event
            with self._shares.turn(engine, asker):
                return engine.read(prompt, best, adapter=adapter)

    def load(self) -> dict[str, int]:
        load = self.engine.load()
        return load | {"waiting": load["waiting"] + self._shares.waiting()}

    def _answered(
        self, ask: Callable[[Engine], Iterator[Chunk]], adapter: str | None, stop: Event | None, asker: str
    ) -> Iterator[Chunk]:
        with self._serving(stop) as engine:
            if engine is None:
                yield Chunk(finish="cancelled", usage=Usage(0, 0))
                return
            chunks = self._shares.chunks(engine, asker, lambda: ask(engine), stop)
            yield from self.measures.watched(chunks, engine.name, _told(engine, adapter))


class AskedBy(Behind):
    """See `StandIn.asked_by`."""

    def __init__(self, whole: StandIn, asker: str) -> None:
        self._whole, self._asker = whole, asker

    @property
    def engine(self) -> Engine:
        return self._whole

    def stream(
        self,
        messages: Sequence[Message],
        sampling: Sampling,
        *,
        adapter: str | None = None,
        stop: Event | None = None,
    ) -> Iterator[Chunk]:
        return self._whole.stream(messages, sampling, adapter=adapter, stop=stop, asker=self._asker)

    def score(
        self, messages: Sequence[Message], continuations: Sequence[str], *, adapter: str | None = None
    ) -> list[float]:
        return self._whole.score(messages, continuations, adapter=adapter, asker=self._asker)

    def go_on(
        self, prompt: Prompt, sampling: Sampling, *, adapter: str | None = None, stop: Event | None = None
    ) -> Iterator[Chunk]:
        return self._whole.go_on(prompt, sampling, adapter=adapter, stop=stop, asker=self._asker)

    def read(self, prompt: Prompt, best: int, *, adapter: str | None = None) -> list[TokenLogprob]:
        return self._whole.read(prompt, best, adapter=adapter, asker=self._asker)

    def close(self) -> None:
        """The engine is everybody's: it stays."""


def _told(engine: Engine, adapter: str | None) -> str:
    """The adapter as everybody may know it: the name of one that is somebody's own tells of them."""
    shared = {known.name for known in engine.adapters() if not known.owner}
    return adapter if adapter in shared else "somebody's own" if adapter else ""
