"""Batches without padding: rows end to end in one sequence, each attending to itself only, logits only where there is a loss.

The sequence of a batch has shape (1, tokens); `position_ids` begin at 0 with every row, which is how transformers tells
packed rows apart ("Packing with flash attention", Hugging Face 2024). What neighbouring rows begin with, an instruction or
the text that several questions are about, need be computed only once: then it stands in front, and the positions of each
row go on from its end. Loss and gradients are the same, as those of the whole rows.
"""

import bisect
import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from finetune.train.arithmetic.attention import model_config, uses_rows
from finetune.train.arithmetic.fused import CrossEntropy

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


def pack(rows: Sequence[dict[str, Any]], most: int) -> list[list[int]]:
    """Indices of rows put together so that none of the groups computes more than `most` tokens: the longest first, each where
    it leaves the least room (best-fit decreasing; arXiv:2404.10830). Rows of which most is the same beginning stay side by
    side, and it counts once. The groups are in the order of their first rows."""
    families = _families(rows, most)
    room: list[tuple[int, int]] = []  # (tokens left, group), sorted
    groups: list[list[int]] = []
    for size, family in sorted(families, key=lambda one: -one[0]):
        place = bisect.bisect_left(room, (size, 0))
        left, group = room.pop(place) if place < len(room) else (most, len(groups))
        if group == len(groups):
            groups.append([])
        groups[group] += family
        bisect.insort(room, (left - size, group))
    return sorted(groups, key=min)


def _families(rows: Sequence[dict[str, Any]], most: int) -> list[tuple[int, list[int]]]:
    """(tokens to compute, indices): rows that share at least half of their tokens at the beginning, in their order."""
    families: list[tuple[int, list[int]]] = []
    before: dict[str, Any] | None = None
    for at in sorted(range(len(rows)), key=lambda at: (rows[at]["input_ids"], at)):
        size = len(rows[at]["input_ids"])
        shared = _shared(before, rows[at]) if before else 0
        if 2 * shared >= size and families[-1][0] + size - shared <= most:
            families[-1] = (families[-1][0] + size - shared, [*families[-1][1], at])
        else:
            families.append((size, [at]))
        before = rows[at]
    return [(size, sorted(family)) for size, family in families]


def pieces(batch: dict[str, Tensor], budget: int, *, share: bool, at_once: int = 1) -> Iterator[dict[str, Tensor]]:
    """Cut a batch between rows so that a piece holds at most `budget` tokens, or one row; pieces have like sizes, and there
    are `at_once` of them or a multiple of it, if the rows allow it.

    Small pieces stay in the processor's cache and bound the memory; the sum of their losses is the batch's. With `share`,
    which needs attention row by row, a piece of several rows holds their common beginning once, and may hold twice as
    many tokens as that has, if that is more than the budget.
    """
    bounds = row_bounds(batch["position_ids"])
    rows = [
        {name: batch[name][0, start:end].tolist() for name in ("input_ids", "labels")}
        for start, end in itertools.pairwise(bounds)
    ]
    shared = [0, *(_shared(a, b) if share else 0 for a, b in itertools.pairwise(rows))]
    sizes = [len(row["input_ids"]) for row in rows]
    total = sum(sizes) - sum(shared)
    count = -(-total // (budget * at_once)) * at_once
    goal = -(-(total + (count - 1) * min(shared[1:], default=0)) // count)
    first, common, held = 0, sizes[0], sizes[0]
    for at in range(1, len(rows)):
        now = min(common, shared[at])
        joined = sum(sizes[first : at + 1]) - now * (at - first)
        if joined > min(held + sizes[at], max(budget, 2 * now)) or held >= max(goal, 2 * now):
            yield _piece(batch, bounds[first : at + 1], common)
            first, common, held = at, sizes[at], sizes[at]
        else:
            common, held = now, joined
    yield _piece(batch, bounds[first:], common)


def _shared(a: dict[str, Any], b: dict[str, Any]) -> int:
    """Tokens at the beginning of both rows that are the same and of which none foretells a label; 0 if not worth it."""
    pairs = enumerate(zip(a["input_ids"], b["input_ids"], strict=False))
    same = next((at for at, (x, y) in pairs if x != y), min(len(a["input_ids"]), len(b["input_ids"])))
    for row in (a, b):
        told = next((at for at, label in enumerate(row["labels"]) if label != IGNORED), len(row["labels"]))
        same = min(same, told - 1)
    return same if same >= WORTH_SHARING else 0


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
        extra |= {"row_bounds": bounds, "read": at}
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
