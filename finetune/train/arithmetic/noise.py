"""NEFTune (arXiv:2310.05914): noise on what is read, which keeps answers from repeating their data word for word."""

import itertools
import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor


class Noise:
    """Adds uniform noise to the embeddings while the model is in training mode, up to `alpha` / sqrt(tokens of the row x width):
    transformers' own takes the whole sequence for one row, which here holds many end to end. Without `alpha` it does nothing."""

    def __init__(self, model: Any, alpha: float) -> None:
        self._alpha, self._bounds = alpha, list[int]()
        if alpha:
            model.get_input_embeddings().register_forward_hook(self._add)

    def over(self, bounds: Sequence[int]) -> None:
        """The rows of the sequence that comes next, as `packed.row_bounds` gives them."""
        self._bounds = list(bounds)

    def _add(self, module: Any, inputs: Any, embedded: Tensor) -> Tensor:
        """Of shape (1, tokens, width)."""
        if not module.training:
            return embedded
        most = self._alpha / torch.sqrt(lengths(self._bounds).to(embedded.device) * embedded.shape[-1])
        return embedded + (torch.rand_like(embedded) * 2 - 1) * most[None, :, None]


def lengths(bounds: Sequence[int]) -> Tensor:
    """Of each token, how long its row is with what all rows share in front: bounds [shared, ..., tokens] -> (tokens,)."""
    shared = bounds[0]
    rows = [shared + end - start for start, end in itertools.pairwise(bounds)]
    front = [math.ceil(sum(rows) / len(rows))] * shared
    own = [[row] * (row - shared) for row in rows]
    return torch.tensor([float(size) for size in (*front, *itertools.chain(*own))])
