"""The one thread that touches the model."""

import logging
from collections import deque
from collections.abc import Callable
from threading import Condition, Thread

import torch

from chatbot.common.errors import EngineError, EngineUnavailable
from chatbot.engine.local.adapters import Version
from chatbot.engine.local.jobs import Job
from chatbot.engine.local.scheduler import Scheduler

log = logging.getLogger(__name__)


class Worker:
    """Steps the scheduler while there is work; requests come in between two steps."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._coming: deque[Job] = deque()
        self._wanted: frozenset[Version] | None = None
        self._closing = False
        self._changed = Condition()
        self._thread = Thread(target=self._run, args=(scheduler,), name="banyan-local", daemon=True)
        self._thread.start()

    def add(self, job: Job) -> None:
        """Raises `EngineUnavailable` after `close`."""
        with self._changed:
            if self._closing:
                raise EngineUnavailable("The model has been closed. Please start Banyan again.", kind="model_gone")
            self._coming.append(job)
            self._changed.notify()

    def keep(self, wanted: frozenset[Version]) -> None:
        """Unload every other adapter as soon as no request needs it."""
        with self._changed:
            self._wanted = wanted
            self._changed.notify()

    def close(self) -> None:
        """End all requests with `EngineUnavailable` and wait for the thread. Idempotent."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()

    def _run(self, scheduler: Scheduler) -> None:
        wanted: frozenset[Version] = frozenset()
        with torch.inference_mode():
            while self._wait(lambda: scheduler.busy):
                with self._changed:
                    while self._coming:
                        scheduler.add(self._coming.popleft())
                    wanted = wanted if self._wanted is None else self._wanted
                    untidy, self._wanted = self._wanted is not None, None
                self._step(scheduler)
                if untidy or not scheduler.busy:
                    scheduler.keep(wanted)
        while self._coming:
            scheduler.add(self._coming.popleft())
        scheduler.fail_all(
            EngineUnavailable("The model was closed during the answer. Please try again.", kind="model_closed")
        )

    def _step(self, scheduler: Scheduler) -> None:
        try:
            scheduler.step()
        except Exception:  # the thread must live on, or everybody after would wait for ever
            log.exception("a step of the engine failed")
            scheduler.fail_all(EngineError("The engine failed on this request. Please try again.", kind="model_failed"))

    def _wait(self, busy: Callable[[], bool]) -> bool:
        """Sleep until there is work; False when the engine closes."""
        with self._changed:
            self._changed.wait_for(lambda: busy() or self._coming or self._wanted is not None or self._closing)
            return not self._closing
