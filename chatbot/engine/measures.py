"""What the engine does, in figures that Prometheus reads: answers, tokens, waiting, failures, by engine and adapter.

https://prometheus.io/docs/practices/naming/ has the names' form. They begin with the process and are kept nowhere.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from chatbot.common.errors import BanyanError
from chatbot.types import Chunk

# Seconds: from what a GPU needs for the first word to what a long prompt takes on two cores, each about twice the one before.
BUCKETS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)
_BY = ("engine", "adapter")


class Measures:
    """Of one app; may be used from any thread."""

    def __init__(self) -> None:
        self._registry = own = CollectorRegistry()
        self._answers = Counter("banyan_answers", "Answers, by how they ended", (*_BY, "ended"), registry=own)
        self._read = Counter("banyan_prompt_tokens", "Tokens of prompts", _BY, registry=own)
        self._written = Counter("banyan_completion_tokens", "Tokens written", _BY, registry=own)
        self._first = Histogram(
            "banyan_first_token_seconds", "From the request to its first token", _BY, registry=own, buckets=BUCKETS
        )
        self._whole = Histogram(
            "banyan_answer_seconds", "From the request to its end", _BY, registry=own, buckets=BUCKETS
        )
        self._now = Gauge("banyan_requests", "Requests now, and places for them", ("state",), registry=own)
        self._jobs = Gauge("banyan_jobs", "Fine-tunes of everybody, by state", ("state",), registry=own)

    def watched(self, chunks: Iterator[Chunk], engine: str, adapter: str) -> Iterator[Chunk]:
        """The chunks of one answer, as they are. What its reader leaves is "left"."""
        began, ended, first = time.monotonic(), "left", True
        with closing(chunks):  # type: ignore[type-var]
            try:
                for chunk in chunks:
                    if first and chunk.tokens:
                        first = False
                        self._first.labels(engine, adapter).observe(time.monotonic() - began)
                    if chunk.finish and chunk.usage:
                        ended = chunk.finish
                        self._read.labels(engine, adapter).inc(chunk.usage.prompt)
                        self._written.labels(engine, adapter).inc(chunk.usage.completion)
                    yield chunk
            except BanyanError as error:
                ended = error.code
                raise
            finally:
                self._answers.labels(engine, adapter, ended).inc()
                self._whole.labels(engine, adapter).observe(time.monotonic() - began)

    def text(self, load: Callable[[], Mapping[str, int]], jobs: Callable[[], Mapping[str, int]] = dict) -> bytes:
        """In Prometheus' text format. `load` is `Engine.load`, which is left out while there is no engine; `jobs` are how many
        fine-tunes there are in each state."""
        for state, count in jobs().items():
            self._jobs.labels(state).set(count)
        try:
            for state, count in load().items():
                self._now.labels(state).set(count)
        except BanyanError:
            self._now.clear()
        return generate_latest(self._registry)
