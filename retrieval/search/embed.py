"""Texts -> vectors. `Embedder` is the door; sentence-transformers stands behind it.

Passages are sorted by length and batched by a budget of tokens, so that hardly any padding is computed and a batch stays in
the processor's cache; bfloat16 where the processor multiplies it in hardware. Figures: `python -m tests.bench.documents.indexing`.
"""

import contextlib
import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from chatbot.common.errors import ModelDamaged, Stopped
from chatbot.common.languages import of_card
from chatbot.common.step import Progress, Step
from retrieval.search.embedder_files import fingerprint, resolve, without_pickles

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Vectors = npt.NDArray[np.float32]

CPU_BUDGET = 1024
"""Tokens of a batch. On a CPU 256 to 2048 are equally fast; beyond, the activations fall out of the cache."""
GPU_BUDGET = 16_384


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


def load(reference: str, models: Path, progress: Progress, *, device: str | None = None) -> "SentenceEmbedder":
    """An embedder in memory: `bundled` (multilingual-e5-small), `all-MiniLM-L6-v2`, a model folder, or a hub id such as
    owner/name.

    `device` as torch names it; None takes a GPU when there is one. Code that comes with a model is never run.
    Raises `ModelNotFound`, `ModelDamaged`, `HubUnavailable` or `StoreFull`.
    """
    folder, name = resolve(reference, models, progress)
    progress(Step("loading", name=name), None)
    without_pickles(folder)
    with _quiet():
        try:
            model = _open(folder, device)
        except Exception as error:  # whatever a wrong configuration makes the library raise
            cause = str(error).partition("\n")[0][:200]
            raise ModelDamaged(
                f"The embedder {name} cannot be loaded: {cause} Choose another --embedder.",
                kind="embedder_unloaded",
                name=name,
                cause=cause,
            ) from error
    return SentenceEmbedder(model, name, fingerprint(folder), of_card(folder))


class SentenceEmbedder:
    """A sentence-transformers model. Passages of all callers go batch by batch through one thread of low priority, so
    that a large document holds up neither questions nor a chat."""

    def __init__(
        self, model: "SentenceTransformer", name: str, fingerprint: str, languages: frozenset[str] | None
    ) -> None:
        self._model = model
        self.name = name
        self.fingerprint = fingerprint
        self.languages = languages
        self.dimension = int(model.get_embedding_dimension() or 0)
        self.window = int(model.max_seq_length or 512)
        self._budget = CPU_BUDGET if model.device.type == "cpu" else GPU_BUDGET
        self._line = ThreadPoolExecutor(1, thread_name_prefix="embed", initializer=_step_back)
        self._questions = ThreadPoolExecutor(1, thread_name_prefix="embed-questions")
        if model.device.type == "cpu":
            _on_one_core(self._questions)
        # the library takes an empty "document" prompt, which it makes up itself, before a model's own "passage" prompt
        self._prompt = next(filter(None, map(model.prompts.get, ("document", "passage", "corpus"))), None)
        self._measure = _Measure(model)
        self.queries(["warm"])  # settles the tokenizer's options, which two threads must not set at once

    def lengths(self, texts: Sequence[str]) -> list[int]:
        return self._measure.whole(texts)

    def passages(
        self,
        texts: Sequence[str],
        *,
        progress: Callable[[int, int], None] | None = None,
        stop: Event | None = None,
    ) -> Vectors:
        vectors = np.empty((len(texts), self.dimension), np.float32)
        lengths = self._measure(texts)
        order = np.argsort(-lengths, kind="stable")
        done = 0
        while done < len(order):
            if stop is not None and stop.is_set():
                raise Stopped("Indexing was stopped. Nothing was kept of this document.", kind="indexing_stopped")
            batch = order[done : done + max(1, self._budget // int(lengths[order[done]]))]
            vectors[batch] = self._line.submit(self._encode, [texts[i] for i in batch]).result()
            done += len(batch)
            if progress:
                progress(done, len(order))
        return vectors

    def queries(self, texts: Sequence[str]) -> Vectors:
        if not texts:
            return np.empty((0, self.dimension), np.float32)
        return self._questions.submit(self._encode_questions, list(texts)).result()

    def tokens(self, texts: Sequence[str], *, question: bool = False) -> list[TokenStates]:
        prompt = (self._model.prompts.get("query") if question else self._prompt) or ""
        return [self._questions.submit(self._encode_tokens, prompt, text).result() for text in texts]

    def _encode_tokens(self, prompt: str, text: str) -> TokenStates:
        spans = self._measure.spans(prompt + text)
        if not spans:
            return TokenStates(np.empty((0, self.dimension), np.float32), ())
        (states,) = self._model.encode(
            [text], prompt=prompt, output_value="token_embeddings", convert_to_numpy=False, show_progress_bar=False
        )
        kept = [n for n, (_, end) in enumerate(spans) if end > len(prompt)]  # marks are nowhere
        places = tuple((max(0, spans[n][0] - len(prompt)), spans[n][1] - len(prompt)) for n in kept)
        return TokenStates(_normalised(states)[kept], places)

    def _encode_questions(self, texts: list[str]) -> Vectors:
        return _normalised(self._model.encode_query(texts, show_progress_bar=False, convert_to_tensor=True))

    def _encode(self, texts: list[str]) -> Vectors:
        return _normalised(
            self._model.encode_document(
                texts, prompt=self._prompt, batch_size=len(texts), show_progress_bar=False, convert_to_tensor=True
            )
        )


class _Measure:
    """Tokens of each text, as far as the model reads. By the model's own tokenizer, of which a copy is 300 MB where the
    vocabulary is large: warming has settled its options, and a text that is encoded by itself is not padded."""

    def __init__(self, model: "SentenceTransformer") -> None:
        self._most = model.max_seq_length or 1 << 30
        self._tokenizer: Any = getattr(model.tokenizer, "backend_tokenizer", None)

    def __call__(self, texts: Sequence[str]) -> npt.NDArray[np.int64]:
        return np.clip(np.array(self.whole(texts), np.int64), 1, self._most)

    def whole(self, texts: Sequence[str]) -> list[int]:
        """Also of what the model does not read, which the tokenizer cuts off into pieces of their own."""
        if self._tokenizer is None:  # a model without a fast tokenizer
            return [len(text) for text in texts]
        encoded = map(self._tokenizer.encode, texts)
        return [len(one) + sum(map(len, one.overflowing)) for one in encoded]

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Where each token stands, (0, 0) for marks; none without a fast tokenizer."""
        return list(self._tokenizer.encode(text).offsets) if self._tokenizer else []


def _normalised(encoded: Any) -> Vectors:
    vectors: Vectors = encoded.float().cpu().numpy()
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    result: Vectors = vectors / np.maximum(lengths, 1e-12)
    return result


def _open(folder: Path, device: str | None) -> "SentenceTransformer":
    import torch
    from sentence_transformers import SentenceTransformer

    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    if device == "cpu":
        features = torch.cpu.get_capabilities()
        fast = bool(features.get("avx512_bf16") or features.get("amx_bf16"))
    else:
        fast = torch.cuda.is_bf16_supported(including_emulation=False)
    options = {"dtype": torch.bfloat16 if fast else torch.float32, "use_safetensors": True}
    return SentenceTransformer(
        str(folder), device=device, model_kwargs=options, local_files_only=True, trust_remote_code=False
    )


def _step_back() -> None:
    """Let questions and the chat go first. Linux has priorities by thread, inherited by torch's helpers of this one."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 5)


def _on_one_core(line: ThreadPoolExecutor) -> None:
    """A question is too short to be shared out: two cores are no faster, and where other work holds one of them, waiting
    for it took 100 to 500 ms instead of 10. torch counts helpers by thread: one begins, when it first looks, with what was
    set last in any, and keeps what it sets from then on.
    """
    import torch

    helpers = torch.get_num_threads()
    line.submit(torch.get_num_threads).result()
    line.submit(torch.set_num_threads, 1).result()
    torch.set_num_threads(helpers)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """The libraries draw progress bars and warn of long texts, which are cut on purpose."""
    from transformers.utils import logging as chatter

    level, bars = chatter.get_verbosity(), chatter.is_progress_bar_enabled()
    chatter.set_verbosity_error()
    chatter.disable_progress_bar()
    try:
        yield
    finally:
        chatter.set_verbosity(level)
        if bars:
            chatter.enable_progress_bar()
