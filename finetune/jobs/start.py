"""The adapter that a fine-tune goes on from, instead of a new one: it keeps what it has learnt and learns more.

Its weights fix what they were made with (`SHAPE`); data, rate and length are the new run's own. A job keeps a copy of its own.
"""

import contextlib
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from chatbot.common import summed
from chatbot.common.errors import InputError, ModelError
from chatbot.common.fingerprint import fingerprint
from finetune.jobs.records import Start
from finetune.publish.card import CARD, WEIGHTS
from finetune.spec.spec import TrainingSpec

CONFIG = "adapter_config.json"
COPIED = (CONFIG, WEIGHTS, CARD)
SHAPE = {
    "rank": "r",
    "alpha": "lora_alpha",
    "rslora": "use_rslora",
    "dora": "use_dora",
    "target_modules": "target_modules",
}
"""Settings that the adapter's weights fix, and what PEFT calls them."""


def of(adapter: Path) -> Start:
    """What a job remembers of the adapter in the folder `adapter`. Raises `InputError` when it is not there any more."""
    try:
        return Start(adapter.name, fingerprint(adapter / WEIGHTS))
    except OSError as error:
        raise InputError(
            f"The adapter {adapter.name} was removed meanwhile. Start from another one.",
            kind="start_gone",
            name=adapter.name,
        ) from error


def made_on(adapter: Path, base: str) -> bool:
    """Whether its card says that it was made on the weights with the fingerprint `base`, or does not say."""
    return bool(_json(adapter / CARD).get("base_fingerprint", base) == base)


def settings(adapter: Path) -> dict[str, object]:
    """What the weights in the folder `adapter` fix, as changes to a spec. Raises `InputError` when nothing can go on from it."""
    config = _json(adapter / CONFIG)
    uneven = config.get("rank_pattern") or config.get("alpha_pattern") or config.get("layers_to_transform")
    if config.get("peft_type") != "LORA" or not (adapter / WEIGHTS).is_file() or uneven:
        raise InputError(
            f"No training can go on from {adapter.name}: it is not a LoRA adapter with the same rank in every layer. "
            "Start with a new adapter.",
            kind="start_not_lora",
            name=adapter.name,
        )
    return {name: config[theirs] for name, theirs in SHAPE.items() if theirs in config}


def fitted(spec: TrainingSpec, adapter: Path, base: str, given: Mapping[str, object] | None = None) -> TrainingSpec:
    """`spec` with what the weights in `adapter` fix. Raises `InputError` when a setting in `given` says otherwise, when the
    adapter was made on weights with another fingerprint than `base`, or when nothing can go on from it."""
    fixed = spec.changed(settings(adapter))
    card = _json(adapter / CARD)
    if not made_on(adapter, base):
        raise InputError(
            f"{adapter.name} was trained on another base model, {card.get('base') or 'unknown'}. "
            "Choose that one, or start with a new adapter.",
            kind="start_other_base",
            name=adapter.name,
        )
    asked = spec.changed(given or {})
    for name in SHAPE:
        value = getattr(fixed, name)
        if name in (given or {}) and _plain(getattr(asked, name)) != _plain(value):
            raise InputError(
                f"{name} is {value} in {adapter.name} and cannot change when it is trained further. "
                "Set it so, or start with a new adapter.",
                kind="start_fixed",
                name=name,
                adapter=adapter.name,
                value=str(value),
            )
    return fixed


def keep(adapter: Path, target: Path) -> None:
    """Copy what a job needs of the adapter to the new folder `target`. Raises `OSError`."""
    target.mkdir()
    for name in COPIED:
        if (adapter / name).is_file():
            shutil.copyfile(adapter / name, target / name)


def load(model: Any, folder: Path) -> None:
    """The adapter's weights into the PEFT model's. Raises `ModelError` when they do not fit."""
    from peft import set_peft_model_state_dict
    from safetensors.torch import load_file

    try:
        found = set_peft_model_state_dict(model, load_file(folder / WEIGHTS), adapter_name="default")
        strange = list(found.unexpected_keys) + [key for key in found.missing_keys if "lora_" in key]
    except RuntimeError as error:  # other shapes
        strange = [str(error)]
    if strange:
        raise ModelError(
            f"The adapter to go on from does not fit this base model: {strange[0][:200]}", kind="start_unfit"
        )


@contextlib.contextmanager
def instead(model: Any, folder: Path) -> Iterator[None]:
    """The PEFT model as it was when it went on from the adapter in `folder`."""
    from peft import get_peft_model_state_dict, set_peft_model_state_dict

    found = get_peft_model_state_dict(model, adapter_name="default", save_embedding_layers=False)
    learnt = {name: weight.detach().clone() for name, weight in found.items()}
    try:
        load(model, folder)
        yield
    finally:
        set_peft_model_state_dict(model, learnt, adapter_name="default")


def _plain(value: object) -> object:
    """Layers in whatever order."""
    return sorted(value) if isinstance(value, tuple) else value


def _json(path: Path) -> dict[str, Any]:
    try:
        return dict(summed.record(path.read_text("utf-8")))
    except (OSError, ValueError):
        return {}
