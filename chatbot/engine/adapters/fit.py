"""What an adapter's settings say of a model's layers: which it changes and how strongly. The same for every engine."""

import logging
import math
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

import regex

from chatbot.common.errors import AdapterError
from chatbot.types import Adapter

log = logging.getLogger(__name__)

PATIENCE = 0.2  # seconds for one pattern: strangers write them, and some take for ever to match


def check_base(adapter: Adapter, fingerprint: Callable[[], str | None]) -> None:
    """Raises `AdapterError` when the adapter says that it was trained on other weights than those with `fingerprint`.

    Either may be unknown; then names and shapes must do. `fingerprint` reads all weights: it is asked only when needed.
    """
    if not adapter.base_fingerprint:
        return
    ours = fingerprint()
    if ours and adapter.base_fingerprint != ours:
        raise AdapterError(
            f"The adapter {adapter.name} was trained on other weights ({adapter.base or 'an unnamed model'}, "
            f"fingerprint {adapter.base_fingerprint[:12]}; this model's is {ours[:12]}). Start Banyan with that model.",
            kind="adapter_other_base",
            name=adapter.name,
            base=adapter.base or "?",
        )


def of_base(adapters: Iterable[Adapter], fingerprint: Callable[[], str | None]) -> list[Adapter]:
    """Those that `check_base` lets pass; the others are logged and left out."""
    found = []
    for adapter in adapters:
        try:
            check_base(adapter, fingerprint)
        except AdapterError as error:
            log.warning("adapter %s left out: %s", adapter.name, error)
            continue
        found.append(adapter)
    return found


def check_complete(name: str, config: Mapping[str, Any], held: Collection[str], layers: Collection[str]) -> None:
    """Raises `AdapterError` unless the adapter holds matrices for every one of the model's `layers` that its settings name.

    `held` and `layers` are module names as `model.layers.3.mlp.up_proj`. The rules are peft's (`target_modules` as a list
    of name ends, a regular expression or "all-linear"; `exclude_modules`; `layers_to_transform`).
    """
    missing = sorted({layer for layer in layers if _is_target(layer, config)} - {*held})
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise AdapterError(
            f"The adapter {name} is incomplete: it has no matrices for {missing[0]}{more}.",
            kind="adapter_lacks",
            name=name,
            module=missing[0],
            count=len(missing),
        )


def scale(name: str, config: Mapping[str, Any], module: str, rank: int) -> float:
    """alpha / rank, or alpha / sqrt(rank) with rsLoRA (arXiv:2312.03732); patterns may give layers their own."""
    told = _of_pattern(config.get("rank_pattern") or {}, module, config.get("r", 8))
    if told != rank:
        raise AdapterError(
            f"The adapter {name} says rank {told} for {module}, but its matrices have rank {rank}.",
            kind="adapter_ranks",
            name=name,
            told=told,
            module=module,
            rank=rank,
        )
    alpha = float(_of_pattern(config.get("alpha_pattern") or {}, module, config.get("lora_alpha", 8)))
    return alpha / math.sqrt(rank) if config.get("use_rslora") else alpha / rank


def _is_target(module: str, config: Mapping[str, Any]) -> bool:
    targets, excluded = config.get("target_modules"), config.get("exclude_modules")
    if not targets or (excluded and _names(excluded, module)):
        return False
    only, number = config.get("layers_to_transform"), regex.search(r"\.(\d+)\.", module)
    if only is not None and (number is None or int(number[1]) not in ([only] if isinstance(only, int) else only)):
        return False
    if targets == "all-linear":
        return number is not None  # all but the output layer
    return _names(targets, module)


def _names(told: Any, module: str) -> bool:
    if isinstance(told, str):
        return _matches(told, module)
    return any(module == end or module.endswith(f".{end}") for end in told)


def _of_pattern(table: Mapping[str, Any], module: str, otherwise: Any) -> Any:
    """The first key that is, as a regular expression, the module's name or the end of it after a dot, as in peft."""
    return next((value for pattern, value in table.items() if _matches(rf"(.*\.)?({pattern})", module)), otherwise)


def _matches(pattern: str, module: str) -> bool:
    try:
        return regex.fullmatch(pattern, module, timeout=PATIENCE) is not None
    except (TimeoutError, regex.error) as error:
        raise AdapterError(
            f"The adapter's pattern {pattern[:80]!r} cannot be used. Name the layers plainly.",
            kind="adapter_pattern",
            pattern=pattern[:80],
        ) from error
