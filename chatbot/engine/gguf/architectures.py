"""The architectures whose GGUF files can be said in transformers' words: names of tensors, order of rows, config.json.

A file is taken whole or not at all: a tensor or a setting without a place here would be lost, and with it what is served.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from chatbot.common.errors import ModelError
from chatbot.engine.gguf.adapter import MODULES
from chatbot.engine.gguf.files import Header


@dataclass(frozen=True, slots=True)
class Architecture:
    """`model_type` and `model_class` as transformers calls them; `extra`: what a layer has beyond Llama's; `paired`: rotary
    pairs lie side by side in q and k, where transformers has them half a head apart."""

    model_type: str
    model_class: str
    extra: tuple[tuple[str, str], ...] = ()  # llama.cpp's name, transformers'
    paired: bool = False


ARCHITECTURES = {
    "llama": Architecture("llama", "LlamaForCausalLM", paired=True),
    "qwen2": Architecture(
        "qwen2", "Qwen2ForCausalLM", tuple((f"attn_{at}.bias", f"self_attn.{at}_proj.bias") for at in "qkv")
    ),
    "qwen3": Architecture(
        "qwen3", "Qwen3ForCausalLM", tuple((f"attn_{at}_norm.weight", f"self_attn.{at}_norm.weight") for at in "qk")
    ),
}
LAYOUTS = ("gpt-2", "llama-bpe", "qwen2", "smollm")
"""Ways to cut text before byte-level BPE (`tokenizer.ggml.pre`) that `local.weights.tokenizer` knows."""

ROPE_FACTORS = "rope_freqs.weight"  # Llama 3.1's, computed anew by transformers from four numbers
_ENDS = {
    "token_embd.weight": "model.embed_tokens.weight",
    "output_norm.weight": "model.norm.weight",
    "output.weight": "lm_head.weight",
}
_LAYER = {
    "attn_norm.weight": "input_layernorm.weight",
    "ffn_norm.weight": "post_attention_layernorm.weight",
    **{f"{ours}.weight": f"{theirs}.weight" for theirs, ours in MODULES.items()},
}
_UNSAID = ("expert_count", "attention.sliding_window", "attention.scale", "attention.clamp_kqv", "logit_scale")


def refusal(header: Header) -> str:
    """Why the file cannot be converted, for people; empty when it can."""
    name = str(header.fields.get("general.architecture"))
    if name not in ARCHITECTURES:
        return f"its architecture is {name}, and those that can be converted are {', '.join(ARCHITECTURES)}"
    kind, layout = (header.fields.get(f"tokenizer.ggml.{key}") for key in ("model", "pre"))
    if kind != "gpt2" or layout not in LAYOUTS:
        return f"its tokenizer is of the kind {kind}/{layout}, and those known are gpt2/{', gpt2/'.join(LAYOUTS)}"
    odd = [key for key in _UNSAID if header[key]] + _odd_rope(header)
    strange = sorted(header.tensors.keys() - _places(header).keys() - {ROPE_FACTORS})
    if odd or strange:
        return f"it has {', '.join([*odd, *strange][:3])}, which other {name} models do not have"
    return ""


def names(header: Header) -> dict[str, str]:
    """Every tensor of the file that transformers wants, with transformers' name for it. Raises `ModelError` when the file
    cannot be converted or lacks some."""
    if reason := refusal(header):
        raise ModelError(f"The model cannot be converted: {reason}.", kind="gguf_unknown", reason=reason)
    places = _places(header)
    lost = sorted(places.keys() - header.tensors.keys() - {"output.weight"})  # the embeddings are used for it then
    if lost:
        raise ModelError(
            f"The model is incomplete: {len(lost)} tensors are missing, {lost[0]} among them.",
            kind="gguf_incomplete",
            count=len(lost),
            name=lost[0],
        )
    return {name: places[name] for name in header.tensors if name in places}


def paired_heads(header: Header, tensor: str) -> int:
    """How many heads' rows lie in pairs in that tensor; 0 where the rows are in transformers' order."""
    if not ARCHITECTURES[header.fields["general.architecture"]].paired:
        return 0
    heads = int(header["attention.head_count"])
    of = {"attn_q.weight": heads, "attn_k.weight": int(header["attention.head_count_kv"] or heads)}
    return of.get(tensor.partition(".")[2].partition(".")[2], 0)


def config_of(header: Header, rope_factors: Iterable[float] | None) -> dict[str, Any]:
    """config.json, without the special tokens. Raises `ModelError` for rotary factors that are not Llama 3.1's."""
    known = ARCHITECTURES[header.fields["general.architecture"]]
    width, rows = header.tensors["token_embd.weight"]
    heads = int(header["attention.head_count"])
    return {
        "architectures": [known.model_class],
        "model_type": known.model_type,
        "dtype": "float16",
        "vocab_size": rows,  # may be padded beyond the tokens
        "hidden_size": width,
        "intermediate_size": int(header["feed_forward_length"]),
        "num_hidden_layers": int(header["block_count"]),
        "num_attention_heads": heads,
        "num_key_value_heads": int(header["attention.head_count_kv"] or heads),
        "head_dim": _head_dim(header),
        "hidden_act": "silu",
        "max_position_embeddings": int(header["context_length"]),
        "rms_norm_eps": _short(header["attention.layer_norm_rms_epsilon"]),
        "rope_parameters": _rope(header, rope_factors),
        "tie_word_embeddings": "output.weight" not in header.tensors,
    }


def _places(header: Header) -> dict[str, str]:
    """Every name that a tensor of such a model may have -> transformers' name."""
    layer = {**_LAYER, **dict(ARCHITECTURES[header.fields["general.architecture"]].extra)}
    count = int(header["block_count"] or 0)
    return _ENDS | {
        f"blk.{at}.{ours}": f"model.layers.{at}.{theirs}" for at in range(count) for ours, theirs in layer.items()
    }


def _head_dim(header: Header) -> int:
    width: int = header.tensors["token_embd.weight"][0]
    return int(header["attention.key_length"] or width // int(header["attention.head_count"]))


def _odd_rope(header: Header) -> list[str]:
    scaled = header["rope.scaling.type"] not in (None, "none") or header["rope.scale_linear"] not in (None, 1.0)
    partial = int(header["rope.dimension_count"] or _head_dim(header)) != _head_dim(header)
    return ["scaled rotary positions"] * scaled + ["rotary positions for a part of each head"] * partial


def _rope(header: Header, factors: Iterable[float] | None) -> dict[str, Any]:
    theta = _short(header["rope.freq_base"] or 10_000.0)
    if factors is None:
        return {"rope_type": "default", "rope_theta": theta}
    found = list(factors)
    rope = {"factor": _short(max(found)), "low_freq_factor": 1.0, "high_freq_factor": 4.0}
    rope["original_max_position_embeddings"] = 8192
    expected = [_llama3(theta ** (-2 * at / _head_dim(header)), rope) for at in range(_head_dim(header) // 2)]
    if len(found) != len(expected) or any(abs(a / b - 1) > 1e-3 for a, b in zip(found, expected, strict=True)):
        raise ModelError(
            "The model cannot be converted: its rotary factors are not those of Llama 3.1.", kind="gguf_rope"
        )
    return {"rope_type": "llama3", "rope_theta": theta} | rope


def _llama3(frequency: float, rope: dict[str, float]) -> float:
    """What a frequency is divided by: https://github.com/meta-llama/llama-models, `apply_scaling` of Llama 3.1."""
    turns = rope["original_max_position_embeddings"] * frequency / (2 * math.pi)
    if turns > rope["high_freq_factor"]:
        return 1.0
    if turns < rope["low_freq_factor"]:
        return rope["factor"]
    smooth = (turns - rope["low_freq_factor"]) / (rope["high_freq_factor"] - rope["low_freq_factor"])
    return 1 / ((1 - smooth) / rope["factor"] + smooth)


def _short(value: float) -> float:
    """The number that was meant: 1e-06 for the float32 9.999999974752427e-07."""
    return float(f"{value:.7g}")
