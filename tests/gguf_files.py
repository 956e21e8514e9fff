"""GGUF files of tiny models: what llama.cpp's own converter would write, by the gguf package's table of names."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import gguf
import numpy as np
from safetensors.torch import load_file

SHAPE: dict[str, Any] = {"hidden_size": 128, "intermediate_size": 160, "head_dim": 32, "initializer_range": 0.08}
"""llama.cpp divides the width by the heads, and our keys in Q8_0 want 32 numbers a head."""


def make_gguf(
    folder: Path,
    target: Path,
    *,
    architecture: str = "",
    layout: str = "qwen2",
    rope_factors: Iterable[float] = (),
    languages: Iterable[str] = (),
    more: dict[str, Any] | None = None,
) -> Path:
    """The model in `folder` (`tests.tiny.make_model`) in F32. `architecture`: what the file is to call itself; `more`: further
    tensors by name, or keys of the architecture by name (numbers and texts)."""
    config = json.loads((folder / "config.json").read_text("utf-8"))
    kind = architecture or config["model_type"]
    writer = gguf.GGUFWriter(target, arch=kind)
    _write_config(writer, config)
    _write_tokenizer(writer, folder, layout)
    if codes := list(languages):
        writer.add_languages(codes)
    numbers = load_file(folder / "model.safetensors")
    known = {value: key for key, value in gguf.MODEL_ARCH_NAMES.items()}[config["model_type"]]
    names = gguf.get_tensor_name_map(known, config["num_hidden_layers"])
    for name, tensor in numbers.items():
        values = _paired(name, tensor.float().numpy(), config)
        writer.add_tensor(str(names.get_name(name, try_suffixes=(".weight", ".bias"))), values)
    if factors := list(rope_factors):
        writer.add_tensor("rope_freqs.weight", np.array(factors, np.float32))
    for name, value in (more or {}).items():
        if isinstance(value, np.ndarray):
            writer.add_tensor(name, value)
        elif isinstance(value, str):
            writer.add_string(f"{kind}.{name}", value)
        else:
            writer.add_uint32(f"{kind}.{name}", value)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return target


def _write_config(writer: gguf.GGUFWriter, config: dict[str, Any]) -> None:
    writer.add_name("tiny")
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_freq_base(config["rope_parameters"]["rope_theta"])


def _write_tokenizer(writer: gguf.GGUFWriter, folder: Path, layout: str) -> None:
    model = json.loads((folder / "tokenizer.json").read_text("utf-8"))
    tokens = sorted(model["model"]["vocab"], key=model["model"]["vocab"].__getitem__)
    control = {token["content"] for token in model["added_tokens"]}
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(layout)
    writer.add_token_list(tokens)
    writer.add_token_types([3 if token in control else 1 for token in tokens])
    writer.add_token_merges(
        [merge if isinstance(merge, str) else " ".join(merge) for merge in model["model"]["merges"]]
    )
    writer.add_eos_token_id(tokens.index("<|im_end|>"))
    writer.add_pad_token_id(tokens.index("<|im_start|>"))
    writer.add_add_bos_token(False)
    writer.add_chat_template((folder / "chat_template.jinja").read_text("utf-8"))


def _paired(name: str, values: np.ndarray[Any, Any], config: dict[str, Any]) -> np.ndarray[Any, Any]:
    """Llama's rows of q and k with the two of a rotary pair side by side."""
    heads = {"q_proj.weight": "num_attention_heads", "k_proj.weight": "num_key_value_heads"}
    count = heads.get(".".join(name.split(".")[-2:]))
    if config["model_type"] != "llama" or count is None:
        return values
    halves = values.reshape(config[count], 2, -1, values.shape[1])
    return np.ascontiguousarray(halves.swapaxes(1, 2).reshape(values.shape))
