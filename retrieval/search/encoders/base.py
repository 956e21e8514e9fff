"""The door to what computes vectors."""

from collections.abc import Sequence
from concurrent.futures import Executor
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

States = npt.NDArray[np.float32]


class Encoder(Protocol):
    """One model in memory. `question` says which of the model's prompts stands before a text."""

    @property
    def dimension(self) -> int: ...

    @property
    def window(self) -> int:
        """Tokens of a text that it reads, prompt and marks among them."""
        ...

    @property
    def budget(self) -> int:
        """Tokens of a batch that it likes best."""
        ...

    @property
    def workers(self) -> int:
        """Batches that it computes at once without one slowing the others."""
        ...

    @property
    def tokenizer(self) -> Any:
        """A `tokenizers.Tokenizer` that cuts at the window and does not pad; None where the model has none."""
        ...

    def prompt(self, *, question: bool) -> str: ...

    def encode(self, texts: Sequence[str], *, question: bool) -> States:
        """float32 [texts, dimension], rows of length 1. From one thread for questions and from `workers` for others."""
        ...

    def states(self, text: str, *, question: bool) -> States:
        """float32 [tokens, dimension], rows of length 1: prompt and marks, too. From the thread for questions."""
        ...

    def settle(self, questions: Executor) -> None:
        """Called once with the one thread for questions, before any is asked."""
        ...


def normalised(vectors: States) -> States:
    """Each row with the length 1."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    result: States = vectors / np.maximum(lengths, 1e-12)
    return result
