"""The trunk: one base model in memory and the LoRA adapters loaded onto it, one of them in use at a time."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import nn

from chatbot.engine.adapters import WEIGHTS, module_of, read_config
from chatbot.errors import AdapterError

MAX_LOADED = 16  # adapters kept in memory; beyond it the one unused for longest goes

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Version:
    """An adapter's weights as they were when it was listed: trained again under its old name, it is another version."""

    path: str
    stamp: int  # ns
    size: int  # bytes

    @classmethod
    def of(cls, path: str) -> "Version":
        state = (Path(path) / WEIGHTS).stat()
        return cls(path, state.st_mtime_ns, state.st_size)


class Trunk:
    """Not thread-safe: everything happens in the engine's one worker thread.

    peft puts its layers into the model in place, so `model` computes with whatever adapter `use` chose last.
    """

    def __init__(self, model: Any) -> None:
        self.model = model
        self._linear = {name: m for name, m in model.named_modules() if _is_linear(m)}
        self._peft: Any = None
        self._loaded: dict[Version, str] = {}  # to peft's name; in order of last use
        self._in_use: Version | None = None
        self._count = 0

    def use(self, version: Version | None) -> None:
        """Compute with this adapter from now on; None is the bare base model. Raises `AdapterError`."""
        if version == self._in_use:
            return
        if version is None:
            self._peft.base_model.disable_adapter_layers()
        else:
            name = self._loaded.pop(version, None) or self._load(version)
            self._loaded[version] = name
            self._peft.base_model.enable_adapter_layers()
            self._peft.base_model.set_adapter(name, inference_mode=True)
        self._in_use = version

    def tidy(self, wanted: frozenset[Version], busy: frozenset[Version]) -> None:
        """Unload what vanished from disk, and the longest unused beyond `MAX_LOADED`; never what is busy."""
        idle = [version for version in self._loaded if version not in busy]
        surplus = len(self._loaded) - MAX_LOADED
        for version in [v for v in idle if v not in wanted] or idle[: max(surplus, 0)]:
            self._unload(version, self._loaded[version])

    def _load(self, version: Version) -> str:
        from peft import set_peft_model_state_dict

        folder = Path(version.path)
        try:
            weights = load_file(folder / WEIGHTS)
        except Exception as error:
            raise AdapterError(
                f"The adapter {folder.name} cannot be read any more. Please refresh the list."
            ) from error
        self._check_fit(folder.name, weights)
        name = f"adapter{self._count}"  # peft makes attribute names of it, so the person's own is not safe
        self._count += 1
        try:
            self._inject(name, folder, weights)
            set_peft_model_state_dict(self._peft, weights, adapter_name=name)
        except Exception as error:
            if self._peft is not None and name in self._peft.peft_config:
                self._unload(version, name)
            if isinstance(error, torch.OutOfMemoryError):
                raise
            raise AdapterError(f"The adapter {folder.name} cannot be put on this model: {error}") from error
        self.model.eval()
        log.info("adapter %s loaded", folder.name)
        return name

    def _inject(self, name: str, folder: Path, weights: dict[str, torch.Tensor]) -> None:
        """Put empty LoRA layers in place, from the settings that plain LoRA needs and no others of the file."""
        from peft import LoraConfig, PeftModel

        config = read_config(folder)
        lora = LoraConfig(
            r=config.get("r", 8),
            lora_alpha=config.get("lora_alpha", 8),
            rank_pattern=config.get("rank_pattern") or {},
            alpha_pattern=config.get("alpha_pattern") or {},
            use_rslora=bool(config.get("use_rslora")),
            fan_in_fan_out=bool(config.get("fan_in_fan_out")),
            target_modules=sorted({module_of(key)[0] for key in weights}),
            lora_dropout=0.0,
            init_lora_weights=False,
            inference_mode=True,
        )
        if self._peft is None:
            self._peft = PeftModel(self.model, lora, adapter_name=name)
        else:
            self._peft.add_adapter(name, lora)

    def _check_fit(self, name: str, weights: dict[str, torch.Tensor]) -> None:
        """Refuse before peft touches the model: half an injection cannot be undone."""
        for key, tensor in weights.items():
            module, half = module_of(key)
            layer = self._linear.get(module)
            if layer is None:
                raise AdapterError(f"The adapter {name} was made for another model: this one has no layer {module}.")
            inputs, outputs = _sizes(layer)
            if (half == "A" and tensor.shape[1] != inputs) or (half == "B" and tensor.shape[0] != outputs):
                raise AdapterError(f"The adapter {name} was made for another model: {module} has another size here.")

    def _unload(self, version: Version, name: str) -> None:
        self._loaded.pop(version, None)
        self._peft.delete_adapter(name)
        # peft makes a remaining adapter the active one
        self._peft.base_model.disable_adapter_layers()
        self._in_use = None


def _is_linear(module: nn.Module) -> bool:
    return isinstance(module, nn.Linear) or type(module).__name__ == "Conv1D"


def _sizes(layer: nn.Module) -> tuple[int, int]:
    """(inputs, outputs); GPT-2's Conv1D keeps its weight transposed."""
    if isinstance(layer, nn.Linear):
        return layer.in_features, layer.out_features
    inputs, outputs = layer.weight.shape
    return inputs, outputs
