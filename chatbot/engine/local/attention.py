"""Attention of a flattened batch: one row of tokens that belong to many requests, over the pool of their keys and values.

transformers' models hand their queries, keys and values to whatever function is registered under the name of their
attention implementation (the AttentionInterface) and pass the keyword arguments of `forward` on to it; ours is `NAME`,
and the keyword is `step`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn.functional import scaled_dot_product_attention

NAME = "banyan_flat"
FLASH_DTYPES = (torch.bfloat16, torch.float16)
FLASH_HEAD = 256  # largest head size that the flash kernels take


class Pool:
    """Keys and values of all requests, layer by layer: (key-value heads, tokens, head size).

    Layers are made when they are first written, in the shapes that the model hands over. A request's tokens stand in one
    run, because attention on a CPU reads a run without copying it.
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self._layers: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}

    def write(
        self, layer: int, rows: torch.Tensor, key: torch.Tensor, value: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Put `key` and `value` (heads, tokens, size) at `rows` (tokens,) and return the whole layer."""
        if layer not in self._layers:
            self._layers[layer] = (self._empty(key), self._empty(value))
        keys, values = self._layers[layer]
        keys.index_copy_(1, rows, key)
        values.index_copy_(1, rows, value)
        return keys, values

    def copy(self, source: int, target: int, tokens: int) -> None:
        for keys, values in self._layers.values():
            for tensor in (keys, values):
                tensor[:, target : target + tokens] = tensor[:, source : source + tokens].clone()

    def bytes_per_token(self) -> int:
        return sum(t.element_size() * t.shape[0] * t.shape[2] for pair in self._layers.values() for t in pair)

    def _empty(self, like: torch.Tensor) -> torch.Tensor:
        return like.new_empty(like.shape[0], self.capacity, like.shape[2])


@dataclass(frozen=True, slots=True)
class Span:
    """Rows `first` to `last` of the batch: a request that has `past` tokens in the pool, from `start` on.

    `branches` are the lengths of alternatives that go on from the same past and do not see each other; a request that
    simply goes on is one branch.
    """

    first: int
    last: int
    start: int
    past: int
    branches: tuple[int, ...]

    @property
    def seen(self) -> int:
        return self.past + self.last - self.first


class Step:
    """What attention has to know about one forward pass."""

    def __init__(self, pool: Pool, spans: Sequence[Span], device: torch.device, *, flash: bool) -> None:
        self.pool, self.spans, self.device = pool, spans, device
        self.flash = flash and device.type == "cuda" and all(len(span.branches) == 1 for span in spans)
        rows = [span.start + span.past + row for span in spans for row in range(span.last - span.first)]
        self.rows = torch.tensor(rows, device=device)
        self._masks: dict[tuple[int, int, torch.dtype], torch.Tensor] = {}
        if self.flash:
            int32 = {"dtype": torch.int32, "device": device}
            self.queries = torch.tensor([0, *(span.last for span in spans)], **int32)
            # where each request's keys begin; how many of them count is told apart, so that runs may lie anywhere
            self.starts = torch.tensor([*(span.start for span in spans), 0], **int32)
            self.lengths = torch.tensor([span.seen for span in spans], **int32)
            self.longest_query = max(span.last - span.first for span in spans)
            self.longest = max(span.seen for span in spans)

    def mask(self, at: int, window: int, dtype: torch.dtype) -> torch.Tensor:
        """Added to the scores of span `at`, (rows, seen): 0 where a row may look, -inf where not."""
        if (at, window, dtype) not in self._masks:
            allowed = _allowed(self.spans[at], window, self.device)
            mask = torch.zeros(allowed.shape, dtype=dtype, device=self.device)
            self._masks[at, window, dtype] = mask.masked_fill_(~allowed, float("-inf"))
        return self._masks[at, window, dtype]


def attend(
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    *,
    step: Step,
    scaling: float | None = None,
    sliding_window: int | None = None,
    softcap: float | None = None,
    **others: Any,
) -> tuple[torch.Tensor, None]:
    """`query` is (1, heads, rows, size), `key` and `value` have fewer heads; returns (1, rows, heads, size of value).

    A window of w lets a token see itself and the w - 1 before it; `softcap` is Gemma 2's. Raises
    `NotImplementedError` for what other models want beyond that: such a model is served one request at a time.
    """
    if others.get("s_aux") is not None or attention_mask is not None:
        raise NotImplementedError("attention with sinks or a mask of its own")
    keys, values = step.pool.write(module.layer_idx, step.rows, key[0], value[0])
    window = sliding_window or 0
    if step.flash and not softcap and query.dtype in FLASH_DTYPES and query.shape[-1] <= FLASH_HEAD:
        return _flash(query, keys, values, step, scaling, window), None
    _, heads, rows, _ = query.shape
    out = query.new_empty(1, rows, heads, values.shape[-1])
    for at, span in enumerate(step.spans):
        part = query[0, :, span.first : span.last]
        count = part.shape[1]
        low = max(0, span.past + 1 - window) if window else 0  # nobody of this span sees anything before
        run = slice(span.start + low, span.start + span.seen)
        mask = None if count == 1 else step.mask(at, window, query.dtype)[:, low:]
        found = _grouped(part, keys[:, run], values[:, run], mask, scaling, softcap)
        out[0, span.first : span.last] = found.transpose(0, 1)
    return out, None


def _flash(
    query: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, step: Step, scaling: float | None, window: int
) -> torch.Tensor:
    from torch.nn.attention.varlen import varlen_attn

    out: torch.Tensor = varlen_attn(
        query[0].transpose(0, 1),
        keys.transpose(0, 1),
        values.transpose(0, 1),
        step.queries,
        step.starts,
        step.longest_query,
        step.longest,
        scale=scaling,
        window_size=(window - 1 if window else -1, 0),
        enable_gqa=True,
        seqused_k=step.lengths,
    )
    return out[None]


def _grouped(
    query: torch.Tensor,
    keys: torch.Tensor,
    values: torch.Tensor,
    mask: torch.Tensor | None,
    scaling: float | None,
    softcap: float | None,
) -> torch.Tensor:
    """(heads, rows, size) of the value. The query heads that share a key head stand as rows: 2.5 times faster on a CPU."""
    heads, rows, size = query.shape
    group = heads // keys.shape[0]
    query = query.reshape(1, keys.shape[0], group * rows, size)
    if mask is not None and group > 1:
        mask = mask.repeat(group, 1)
    if softcap:
        scores = query @ keys[None].transpose(2, 3) * (scaling or size**-0.5)
        scores = (scores / softcap).tanh() * softcap
        weights = (scores if mask is None else scores + mask).softmax(-1, dtype=torch.float32).to(query.dtype)
        found = weights @ values[None]
    else:
        found = scaled_dot_product_attention(query, keys[None], values[None], attn_mask=mask, scale=scaling)
    return found.reshape(heads, rows, -1)


def _allowed(span: Span, window: int, device: torch.device) -> torch.Tensor:
    """(rows, seen), bool."""
    offsets = torch.cat([torch.arange(n, device=device) for n in span.branches])
    branch = torch.cat([torch.full((n,), at, device=device) for at, n in enumerate(span.branches)])
    rows = span.past + offsets
    columns = torch.cat([torch.arange(span.past, device=device), rows])
    owner = torch.cat([torch.full((span.past,), -1, device=device), branch])
    distance = rows[:, None] - columns[None]
    allowed = (distance >= 0) & ((owner[None] == branch[:, None]) | (owner[None] == -1))
    return allowed & (distance < window) if window else allowed
