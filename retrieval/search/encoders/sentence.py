"""Any model of sentence-transformers, by torch: on a GPU, and of kinds that `bert` does not know.

bfloat16 where the processor multiplies it in hardware. Figures: `python -m tests.bench.documents.indexing`.
"""

import contextlib
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from retrieval.search.encoders.base import States, normalised

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

CPU_BUDGET = 1024
"""Tokens of a batch. On a CPU 256 to 2048 are equally fast; beyond, the activations fall out of the cache."""
GPU_BUDGET = 16_384


def opened(folder: Path, device: str | None) -> "SentenceEncoder":
    """Raises whatever a wrong configuration makes the library raise. Code that comes with a model is never run."""
    with _quiet():
        return SentenceEncoder(_open(folder, device))


class SentenceEncoder:
    """See `Encoder`."""

    workers = 1  # torch shares each batch out among the cores

    def __init__(self, model: "SentenceTransformer") -> None:
        self._model = model
        self.dimension = int(model.get_embedding_dimension() or 0)
        self.window = int(model.max_seq_length or 512)
        self._on_cpu = model.device.type == "cpu"
        self.budget = CPU_BUDGET if self._on_cpu else GPU_BUDGET
        # the library takes an empty "document" prompt, which it makes up itself, before a model's own "passage" prompt
        self._prompt = next(filter(None, map(model.prompts.get, ("document", "passage", "corpus"))), None)

    @property
    def tokenizer(self) -> Any:
        """The model's own, of which a copy is 300 MB where the vocabulary is large: the first text has settled its options, and
        one that is encoded by itself is not padded. None where it is none of the fast ones."""
        return getattr(self._model.tokenizer, "backend_tokenizer", None)

    def prompt(self, *, question: bool) -> str:
        return (self._model.prompts.get("query") if question else self._prompt) or ""

    def encode(self, texts: Sequence[str], *, question: bool) -> States:
        options: dict[str, Any] = {"show_progress_bar": False, "convert_to_tensor": True}
        if question:
            return _numbers(self._model.encode_query(list(texts), **options))
        rest = {"prompt": self._prompt, "batch_size": len(texts)}
        return _numbers(self._model.encode_document(list(texts), **rest, **options))

    def states(self, text: str, *, question: bool) -> States:
        options: dict[str, Any] = {"output_value": "token_embeddings", "convert_to_numpy": False}
        prompt = self.prompt(question=question)
        (states,) = self._model.encode([text], prompt=prompt, show_progress_bar=False, **options)
        return _numbers(states)

    def settle(self, questions: Executor) -> None:
        """A question is too short to be shared out: two cores are no faster, and where other work holds one of them, waiting
        for it took 100 to 500 ms instead of 10. torch counts helpers by thread: one begins, when it first looks, with what was
        set last in any, and keeps what it sets from then on.
        """
        import torch

        if not self._on_cpu:
            return
        helpers = torch.get_num_threads()
        questions.submit(torch.get_num_threads).result()
        questions.submit(torch.set_num_threads, 1).result()
        torch.set_num_threads(helpers)


def _numbers(encoded: Any) -> States:
    return normalised(encoded.float().cpu().numpy().astype(np.float32, copy=False))


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
