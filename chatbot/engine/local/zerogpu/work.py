"""What is done where the GPU is: `spaces` forks a process off for a call, lends it a GPU, and may use it again for the next.

A model that was loaded there stays, so that the next call begins at once. Nothing here touches CUDA in the app's own process.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from typing import Any

from chatbot.common.errors import BanyanError
from chatbot.engine.adapters import shipped
from chatbot.types import Adapter, Message, Prompt, Sampling

LOOK = 0.1  # seconds between looks for the file that says stop


@dataclass(frozen=True, slots=True)
class Served:
    """The model, as another process finds it again. `known` is its name in the catalogue; empty for others."""

    folder: Path
    name: str
    known: str
    adapters: Path
    context: int | None
    device: str = "cuda"


@dataclass(frozen=True, slots=True)
class Answer:
    """To a conversation, or what follows a prompt as it stands."""

    sampling: Sampling
    adapter: str | None
    messages: tuple[Message, ...] = ()
    prompt: Prompt | None = None


@dataclass(frozen=True, slots=True)
class Score:
    messages: tuple[Message, ...]
    continuations: tuple[str, ...]
    adapter: str | None


@dataclass(frozen=True, slots=True)
class Read:
    prompt: Prompt
    best: int
    adapter: str | None


@dataclass(frozen=True, slots=True)
class Fit:
    adapter: Adapter


Asked = Answer | Score | Read | Fit


_engines: dict[Served, Any] = {}  # of this process: one, which forgets another when a call asks for it


def call(served: Served, asked: Asked, stop: Path) -> Iterator[Any]:
    """The chunks of an answer, or the one result of something else. An error comes last, for what is raised here is something else
    where the call comes from. It ends soon when there is a file `stop`. One function for all: `spaces` has a process for each."""
    stopped, ended = Event(), Event()
    Thread(target=_watch, args=(stop, stopped, ended), daemon=True).start()
    try:
        yield from _done(_engine(served), asked, stopped)
    except BanyanError as error:
        yield error
    finally:
        ended.set()


def _done(engine: Any, asked: Asked, stopped: Event) -> Iterator[Any]:
    match asked:
        case Answer(prompt=None):
            yield from engine.stream(asked.messages, asked.sampling, adapter=asked.adapter, stop=stopped)
        case Answer():
            yield from engine.go_on(asked.prompt, asked.sampling, adapter=asked.adapter, stop=stopped)
        case Score():
            yield engine.score(asked.messages, asked.continuations, adapter=asked.adapter)
        case Read():
            yield engine.read(asked.prompt, asked.best, adapter=asked.adapter)
        case Fit():
            yield engine.fit(asked.adapter)


def _engine(served: Served) -> Any:
    """That of this process, which knows the adapters that there are now."""
    from chatbot.engine.local.engine import LocalEngine

    if served not in _engines:
        while _engines:
            _engines.popitem()[1].close()
        _engines[served] = LocalEngine(
            served.folder,
            name=served.name,
            adapters=lambda: shipped.find(served.known, served.adapters),
            device=served.device,
            context=served.context,
            slots=1,
        )
    _engines[served].refresh()
    return _engines[served]


def _watch(stop: Path, stopped: Event, ended: Event) -> None:
    while not ended.wait(LOOK):
        if stop.exists():
            stopped.set()
            return
