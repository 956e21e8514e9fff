"""Who takes part in the next forward pass: continuous batching with chunked prefill."""

import logging
from collections.abc import Callable, Sequence
from functools import partial
from time import sleep

import torch

from chatbot.common.errors import BanyanError, EngineError
from chatbot.engine.local.adapters import AdaptedModel, Version
from chatbot.engine.local.cache import Cache
from chatbot.engine.local.jobs import Job, Segment, StreamJob
from chatbot.engine.local.runner import Runner
from chatbot.engine.local.sampling import Logprobs, pick
from chatbot.engine.local.scoring import ScoreJob

PREFILL = {"cpu": 128, "cuda": 1024}  # prompt tokens a step, of all requests: what the others' next token waits for
AHEAD = 512  # tokens of an answer for which room is held at first; most answers are shorter than they may be
IDLE = 0.001  # seconds to wait when nobody can be served: somebody who holds room is just leaving

log = logging.getLogger(__name__)


def first_room(prompt: int, longest: int) -> int:
    """Tokens of cache with which a request begins that may come to need `longest`."""
    return min(longest, prompt + AHEAD)


class Scheduler:
    """All requests at work. `step` takes every one of them a step further. Used by the worker's thread alone."""

    def __init__(self, adapted: AdaptedModel, runner: Runner, cache: Cache) -> None:
        self._adapted, self._runner, self._cache = adapted, runner, cache
        self._budget = PREFILL.get(adapted.device.type, 512)
        self._jobs: list[Job] = []  # in the order of their coming

    @property
    def busy(self) -> bool:
        return bool(self._jobs)

    def add(self, job: Job) -> None:
        self._jobs.append(job)

    def step(self) -> None:
        for job in [job for job in self._jobs if job.cancelled]:
            self._leave(job)
            job.cancel()
        for job in [job for job in self._jobs if job.entry is None]:
            self._start(job)
        for job in [job for job in self._jobs if job.entry]:
            self._extend(job)
        if chosen := self._activate(self._choose()):
            self._run(chosen)
        else:
            sleep(IDLE)

    def keep(self, wanted: frozenset[Version]) -> None:
        """Let go of the adapters that are no more and that nobody uses."""
        self._adapted.tidy(wanted, frozenset(job.adapter for job in self._jobs if job.adapter))
        self._cache.keep(wanted)

    def fail_all(self, error: BanyanError) -> None:
        for job in list(self._jobs):
            self._fail(job, error)

    def _start(self, job: Job) -> None:
        """Give the request its adapter and its place in the cache, or leave it waiting for these."""
        if self._cache.must_wait(job.adapter, job.tokens):
            return
        size = first_room(len(job.tokens), job.longest)
        if not job.reservation.resize(size):
            return
        try:
            if job.adapter:
                self._adapted.load(job.adapter)
        except Exception as error:
            self._fail(job, error)
            return
        job.entry = self._cache.open(size, job.adapter, job.tokens)

    def _extend(self, job: Job) -> None:
        """Make room for the next tokens; when there is none, the last to come give theirs up and begin again later."""
        while job.entry and job.entry.size < min(len(job.tokens) + 1, job.longest):
            size = min(job.longest, job.entry.size + max(AHEAD, job.entry.size // 2))
            before = job.entry.size
            if job.reservation.resize(size):
                if self._cache.grow(job.entry, size):
                    return
                job.reservation.resize(before)
            self._suspend(next(other for other in reversed(self._jobs) if other.entry))

    def _suspend(self, job: Job) -> None:
        assert job.entry
        self._cache.close(job.entry)
        job.entry = None
        job.restart()
        job.reservation.yield_all()

    def _choose(self) -> list[tuple[Job, Segment]]:
        """Every request that writes, and of those that read as much as the budget gives each a fair part of."""
        ready = [job for job in self._jobs if job.entry]
        chosen = [(job, job.segment(1)) for job in ready if job.todo == 1]
        reading = sorted((job for job in ready if job.todo > 1), key=lambda job: job.todo)
        budget = self._budget
        for at, job in enumerate(reading):
            share = budget // (len(reading) - at)  # what a short one leaves goes to the longer ones
            segment = job.segment(max(share, 1))
            budget = max(budget - segment.count, 0)
            chosen.append((job, segment))
        return chosen

    def _activate(self, chosen: list[tuple[Job, Segment]]) -> list[tuple[Job, Segment]]:
        """Without the last to come, one by one, while the memory is too small for all of their adapters."""
        while True:
            try:
                self._adapted.activate(job.adapter for job, _ in chosen if job.adapter)
                return chosen
            except Exception as error:
                last = next(job for job in reversed(self._jobs) if job.adapter and job.entry)
                self._fail(last, error)
                chosen = [(job, segment) for job, segment in chosen if job is not last]

    def _run(self, chosen: Sequence[tuple[Job, Segment]]) -> None:
        chosen = sorted(chosen, key=lambda pair: self._adapted.slot(pair[0].adapter))
        streams: list[tuple[StreamJob, torch.Tensor]] = []
        for (job, segment), logits in zip(chosen, self._compute([segment for _, segment in chosen]), strict=True):
            if isinstance(logits, Exception):
                self._fail(job, logits)
                continue
            if segment.kept:
                segment.entry.ids += segment.branches[0]
            if isinstance(job, StreamJob) and segment.wanted:
                streams.append((job, logits))
            elif isinstance(job, ScoreJob) and segment.wanted:
                self._take(job, partial(job.read, logits))
        for (job, _), choice in zip(streams, _pick(streams), strict=True):
            if isinstance(choice, Exception):
                self._fail(job, choice)
            else:
                self._take(job, partial(job.accept, *choice))

    def _compute(self, segments: Sequence[Segment]) -> list[torch.Tensor | Exception]:
        """The logits of each; when all together fail, each is tried alone, so that a poisoned one fails alone."""
        if len(segments) > 1 and not self._runner.batched:
            return [found for segment in segments for found in self._compute([segment])]
        try:
            return [*self._runner.forward(segments)]
        except Exception as error:
            if self._adapted.device.type == "cuda":
                torch.cuda.empty_cache()
            if len(segments) == 1:
                return [error]
            log.warning("a batch of %d failed (%s); each of it goes on alone", len(segments), type(error).__name__)
            # what was written to the cache already is written again, to the same place
            return [found for segment in segments for found in self._compute([segment])]

    def _take(self, job: Job, read: Callable[[], bool]) -> None:
        try:
            done = read()
        except Exception as error:
            self._fail(job, error)
        else:
            if done:
                self._leave(job)

    def _fail(self, job: Job, error: Exception) -> None:
        if not isinstance(error, BanyanError):
            log.error("a request failed in the model", exc_info=error)
            error = _in_words(error)
        self._leave(job)
        job.fail(error)

    def _leave(self, job: Job) -> None:
        self._jobs.remove(job)
        if job.entry:
            self._cache.close(job.entry)
            job.entry = None
        job.reservation.close()


Choice = tuple[int, Logprobs] | EngineError


def _pick(streams: Sequence[tuple[StreamJob, torch.Tensor]]) -> Sequence[Choice | Exception]:
    if not streams:
        return []
    logits = torch.cat([rows for _, rows in streams])
    try:
        return pick([job.picker for job, _ in streams], [job.tokens for job, _ in streams], logits)
    except Exception as error:
        return [error] if len(streams) == 1 else [choice for stream in streams for choice in _pick([stream])]


def _in_words(error: Exception) -> EngineError:
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return EngineError(
            "There was too little memory for this request. Please try a shorter one.", kind="request_memory"
        )
    return EngineError(
        f"The model failed on this request ({type(error).__name__}). Please try again.",
        kind="model_failed_because",
        reason=type(error).__name__,
    )
