"""Batches without padding: rows end to end in one sequence, each attending to itself only, logits only where there is a loss.

The sequence of a batch has shape (1, tokens); `position_ids` begin at 0 with every row, which is how transformers tells
packed rows apart ("Packing with flash attention", Hugging Face 2024). What all rows of a batch begin with, a system prompt
or an instruction, need be computed only once: then it stands in front, and the positions of each row go on from its end.
Loss and gradients are the same, as those of the whole rows.
"""

import bisect
import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from finetune.train_attention import model_config, uses_rows
from finetune.train_fused import CrossEntropy

IGNORED = -100
CACHE_TOKENS = 512
"""Tokens computed at once on a CPU: enough for its matrix units, few enough for its cache."""
WORTH_SHARING = 8
"""Common tokens from which on they are computed once: below, putting them in front costs more than it saves."""


def collate(rows: Sequence[dict[str, Any]]) -> dict[str, Tensor]:
    """{"input_ids", "labels"} of rows -> one sequence; a row's first token has no label, since nothing in it foretells it.

    A row that `pack` made says its parts' lengths under "lengths".
    """
    ids = torch.tensor([id for row in rows for id in row["input_ids"]])
    labels = torch.tensor([label for row in rows for label in row["labels"]])
    lengths = [length for row in rows for length in row.get("lengths") or [len(row["input_ids"])]]
    positions = torch.cat([torch.arange(length) for length in lengths])
    labels[positions == 0] = IGNORED
    return {"input_ids": ids[None], "labels": labels[None], "position_ids": positions[None]}


def pack(lengths: Sequence[int], most: int) -> list[list[int]]:
    """Indices of rows put together so that none of the groups has more than `most` tokens: the longest first, each where it
    leaves the least room (best-fit decreasing; arXiv:2404.10830). The groups are in the order of their first rows."""
    room: list[tuple[int, int]] = []  # (tokens left, group), sorted
    groups: list[list[int]] = []
    for at in sorted(range(len(lengths)), key=lambda at: -lengths[at]):
        place = bisect.bisect_left(room, (lengths[at], 0))
        left, group = room.pop(place) if place < len(room) else (most, len(groups))
        if group == len(groups):
            groups.append([])
        groups[group].append(at)
        bisect.insort(room, (left - lengths[at], group))
    return sorted(sorted(group) for group in groups)


def pieces(batch: dict[str, Tensor], budget: int, *, share: bool) -> Iterator[dict[str, Tensor]]:
    """Cut a batch between rows so that a piece holds at most `budget` tokens, or one row; pieces have like sizes.

    Small pieces stay in the processor's cache and bound the memory; the sum of their losses is the batch's. With `share`,
    which needs attention row by row, a piece of several rows holds their common beginning once.
    """
    bounds = row_bounds(batch["position_ids"])
    common = _common(batch, bounds) if share else 0
    sizes = [end - start - common for start, end in itertools.pairwise(bounds)]
    room = max(1, budget - common)
    goal = -(-sum(sizes) // -(-sum(sizes) // room))
    first, held = 0, 0
    for at, size in enumerate(sizes):
        held += size
        following = sizes[at + 1] if at + 1 < len(sizes) else None
        if following is None or held + following > room or held >= goal:
            yield _piece(batch, bounds[first : at + 2], common)
            first, held = at + 1, 0


def _common(batch: dict[str, Tensor], bounds: Sequence[int]) -> int:
    """Tokens at the beginning of all rows that are the same and of which none foretells a label."""
    ids, labels = batch["input_ids"][0].tolist(), batch["labels"][0]
    rows = [ids[start:end] for start, end in itertools.pairwise(bounds)]
    if len(rows) < 2:
        return 0
    least, most = min(rows), max(rows)  # what these two begin with, all rows between them do
    same = next((at for at, (a, b) in enumerate(zip(least, most, strict=False)) if a != b), len(least))
    free = [labels[start:end] != IGNORED for start, end in itertools.pairwise(bounds)]
    common = min(same, *(int(row.int().argmax()) - 1 if row.any() else len(row) - 1 for row in free))
    return common if common >= WORTH_SHARING else 0


def _piece(batch: dict[str, Tensor], bounds: Sequence[int], common: int) -> dict[str, Tensor]:
    if not common or len(bounds) == 2:
        return {name: values[:, bounds[0] : bounds[-1]] for name, values in batch.items()}
    kept = [(bounds[0], bounds[0] + common), *((a + common, b) for a, b in itertools.pairwise(bounds))]
    return {name: torch.cat([values[:, a:b] for a, b in kept], 1) for name, values in batch.items()}


def row_bounds(position_ids: Tensor) -> list[int]:
    """Where rows begin, and the end: positions (1, tokens) -> [0, ..., tokens], or [shared, ..., tokens] where `shared`
    tokens in front belong to every row."""
    positions = position_ids[0]
    starts = ((positions[1:] != positions[:-1] + 1).nonzero().flatten() + 1).tolist()
    return [int(positions[starts[0]]) if starts else 0, *starts, len(positions)]


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


def row_losses(model: Any, rows: Sequence[dict[str, Any]], budget: int) -> list[float]:
    """Summed nats of each row {"input_ids", "labels"}, in order; the model is in evaluation mode."""
    if not rows:
        return []
    device, share = next(model.parameters()).device, uses_rows(model)
    batch = {name: values.to(device) for name, values in collate(rows).items()}
    with torch.no_grad():
        return [
            nats for piece in pieces(batch, budget, share=share) for nats in loss_sum(model, piece, rows=True).tolist()
        ]
