"""Batches without padding: rows end to end in one sequence, each attending to itself only, logits only where there is a loss.

The sequence of a batch has shape (1, tokens); `position_ids` begin at 0 with every row, which is how transformers tells
packed rows apart ("Packing with flash attention", Hugging Face 2024). Its own mask for them costs the square of the
whole sequence, so attention runs row by row where the model allows it.
"""

import contextlib
import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from finetune.train_fused import CrossEntropy

IGNORED = -100
ATTENTION = "banyan_row_by_row"
CACHE_TOKENS = 512
"""Tokens computed at once on a CPU: enough for its matrix units, few enough for its cache."""


def collate(rows: Sequence[dict[str, Any]]) -> dict[str, Tensor]:
    """{"input_ids", "labels"} of rows -> one sequence; a row's first token has no label, since nothing in it foretells it."""
    ids = torch.tensor([id for row in rows for id in row["input_ids"]])
    labels = torch.tensor([label for row in rows for label in (IGNORED, *row["labels"][1:])])
    positions = torch.cat([torch.arange(len(row["input_ids"])) for row in rows])
    return {"input_ids": ids[None], "labels": labels[None], "position_ids": positions[None]}


def pieces(batch: dict[str, Tensor], budget: int) -> Iterator[dict[str, Tensor]]:
    """Cut a batch between rows so that a piece holds at most `budget` tokens, or one row; pieces have like sizes.

    Small pieces stay in the processor's cache and bound the memory; the sum of their losses is the batch's.
    """
    bounds = row_bounds(batch["position_ids"])
    total = bounds[-1]
    count = max(1, -(-total // budget))
    start = 0
    for at, end in enumerate(bounds[1:], 1):
        following = bounds[at + 1] if at + 1 < len(bounds) else None
        if following is None or following - start > max(budget, 1) or end - start >= -(-total // count):
            yield {name: values[:, start:end] for name, values in batch.items()}
            start = end


def chunks(lengths: Sequence[int], budget: int) -> list[list[int]]:
    """Indices of consecutive rows, in groups of at most `budget` tokens, or of one row."""
    found: list[list[int]] = []
    size = 0
    for at, length in enumerate(lengths):
        if not found or size + length > budget:
            found.append([])
            size = 0
        found[-1].append(at)
        size += length
    return found


def row_bounds(position_ids: Tensor) -> list[int]:
    """Where rows begin, and the end: positions (1, tokens) -> [0, ..., tokens]."""
    starts = (position_ids[0] == 0).nonzero().flatten().tolist()
    return [*starts, position_ids.shape[1]]


def loss_sum(model: Any, batch: dict[str, Tensor], *, rows: bool) -> Tensor:
    """Summed negative log-likelihood of the labels in nats: a scalar, or with `rows` one of each row, shape (rows,).

    Only the hidden states that foretell a label go through the output layer: with a vocabulary of 49,152 it is a fifth
    of a small model's work.
    """
    targets = batch["labels"][0, 1:]
    at = (targets != IGNORED).nonzero().flatten()
    bounds = row_bounds(batch["position_ids"])
    extra: dict[str, Any] = {}
    if uses_rows(model):
        extra["row_bounds"] = bounds
    logits = model(
        input_ids=batch["input_ids"], position_ids=batch["position_ids"], logits_to_keep=at, use_cache=False, **extra
    ).logits[0]
    if not rows and logits.requires_grad and not getattr(model_config(model), "final_logit_softcapping", None):
        total: Tensor = CrossEntropy.apply(logits.float(), targets[at])
        return total
    losses = functional.cross_entropy(logits.float(), targets[at], reduction="none")
    if not rows:
        return losses.sum()
    row_of = torch.bucketize(at, torch.tensor(bounds[1:], device=at.device), right=True)
    return torch.zeros(len(bounds) - 1, device=losses.device).index_add_(0, row_of, losses)


def uses_rows(model: Any) -> bool:
    return bool(model_config(model)._attn_implementation == ATTENTION)


def model_config(model: Any) -> Any:
    return getattr(model, "module", model).config  # DDP hides it


def install(model: Any) -> bool:
    """Switch a loaded model to attention row by row, if it then computes what it computed before. Returns whether.

    Models with sliding windows or other masks do not, nor do those that do not hand the bounds on; they keep
    transformers' own mask.
    """
    from transformers import AttentionInterface, AttentionMaskInterface

    before = model.config._attn_implementation
    if before != "sdpa" or _has_window(model.config):
        return False
    AttentionInterface.register(ATTENTION, _attend)
    AttentionMaskInterface.register(ATTENTION, _no_mask)
    probe = collate([{"input_ids": [1, 2, 3, 4, 5], "labels": [1, 2, 3, 4, 5]}] * 2)
    ids, positions = probe["input_ids"].to(model.device), probe["position_ids"].to(model.device)
    with torch.no_grad():
        expected = model(input_ids=ids, position_ids=positions, use_cache=False).logits
        model.set_attn_implementation(ATTENTION)
        try:
            found = model(input_ids=ids, position_ids=positions, use_cache=False, row_bounds=[0, 5, 10]).logits
        except (TypeError, ValueError, KeyError):
            found = torch.full_like(expected, torch.inf)
    scale = float(expected.float().abs().max()) + 1e-6
    tolerance = (1e-4 if expected.dtype == torch.float32 else 3e-2) * scale
    if float((expected.float() - found.float()).abs().max()) <= tolerance:
        return True
    model.set_attn_implementation(before)
    return False


@contextlib.contextmanager
def masked(model: Any) -> Iterator[None]:
    """Transformers' own attention for a while: rows side by side, with padding."""
    if not uses_rows(model):
        yield
        return
    model.set_attn_implementation("sdpa")
    try:
        yield
    finally:
        model.set_attn_implementation(ATTENTION)


def _has_window(config: Any) -> bool:
    return bool(getattr(config, "sliding_window", None) or getattr(config, "attn_logit_softcapping", None))


def _attend(
    module: Any,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    dropout: float = 0.0,
    row_bounds: Sequence[int] | None = None,
    **_: Any,
) -> tuple[Tensor, None]:
    """Query (1, heads, tokens, dim), key and value with as many or fewer heads -> (1, tokens, heads, dim)."""
    bounds = row_bounds or [0, query.shape[2]]
    sizes = [end - start for start, end in itertools.pairwise(bounds)]
    parts = [
        functional.scaled_dot_product_attention(
            q, k, v, is_causal=True, scale=scaling, dropout_p=dropout, enable_gqa=True
        )
        for q, k, v in zip(query.split(sizes, 2), key.split(sizes, 2), value.split(sizes, 2), strict=True)
    ]
    return torch.cat(parts, 2).transpose(1, 2), None


def _no_mask(*_: Any, **__: Any) -> None:
    return None
