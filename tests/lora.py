"""PEFT adapters for the bundled model, written without loading it: right shapes, random numbers, a few milliseconds."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

LAYERS = 30
SHAPES = {  # (out, in) of SmolLM2-135M
    "self_attn.q_proj": (576, 576),
    "self_attn.k_proj": (192, 576),
    "self_attn.v_proj": (192, 576),
    "self_attn.o_proj": (576, 576),
    "mlp.gate_proj": (1536, 576),
    "mlp.up_proj": (1536, 576),
    "mlp.down_proj": (576, 1536),
}
QWEN = {  # of Qwen2.5-0.5B, which has 24 layers
    "self_attn.q_proj": (896, 896),
    "self_attn.k_proj": (128, 896),
    "self_attn.v_proj": (128, 896),
    "self_attn.o_proj": (896, 896),
    "mlp.gate_proj": (4864, 896),
    "mlp.up_proj": (4864, 896),
    "mlp.down_proj": (896, 4864),
}
ALL = tuple(module.rpartition(".")[2] for module in SHAPES)


def write_adapter(
    folder: Path,
    *,
    rank: int = 4,
    targets: tuple[str, ...] = ALL,
    seed: int = 0,
    layers: int = LAYERS,
    shapes: Mapping[str, tuple[int, int]] = SHAPES,
    strength: float = 0.02,
    base: str = "SmolLM2-135M-Instruct",
    card: Mapping[str, object] | None = None,
    **config: object,
) -> Path:
    """An adapter that visibly changes what the model says and leaves it far from broken."""
    random = np.random.default_rng(seed)
    tensors = {}
    for layer in range(layers):
        for module, (rows, columns) in shapes.items():
            if module.rpartition(".")[2] in targets:
                stem = f"base_model.model.model.layers.{layer}.{module}"
                a = random.standard_normal((rank, columns)) / columns**0.5
                b = random.standard_normal((rows, rank)) * strength
                tensors[f"{stem}.lora_A.weight"] = a.astype(np.float32)
                tensors[f"{stem}.lora_B.weight"] = b.astype(np.float32)
    folder.mkdir(parents=True, exist_ok=True)
    save_file(tensors, folder / "adapter_model.safetensors")
    settings = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": base,
        "r": rank,
        "lora_alpha": 2 * rank,
        "target_modules": list(targets),
    }
    (folder / "adapter_config.json").write_text(json.dumps(settings | config))
    if card is not None:
        (folder / "banyan.json").write_text(json.dumps(card))
    return folder
