"""What the folder of an engine offers to the registry."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from chatbot.common.step import Progress
from chatbot.engine.base import Engine


class Wanted(Protocol):
    """The settings that engines heed, as `chatbot.settings.Settings` explains them."""

    @property
    def engine(self) -> str: ...
    @property
    def model(self) -> str: ...
    @property
    def data(self) -> Path: ...
    @property
    def context(self) -> int | None: ...
    @property
    def slots(self) -> int | None: ...
    @property
    def threads(self) -> int | None: ...
    @property
    def exact(self) -> str: ...
    @property
    def cache_mib(self) -> int | None: ...
    @property
    def device(self) -> str: ...
    @property
    def zero_gpu(self) -> bool: ...
    @property
    def quantize(self) -> str: ...
    @property
    def base_url(self) -> str | None: ...
    @property
    def remote_key(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class NoTraining:
    """Why nothing can be trained. The page has words for `code`, as the string `error.training_CODE`."""

    code: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Slow:
    """The installed library leaves what this processor can unused; `command` installs one that does not."""

    unused: tuple[str, ...]  # instruction sets
    command: str


@dataclass(frozen=True, slots=True)
class Offer:
    """One engine. `build` alone may import what the engine needs; it raises what loading a model may raise."""

    name: str
    build: Callable[[Wanted, Progress], Engine]
    picked: Callable[[Wanted], str] = lambda wanted: ""  # why `auto` takes it, for the log; empty: it does not
    flags: tuple[str, ...] = ()  # settings that no other engine heeds
    fault: Callable[[Wanted], str] = lambda wanted: ""  # what contradicts, by the flags; asked whichever is chosen
    fetches: bool = True  # whether it needs the model's files on this machine
    no_training: Callable[[Wanted], NoTraining | None] = lambda wanted: None
    prepare: Callable[[Wanted], None] = lambda wanted: None  # what must be done before the page is launched
    lacks: Callable[[], tuple[str, ...]] = lambda: ()  # libraries of it that a light install leaves out
    slow: Callable[[], Slow | None] = lambda: None  # asked when the engine was built
