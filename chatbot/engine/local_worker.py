"""The one thread that touches the model."""

import logging
from threading import Condition, Thread

import torch

from chatbot.engine.local_adapters import Trunk, Version
from chatbot.engine.local_jobs import Job
from chatbot.errors import BanyanError, EngineError, EngineUnavailable

log = logging.getLogger(__name__)


class Worker:
    """Goes round all jobs and lets each take one step, so that everybody moves on.

    In a round, jobs that want the same adapter stand together, because changing it costs a walk over all layers.
    """

    def __init__(self, trunk: Trunk) -> None:
        self._jobs: list[Job] = []
        self._wanted: frozenset[Version] = frozenset()
        self._untidy = False
        self._closing = False
        self._changed = Condition()
        self._thread = Thread(target=self._run, args=(trunk,), name="banyan-local", daemon=True)
        self._thread.start()

    def add(self, job: Job) -> None:
        """Raises `EngineUnavailable` after `close`."""
        with self._changed:
            if self._closing:
                raise EngineUnavailable("The model has been closed. Please start Banyan again.")
            self._jobs.append(job)
            self._changed.notify()

    def keep(self, wanted: frozenset[Version]) -> None:
        """Unload every other adapter as soon as no job needs it."""
        with self._changed:
            self._wanted, self._untidy = wanted, True
            self._changed.notify()

    def close(self) -> None:
        """End all jobs with `EngineUnavailable` and wait for the thread. Idempotent."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()

    def _run(self, trunk: Trunk) -> None:
        while self._wait():
            self._round(trunk)
        for job in self._jobs:
            job.fail(EngineUnavailable("The model was closed during the answer. Please try again."))
        self._jobs.clear()

    def _wait(self) -> bool:
        """Sleep until there is work; False when the engine closes."""
        with self._changed:
            self._changed.wait_for(lambda: self._jobs or self._untidy or self._closing)
            return not self._closing

    def _round(self, trunk: Trunk) -> None:
        with self._changed:
            jobs = sorted(self._jobs, key=lambda job: job.adapter.path if job.adapter else "")
            wanted, self._untidy = self._wanted, False
        for job in jobs:
            if self._closing:
                return
            if _step(trunk, job):
                with self._changed:
                    self._jobs.remove(job)
        busy = frozenset(job.adapter for job in jobs if job.adapter)
        trunk.tidy(wanted, busy)


def _step(trunk: Trunk, job: Job) -> bool:
    """True when the job is over, one way or the other: its failure is its own and nobody else's."""
    try:
        with torch.inference_mode():
            trunk.use(job.adapter)
            return job.step(trunk.model)
    except BanyanError as error:
        job.fail(error)
    except Exception as error:
        log.exception("a request failed in the model")
        job.fail(_in_words(error))
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
    return True


def _in_words(error: Exception) -> EngineError:
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return EngineError("There was too little memory for this request. Please try a shorter one.")
    return EngineError(f"The model failed on this request ({type(error).__name__}). Please try again.")
