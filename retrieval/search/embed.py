"""Texts -> vectors. `Embedder` is the door; an `Encoder` of `retrieval/search/encoders` stands behind it.

Passages are sorted by length and batched by a budget of tokens, so that hardly any padding is computed and a batch stays in
the processor's cache. Figures: `python -m tests.bench.documents.indexing`.
"""

import contextlib
import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from threading import Event
from typing import Protocol

import numpy as np
import numpy.typing as npt

from chatbot.common.errors import ModelDamaged, ModelNotFound, Stopped
from chatbot.common.languages import of_card
from chatbot.common.step import Progress, Step
from chatbot.common.system.devices import has_gpu
from chatbot.common.system.extras import COMMAND
from retrieval.search.embedder_files import fingerprint, resolve, without_pickles
from retrieval.search.encoders import bert
from retrieval.search.encoders.base import Encoder

Vectors = npt.NDArray[np.float32]
Batch = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class TokenStates:
    """What the last layer makes of each token of a text: float32 [tokens, dimension], rows of length 1. `spans` are where
    the tokens stand in it, in characters."""

    states: Vectors
    spans: tuple[tuple[int, int], ...]


class Embedder(Protocol):
    """May be called from any thread."""

    @property
    def name(self) -> str: ...

    @property
    def dimension(self) -> int: ...

    @property
    def fingerprint(self) -> str:
        """Changes with anything that changes the vectors: weights, tokenizer, pooling, prompts."""
        ...

    @property
    def window(self) -> int:
        """Tokens of a text that it reads; the rest does not count."""
        ...

    @property
    def languages(self) -> frozenset[str] | None:
        """ISO 639-1 codes that it was trained for; None: it is taken to know every language."""
        ...

    def lengths(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each, also of those beyond the window; the prompt's, which comes before, are not among them."""
        ...

    def passages(
        self,
        texts: Sequence[str],
        *,
        progress: Callable[[int, int], None] | None = None,
        stop: Event | None = None,
    ) -> Vectors:
        """float32 [texts, dimension], rows of length 1. `progress` is called with texts done and their number.

        Raises `Stopped` within a batch of `stop` being set.
        """
        ...

    def queries(self, texts: Sequence[str]) -> Vectors:
        """As `passages`, with the model's prompt for queries."""
        ...

    def tokens(self, texts: Sequence[str], *, question: bool = False) -> list[TokenStates]:
        """Of each text, as far as it is read, without prompt and marks; no tokens where they can't be told apart."""
        ...

    def __hash__(self) -> int:
        """What it made of a text may be kept under it."""
        ...


def load(reference: str, models: Path, progress: Progress, *, device: str | None = None) -> "SentenceEmbedder":
    """An embedder in memory: `bundled` (multilingual-e5-small), `all-MiniLM-L6-v2`, a model folder, or a hub id such as
    owner/name.

    `device` as torch names it; None takes a GPU when there is one. Code that comes with a model is never run.
    Raises `ModelNotFound`, `ModelDamaged`, `HubUnavailable` or `StoreFull`.
    """
    folder, name = resolve(reference, models, progress)
    progress(Step("loading", name=name), None)
    without_pickles(folder)
    try:
        encoder = _encoder(folder, name, device)
    except ModelNotFound:
        raise
    except Exception as error:  # whatever a wrong configuration makes the libraries raise
        cause = str(error).partition("\n")[0][:200]
        raise ModelDamaged(
            f"The embedder {name} cannot be loaded: {cause} Choose another --embedder.",
            kind="embedder_unloaded",
            name=name,
            cause=cause,
        ) from error
    return SentenceEmbedder(encoder, name, fingerprint(folder), of_card(folder))


def _encoder(folder: Path, name: str, device: str | None) -> Encoder:
    known = bert.described(folder)
    if known and (device == "cpu" or not (device or has_gpu())):
        return bert.BertEncoder(known)
    if find_spec("sentence_transformers") is None:
        raise ModelNotFound(
            f"The embedder {name} needs torch and sentence-transformers, which a light install leaves out: run {COMMAND} in "
            "Banyan's folder, or choose another --embedder.",
            kind="embedder_light",
            name=name,
            command=COMMAND,
        )
    from retrieval.search.encoders.sentence import opened

    return opened(folder, device)


class SentenceEmbedder:
    """An encoder for everybody. Passages of all callers go batch by batch through a line of threads of low priority, so
    that a large document holds up neither questions nor a chat."""

    def __init__(self, encoder: Encoder, name: str, fingerprint: str, languages: frozenset[str] | None) -> None:
        self._encoder = encoder
        self.name = name
        self.fingerprint = fingerprint
        self.languages = languages
        self.dimension, self.window = encoder.dimension, encoder.window
        self._line = ThreadPoolExecutor(encoder.workers, thread_name_prefix="embed", initializer=_step_back)
        self._questions = ThreadPoolExecutor(1, thread_name_prefix="embed-questions")
        encoder.settle(self._questions)
        self.queries(["warm"])  # settles the tokenizer's options, which two threads must not set at once

    def lengths(self, texts: Sequence[str]) -> list[int]:
        """Also of what the model does not read, which the tokenizer cuts off into pieces of their own."""
        tokenizer = self._encoder.tokenizer
        if tokenizer is None:
            return [len(text) for text in texts]
        encoded = map(tokenizer.encode, texts)
        return [len(one) + sum(map(len, one.overflowing)) for one in encoded]

    def passages(
        self,
        texts: Sequence[str],
        *,
        progress: Callable[[int, int], None] | None = None,
        stop: Event | None = None,
    ) -> Vectors:
        vectors = np.empty((len(texts), self.dimension), np.float32)
        done = 0
        for batch, encoded in self._encoded(texts, stop):
            vectors[batch] = encoded
            done += len(batch)
            if progress:
                progress(done, len(texts))
        return vectors

    def queries(self, texts: Sequence[str]) -> Vectors:
        if not texts:
            return np.empty((0, self.dimension), np.float32)
        return self._questions.submit(self._encoder.encode, list(texts), question=True).result()

    def tokens(self, texts: Sequence[str], *, question: bool = False) -> list[TokenStates]:
        return [self._questions.submit(self._token_states, text, question).result() for text in texts]

    def _encoded(self, texts: Sequence[str], stop: Event | None) -> Iterator[tuple[Batch, Vectors]]:
        """Each batch with its vectors. No more are in line than are worked on, so that another caller's come between them."""
        under_way: deque[tuple[Batch, Future[Vectors]]] = deque()

        def ended() -> tuple[Batch, Vectors]:
            batch, encode = under_way.popleft()
            return batch, encode.result()

        for batch in self._batches(texts):
            if stop is not None and stop.is_set():
                raise Stopped("Indexing was stopped. Nothing was kept of this document.", kind="indexing_stopped")
            encode = self._line.submit(self._encoder.encode, [texts[i] for i in batch], question=False)
            under_way.append((batch, encode))
            if len(under_way) == self._encoder.workers:
                yield ended()
        while under_way:
            yield ended()

    def _batches(self, texts: Sequence[str]) -> Iterator[Batch]:
        """Places of texts of like length, the longest first."""
        lengths = np.clip(np.array(self.lengths(texts), np.int64), 1, self.window)
        order, done = np.argsort(-lengths, kind="stable"), 0
        while done < len(order):
            most = max(1, self._encoder.budget // int(lengths[order[done]]))
            yield order[done : done + most]
            done += most

    def _token_states(self, text: str, question: bool) -> TokenStates:
        tokenizer, prompt = self._encoder.tokenizer, self._encoder.prompt(question=question)
        if tokenizer is None:
            return TokenStates(np.empty((0, self.dimension), np.float32), ())
        spans = tokenizer.encode(prompt + text).offsets
        kept = [n for n, (_, end) in enumerate(spans) if end > len(prompt)]  # marks are nowhere
        places = tuple((max(0, spans[n][0] - len(prompt)), spans[n][1] - len(prompt)) for n in kept)
        return TokenStates(self._encoder.states(text, question=question)[kept], places)


def _step_back() -> None:
    """Let questions and the chat go first. Linux has priorities by thread, inherited by torch's helpers of this one."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 5)
