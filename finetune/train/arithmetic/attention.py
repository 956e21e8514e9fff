"""Attention for rows that lie end to end in one sequence: each row sees itself and what all rows share, nothing else.

Transformers' own mask for packed rows costs the square of the whole sequence, so attention runs row by row where the model
allows it.
"""

import contextlib
import itertools
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

ATTENTION = "banyan_row_by_row"


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
    ids = torch.tensor([[1, 2, 3, 4, 5] * 2], device=model.device)
    positions = torch.arange(5, device=model.device).repeat(2)[None]
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
    """Query (1, heads, tokens, dim), key and value with as many or fewer heads -> (1, tokens, heads, dim).

    `row_bounds` as `train_packed.row_bounds` gives them: what lies before the first is seen by every row.
    """
    bounds = row_bounds or [0, query.shape[2]]
    shared, sizes = bounds[0], [end - start for start, end in itertools.pairwise(bounds)]
    options: dict[str, Any] = {"scale": scaling, "dropout_p": dropout, "enable_gqa": True}
    attention = functional.scaled_dot_product_attention
    first_key, first_value = key[:, :, :shared], value[:, :, :shared]
    parts = [attention(query[:, :, :shared], first_key, first_value, is_causal=True, **options)] if shared else []
    masks = _masks(shared, tuple(sizes), query.device)
    for q, k, v, seen in zip(*(x[:, :, shared:].split(sizes, 2) for x in (query, key, value)), masks, strict=True):
        if shared:
            keys, values = torch.cat([first_key, k], 2), torch.cat([first_value, v], 2)
            parts.append(attention(q, keys, values, attn_mask=seen, **options))
        else:
            parts.append(attention(q, k, v, is_causal=True, **options))
    return torch.cat(parts, 2).transpose(1, 2), None


@lru_cache(maxsize=8)  # every layer asks for those of the same pieces, of which several may be computed at once
def _masks(shared: int, sizes: tuple[int, ...], device: torch.device) -> list[Tensor | None]:
    """What each row sees of the shared tokens and itself; None where nothing is shared."""
    if not shared:
        return [None] * len(sizes)
    return [torch.ones(size, shared + size, dtype=torch.bool, device=device).tril(shared) for size in sizes]


def _no_mask(*_: Any, **__: Any) -> None:
    return None
