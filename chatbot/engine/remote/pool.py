"""Several servers as one: which of them gets a request, and which is left alone until it is well again."""

import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from threading import Event, Lock, Thread
from typing import TypeVar

from chatbot.common.errors import BanyanError, EngineBusy, EngineError
from chatbot.engine.remote.backend import Backend
from chatbot.types import Server

EVERY = 5.0  # seconds between looks at a server: llama-server, vLLM and Banyan answer them from memory
_ELSEWHERE = ("remote_unreached", "remote_closed", "remote_failed", "remote_busy")
_log = logging.getLogger(__name__)
Found = TypeVar("Found")


def may_pass(error: BanyanError) -> bool:
    """Whether another server, or this one later, may do what this one could not."""
    return error.kind in _ELSEWHERE or isinstance(error, EngineBusy)


class Pool:
    """`check` asks a server whether it is well and takes what it says; it raises `BanyanError` when it is not.

    A server that failed gets no requests until a look says that it is well (a circuit breaker, after Nygard, Release It!), unless
    all of them failed. Among those that are well the one with the fewest requests of ours is taken.
    """

    def __init__(self, backends: Sequence[Backend], check: Callable[[Backend], None]) -> None:
        self._backends, self._check = backends, check
        self._running: Counter[str] = Counter()
        self._faults: dict[str, BanyanError] = {}
        self._lock = Lock()
        self._closed = Event()

    def start(self) -> None:
        """Look at all of them at once, then again and again. Raises the last fault where none is well."""
        for backend in self._backends:
            self._look(backend)
        if len(self._faults) == len(self._backends):
            raise next(reversed(self._faults.values()))
        Thread(target=self._watch, name="remote-health", daemon=True).start()

    @contextmanager
    def use(self, adapter: str | None = None, tried: Collection[str] = ()) -> Iterator[Backend]:
        """A server that is not among those `tried`, one with that adapter where there is one."""
        with self._lock:
            backend = self._choose(adapter, tried)
            self._running[backend.url] += 1
        try:
            yield backend
        except EngineError as error:
            if not isinstance(error, EngineBusy) and (may_pass(error) or error.kind == "answer_broke_off"):
                self._tell(backend, error)
            raise
        finally:
            with self._lock:
                self._running[backend.url] -= 1

    def anywhere(self, ask: Callable[[Backend], Found], adapter: str | None = None) -> Found:
        """What a server says, or another one where that fails."""
        tried: list[str] = []
        while True:
            try:
                with self.use(adapter, tried) as server:
                    tried.append(server.url)
                    return ask(server)
            except BanyanError as error:
                if len(tried) >= min(2, len(self._backends)) or not may_pass(error):
                    raise

    def servers(self) -> tuple[Server, ...]:
        """How each of them does now."""
        with self._lock:
            return tuple(
                Server(backend.url, self._running[backend.url], self._faults.get(backend.url))
                for backend in self._backends
            )

    def refresh(self) -> None:
        for backend in self._backends:
            backend.forget()
            self._look(backend)

    def close(self) -> None:
        self._closed.set()

    def _choose(self, adapter: str | None, tried: Collection[str]) -> Backend:
        left = [backend for backend in self._backends if backend.url not in tried] or list(self._backends)
        having = [one for one in left if adapter in {known.name for known in one.adapters}] if adapter else left
        well = [one for one in having or left if one.url not in self._faults]
        return min(well or having or left, key=lambda backend: self._running[backend.url])

    def _watch(self) -> None:
        while not self._closed.wait(EVERY):
            for backend in self._backends:
                self._look(backend)

    def _look(self, backend: Backend) -> None:
        if backend.url in self._faults:
            backend.forget()  # it may come back as another
        try:
            self._check(backend)
        except BanyanError as error:
            self._tell(backend, error)
        else:
            with self._lock:
                was = self._faults.pop(backend.url, None)
            if was:
                _log.info("The model server at %s is back", backend.url)

    def _tell(self, backend: Backend, error: BanyanError) -> None:
        with self._lock:
            new = backend.url not in self._faults
            self._faults[backend.url] = error
        if new:
            _log.warning("The model server at %s is left alone until it is well: %s", backend.url, error)
