"""The adapted: one base model in memory, the LoRA adapters loaded beside it, and which of them are active."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import nn

from chatbot.common.errors import AdapterError
from chatbot.engine.adapters.fit import check_complete, scale
from chatbot.engine.adapters.format import WEIGHTS, module_of, read_config
from chatbot.engine.local.lora import LoraLayer, Matrices, Plan

MAX_LOADED = 64  # adapters kept in memory; beyond it the one unused for longest goes

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


class AdaptedModel:
    """Not thread-safe: everything happens in the engine's one worker thread.

    `model` computes with the adapters of the plan that was set last. Matrices are kept in `dtype`, which is what
    peft does too when it computes in that type.
    """

    def __init__(self, model: Any, dtype: torch.dtype) -> None:
        self.model = model
        self.device: torch.device = model.device
        self._dtype = dtype
        self._modules: dict[str, nn.Module] = {name: m for name, m in model.named_modules() if _sizes(m)}
        self._layers: dict[str, LoraLayer] = {}
        self._loaded: dict[Version, Matrices] = {}  # in order of last use
        self._active: list[Version] = []  # by slot
        self._planned: tuple[object, ...] | None = None  # what the layers were told last

    def load(self, version: Version) -> None:
        """Read the adapter unless it is in memory. Raises `AdapterError`."""
        matrices = self._loaded.pop(version, None)
        if matrices is None:
            try:
                matrices = self._read(Path(version.path))
            except torch.OutOfMemoryError:
                self._loaded = {active: self._loaded[active] for active in self._active}
                matrices = self._read(Path(version.path))
        self._loaded[version] = matrices

    def slot(self, version: Version | None) -> int:
        """Requests of one batch stand in this order; those without an adapter first."""
        return self._active.index(version) if version else -1

    def activate(self, wanted: Iterable[Version]) -> None:
        """Make room for these in every layer. What was active stays so until the room is needed or mostly wasted."""
        needed = frozenset(wanted)
        wasteful = needed and len(self._active) > 2 * len(needed)  # unused matrices cost nothing while nobody has any
        if wasteful or not needed <= {*self._active}:
            self._stack(needed)

    def plan(self, rows: Sequence[tuple[Version | None, int, int]]) -> None:
        """Tell the layers whose the rows are: (adapter, rows, rows whose logits are wanted), in the order of `slot`."""
        every, kept = [(0, 0)] * len(self._active), [(0, 0)] * len(self._active)
        total = total_kept = 0
        for version, count, wanted in rows:
            if version:
                at = self.slot(version)
                every[at] = (every[at][0] if every[at][1] else total, total + count)
                kept[at] = (kept[at][0] if kept[at][1] else total_kept, total_kept + wanted)
            total, total_kept = total + count, total_kept + wanted
        nobody = all(version is None for version, _, _ in rows)
        key = () if nobody else (total, total_kept, *every, *kept)
        if key == self._planned:  # while nobody comes or goes, every decode step is like the last
            return
        self._planned = key
        plans = () if nobody else (Plan(every, total, self.device), Plan(kept, total_kept, self.device))
        for layer in self._layers.values():
            layer.plan(plans)

    def tidy(self, wanted: frozenset[Version], busy: frozenset[Version]) -> None:
        """Unload what vanished from disk, and the longest unused beyond `MAX_LOADED`; never what is busy."""
        idle = [version for version in self._loaded if version not in busy]
        surplus = len(self._loaded) - MAX_LOADED
        for version in {*(v for v in idle if v not in wanted), *idle[: max(surplus, 0)]}:
            del self._loaded[version]
        if not busy or not {*self._active} <= {*self._loaded}:
            self._stack(busy)  # else the stacks would keep the memory

    def fit(self, folder: Path) -> None:
        """Make sure that the adapter fits this model; from any thread. Raises `AdapterError` with the reason."""
        self._read(folder)

    def _stack(self, needed: frozenset[Version]) -> None:
        self._planned, self._active = None, []
        for version in needed:
            self.load(version)
        # neighbours in the stack that are alike can be computed as one block
        active = sorted(needed, key=lambda v: (_shape(self._loaded[v]), v.path, v.stamp))
        chosen = [self._loaded[version] for version in active]
        for name in {name for matrices in chosen for name in matrices}:
            if name not in self._layers:
                self._layers[name] = LoraLayer(self._modules[name], name)
        for name, layer in list(self._layers.items()):
            layer.stack(chosen)
            if not any(name in matrices for matrices in chosen):
                layer.remove()
                del self._layers[name]
        self._active = active

    def _read(self, folder: Path) -> Matrices:
        try:
            weights = load_file(folder / WEIGHTS)
        except Exception as error:
            raise AdapterError(
                f"The adapter {folder.name} cannot be read any more. Please refresh the list.",
                kind="adapter_vanished",
                name=folder.name,
            ) from error
        config = read_config(folder)
        pairs: dict[str, dict[str, torch.Tensor]] = {}
        for key, tensor in weights.items():
            module, half = module_of(key)
            pairs.setdefault(module, {})[half] = tensor.float()
        matrices = {}
        for module, pair in pairs.items():
            self._check_fit(folder.name, module, pair)
            b = pair["B"] * scale(folder.name, config, module, pair["A"].shape[0])
            matrices[module] = (self._keep(pair["A"]), self._keep(b))
        check_complete(folder.name, config, pairs, self._modules)
        log.info("adapter %s loaded", folder.name)
        return matrices

    def _keep(self, matrix: torch.Tensor) -> torch.Tensor:
        return matrix.t().to(self.device, self._dtype).contiguous()

    def _check_fit(self, name: str, module: str, pair: Mapping[str, torch.Tensor]) -> None:
        sizes = _sizes(self._modules[module]) if module in self._modules else None
        if sizes is None:
            raise AdapterError(
                f"The adapter {name} was made for another model: this one has no layer {module}.",
                kind="adapter_no_layer",
                name=name,
                layer=module,
            )
        if {*pair} != {"A", "B"} or pair["A"].shape[1] != sizes[0] or pair["B"].shape[0] != sizes[1]:
            raise AdapterError(
                f"The adapter {name} was made for another model: {module} has another size here.",
                kind="adapter_layer_size",
                name=name,
                layer=module,
            )


def _sizes(module: nn.Module) -> tuple[int, int] | None:
    """(inputs, outputs) of a linear layer, packed or not; None for anything else."""
    if type(module).__name__ == "Conv1D":  # GPT-2's, with its weight transposed
        inputs, outputs = module.weight.shape
        return int(inputs), int(outputs)
    if isinstance(module, nn.Linear) or hasattr(module, "out_features"):
        return int(module.in_features), int(module.out_features)
    return None


def _shape(matrices: Matrices) -> tuple[tuple[str, int], ...]:
    return tuple(sorted((name, a.shape[1]) for name, (a, _) in matrices.items()))
