"""What a GGUF file of a transformers folder would say of itself, as far as an adapter's conversion asks."""

import json
import struct
from pathlib import Path
from typing import Any

from chatbot.common.errors import AdapterError, ModelDamaged
from chatbot.engine.gguf.adapter import MODULES
from chatbot.engine.gguf.files import Header

ARCHITECTURES = {"llama": "llama", "mistral": "llama", "qwen2": "qwen2", "qwen3": "qwen3"}
"""transformers' model types whose layers llama.cpp names in the same way, and its name for them."""


def header_of(folder: Path) -> Header:
    """Architecture, heads and shapes of the layers that LoRA may change. Raises `AdapterError` for other architectures
    and `ModelDamaged`."""
    try:
        config = json.loads((folder / "config.json").read_text("utf-8"))
        kind = ARCHITECTURES.get(config["model_type"])
        if kind is None:
            raise AdapterError(
                f"Adapters of {config['model_type']} models cannot be written as GGUF here. Take the zip.",
                kind="gguf_family",
                family=config["model_type"],
            )
        heads = int(config["num_attention_heads"])
        fields: dict[str, Any] = {
            "general.architecture": kind,
            f"{kind}.attention.head_count": heads,
            f"{kind}.attention.head_count_kv": int(config.get("num_key_value_heads") or heads),
        }
        tensors: dict[str, tuple[int, ...]] = {}
        for path in sorted(folder.glob("*.safetensors")):
            tensors |= dict(filter(None, map(_renamed, _shapes(path).items())))
    except (OSError, ValueError, KeyError, struct.error) as error:
        raise ModelDamaged(
            f"The model in {folder.name} cannot be read: {error}.",
            kind="model_unreadable",
            name=folder.name,
            reason=str(error),
        ) from error
    return Header(fields, tensors)


def _shapes(path: Path) -> dict[str, list[int]]:
    with path.open("rb") as file:
        (size,) = struct.unpack("<Q", file.read(8))
        described = json.loads(file.read(size))
    return {name: info["shape"] for name, info in described.items() if name != "__metadata__"}


def _renamed(item: tuple[str, list[int]]) -> tuple[str, tuple[int, ...]] | None:
    """`model.layers.3.self_attn.q_proj.weight`, (rows, columns) -> `blk.3.attn_q.weight`, (columns, rows)."""
    name, shape = item
    layer, _, module = name.removeprefix("model.layers.").removesuffix(".weight").partition(".")
    if not layer.isdigit() or module not in MODULES:
        return None
    return f"blk.{layer}.{MODULES[module]}.weight", tuple(reversed(shape))
