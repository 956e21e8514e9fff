"""GGUF files: read the header, write the weights in another format, turn a PEFT LoRA folder into a GGUF adapter.

The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

import hashlib
import json
import math
import mmap
import os
import secrets
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gguf
import numpy as np

from chatbot.engine.adapter_fit import check_complete, scale
from chatbot.errors import AdapterError, ModelDamaged, ModelNotFound

SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
STRING, ARRAY = 8, 9


@dataclass(frozen=True, slots=True)
class Header:
    """`fields` without their arrays, except the `tokens` and `token_type` of the tokenizer; `tensors` as name -> shape,
    fastest axis first."""

    fields: dict[str, Any]
    tensors: dict[str, tuple[int, ...]]

    def __getitem__(self, key: str) -> Any:
        """A key of the architecture, such as `context_length`; None when the file has none."""
        return self.fields.get(f"{self.fields.get('general.architecture')}.{key}")


def read_header(path: Path) -> Header:
    """Raises `ModelNotFound`; `ModelDamaged` when the file is not GGUF, is cut short or has bytes no header may have."""
    if not path.is_file():
        raise ModelNotFound(f"There is no model file {path}. Check the path.")
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return _Cursor(data).header()
    except (struct.error, ValueError, IndexError, UnicodeDecodeError, KeyError, OverflowError) as error:
        raise ModelDamaged(f"{path.name} is damaged or not a GGUF file ({error}). Fetch it again.") from error


class _Cursor:
    """Walks through a header; `gguf.GGUFReader` takes seconds for a vocabulary that we only need to step over."""

    def __init__(self, data: mmap.mmap) -> None:
        self.data, self.at = data, 0

    def header(self) -> Header:
        if self.data[:4] != b"GGUF":
            raise ValueError("it does not start with GGUF")
        self.at = 4
        _version, tensors, fields = self.take("I"), self.take("Q"), self.take("Q")
        found = dict(self.field() for _ in range(fields))
        infos = [self.tensor() for _ in range(tensors)]
        start = -(-self.at // found.get("general.alignment", 32)) * found.get("general.alignment", 32)
        end = start + max((end for _, _, end in infos), default=0)
        if not infos or end > len(self.data):
            raise ValueError(f"{len(self.data):,} bytes where {end:,} are needed")
        return Header({k: v for k, v in found.items() if v is not None}, {name: shape for name, shape, _ in infos})

    def take(self, kind: str) -> Any:
        (value,) = struct.unpack_from("<" + kind, self.data, self.at)
        self.at += struct.calcsize("<" + kind)
        return value

    def text(self) -> str:
        size = self.take("Q")
        if self.at + size > len(self.data):
            raise ValueError("a text runs past its end")
        self.at += size
        return self.data[self.at - size : self.at].decode("utf-8", "replace")

    def field(self) -> tuple[str, Any]:
        key, kind = self.text(), self.take("I")
        if kind == STRING:
            return key, self.text()
        if kind != ARRAY:
            return key, self.take(SCALARS[kind])
        kind, count = self.take("I"), self.take("Q")
        if kind != STRING:
            start, size = self.at, struct.calcsize("<" + SCALARS[kind])
            self.at += size * count
            wanted = key == "tokenizer.ggml.token_type"
            return key, list(struct.unpack_from(f"<{count}{SCALARS[kind]}", self.data, start)) if wanted else None
        texts = [self.text() for _ in range(count)]
        return key, texts if key == "tokenizer.ggml.tokens" else None

    def tensor(self) -> tuple[str, tuple[int, ...], int]:
        name, dims = self.text(), self.take("I")
        shape = tuple(self.take("Q") for _ in range(dims))
        kind, offset = gguf.GGMLQuantizationType(self.take("I")), self.take("Q")
        block, size = gguf.GGML_QUANT_SIZES[kind]
        return name, shape, offset + math.prod(shape) // block * size


def requantize(source: Path, target: Path, kind: gguf.GGMLQuantizationType, progress: Callable[[float], None]) -> None:
    """Write `source` with its matrices as `kind`; vectors and all metadata stay. Atomic: `target` is whole or absent."""
    reader = gguf.GGUFReader(source)
    aside = target.with_name(f"{target.name}.{os.getpid()}.part")
    writer = gguf.GGUFWriter(aside, arch=str(reader.fields["general.architecture"].contents()))
    try:
        _copy_metadata(reader, writer)
        writer.add_file_type(FILE_TYPES[kind])
        for done, tensor in enumerate(reader.tensors, 1):
            data, stored = tensor.data, tensor.tensor_type
            if len(tensor.shape) > 1 and stored != kind:
                data, stored = gguf.quants.quantize(gguf.quants.dequantize(data, stored), kind), kind
            writer.add_tensor(tensor.name, data, raw_dtype=stored)
            progress(done / len(reader.tensors))
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        aside.replace(target)
    finally:
        aside.unlink(missing_ok=True)


FILE_TYPES = {
    gguf.GGMLQuantizationType.F16: gguf.LlamaFileType.MOSTLY_F16,
    gguf.GGMLQuantizationType.Q8_0: gguf.LlamaFileType.MOSTLY_Q8_0,
    gguf.GGMLQuantizationType.Q4_0: gguf.LlamaFileType.MOSTLY_Q4_0,
}


def _copy_metadata(reader: gguf.GGUFReader, writer: gguf.GGUFWriter) -> None:
    for key, field in reader.fields.items():
        if key.startswith("GGUF.") or key in ("general.architecture", "general.file_type"):
            continue  # the writer sets these itself
        items = field.types[-1] if field.types[0] == gguf.GGUFValueType.ARRAY else None
        writer.add_key_value(key, field.contents(), field.types[0], sub_type=items)


# --- LoRA ---------------------------------------------------------------------------------------------------------

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


def convert_adapter(folder: Path, base: Header, cache: Path) -> Path:
    """The GGUF twin of a PEFT LoRA folder, kept in `cache` under the hash of its content.

    Raises `AdapterError` when the folder is not a plain LoRA for a model of this shape.
    """
    try:
        config_bytes = (folder / "adapter_config.json").read_bytes()
        weight_bytes = (folder / "adapter_model.safetensors").read_bytes()
        config = json.loads(config_bytes)
        _refuse_unsupported(config)
        shape = json.dumps([base.fields["general.architecture"], _heads(base), sorted(base.tensors.items())])
        digest = hashlib.sha256(b"v2" + shape.encode() + config_bytes + weight_bytes).hexdigest()[:32]
        target = cache / f"{digest}.gguf"
        if not target.is_file():
            tensors = _gguf_tensors(folder.name, _safetensors(weight_bytes), config, base)
            cache.mkdir(parents=True, exist_ok=True)
            _write_adapter(target, tensors, str(base.fields["general.architecture"]))
        return target
    except (OSError, ValueError, KeyError, struct.error) as error:
        raise AdapterError(f"The adapter in {folder.name} cannot be read: {error}.") from error


def _refuse_unsupported(config: dict[str, Any]) -> None:
    if config.get("peft_type") != "LORA":
        raise AdapterError(f"Only LoRA adapters can be used, not {config.get('peft_type')}.")
    for option in ("use_dora", "modules_to_save", "lora_bias", "fan_in_fan_out", "trainable_token_indices"):
        if config.get(option):
            raise AdapterError(f"This adapter was trained with {option}, which cannot be used here. Train it without.")
    if config.get("bias", "none") != "none":
        raise AdapterError("This adapter was trained with biases, which cannot be used here. Train it with bias=none.")


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
                raise AdapterError(f"This adapter does not fit the model: {target} is {rows} x {columns} there.")
            found[f"{target}.weight.lora_a"] = a
            factor = scale(label, config, stem.removeprefix(PEFT), a.shape[0])  # llama.cpp divides by the rank again
            found[f"{target}.weight.lora_b"] = _permute(b, target, base) * factor * a.shape[0]
    if not found or len(found) != len(tensors):
        raise AdapterError("This adapter has weights other than LoRA matrices, or none. Only plain LoRA can be used.")
    return found


def _target(stem: str) -> str:
    layer, _, module = stem.removeprefix(f"{PEFT}model.layers.").partition(".")
    if not layer.isdigit() or module not in MODULES:
        raise AdapterError(f"This adapter changes {stem}, which cannot be used here. Train attention and MLP layers.")
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


def _write_adapter(target: Path, tensors: dict[str, Any], arch: str) -> None:
    own = secrets.token_hex(8)  # several requests may be the first to want the adapter
    aside = target.with_name(f"{target.name}.{own}.part")
    writer = gguf.GGUFWriter(aside, arch=arch)
    writer.add_type(gguf.GGUFType.ADAPTER)
    writer.add_string(gguf.Keys.Adapter.TYPE, "lora")
    writer.add_float32(gguf.Keys.Adapter.LORA_ALPHA, 1.0)  # the matrices hold their own
    for name, data in tensors.items():
        writer.add_tensor(name, np.ascontiguousarray(data, dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    aside.replace(target)
