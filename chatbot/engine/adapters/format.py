"""The format of an adapter: PEFT's two files, read as if they meant harm. One check for every engine.

Safetensors and JSON are read, a pickle never is, and every setting that would make peft import a module, change the base
weights or do other arithmetic than plain LoRA is refused.
"""

import hashlib
import math
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import safetensors

from chatbot.common import summed
from chatbot.common.errors import AdapterError

CONFIG = "adapter_config.json"
WEIGHTS = "adapter_model.safetensors"
PICKLES = {f"adapter_model{ending}" for ending in (".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt")}
MAX_RANK = 256
MAX_WEIGHTS = 2 * 2**30  # bytes
MAX_JSON = 2**20  # bytes

KEY = re.compile(r"base_model\.model\.(?P<module>[\w.]+)\.lora_(?P<half>[AB])\.weight")

UNSUPPORTED = (
    "use_dora", "use_qalora", "modules_to_save", "layer_replication", "megatron_config", "lora_bias",
    "trainable_token_indices", "target_parameters", "alora_invocation_tokens", "corda_config", "arrow_config",
)  # fmt: skip
"""Settings under which the weights are not plain LoRA, or under which peft imports what the file names."""

PLAIN_INITS = (None, True, False, "gaussian", "eva", "orthogonal")
"""The others (pissa, olora, loftq ...) subtract from the base weights while loading, for every adapter at once."""


def read_config(folder: Path, sha256: str = "") -> dict[str, Any]:
    """The adapter's settings, known to be those of a plain LoRA with bounded, finite numbers. Raises `AdapterError`, also where
    the file's SHA-256 is told and is another."""
    config = read_json(folder, CONFIG, sha256)
    if config.get("peft_type") != "LORA":
        raise AdapterError(
            f"Only LoRA adapters can be used; this one says {config.get('peft_type')!r}.",
            kind="adapter_no_lora",
            type=str(config.get("peft_type"))[:80],
        )
    for option in UNSUPPORTED:
        if config.get(option):
            raise AdapterError(
                f"The adapter uses {option}; only plain LoRA can be used. Please train it without.",
                kind="adapter_option",
                option=option,
            )
    if config.get("bias", "none") != "none":
        raise AdapterError(
            "The adapter changes biases; only plain LoRA can be used. Please train it with bias='none'.",
            kind="adapter_bias",
        )
    if config.get("init_lora_weights") not in PLAIN_INITS:
        raise AdapterError(
            f"The adapter was started with {config['init_lora_weights']!r}, which changes the base model. "
            "Please convert it to plain LoRA with peft first.",
            kind="adapter_init",
            init=str(config["init_lora_weights"]),
        )
    _check_rank("r", config.get("r", 8))
    _check_number("lora_alpha", config.get("lora_alpha", 8))
    for pattern, value in _table(config, "rank_pattern"):
        _check_rank(f"rank_pattern[{pattern!r}]", value)
    for pattern, value in _table(config, "alpha_pattern"):
        _check_number(f"alpha_pattern[{pattern!r}]", value)
    return config


def refuse_pickles(names: Iterable[str]) -> None:
    """Raises `AdapterError` where weights as a pickle are among an adapter's files, even beside others."""
    if not PICKLES.isdisjoint(names):
        raise AdapterError(
            "The adapter's weights are a pickle, which can run code when it is opened. "
            "Please save them again as safetensors.",
            kind="adapter_pickle",
        )


def module_of(key: str) -> tuple[str, str]:
    """`base_model.model.<module>.lora_A.weight` -> (module, "A"). Raises `AdapterError` for any other key."""
    match = KEY.fullmatch(key)
    if not match:
        raise AdapterError(
            f"The adapter holds {key[:120]!r}, which is not a LoRA matrix.", kind="adapter_key", key=key[:120]
        )
    return match["module"], match["half"]


def _inside(folder: Path, name: str) -> Path:
    """The file, provided that no link leads out of the folder."""
    path = folder / name
    if folder.is_symlink() or not path.resolve().is_relative_to(folder.resolve()):
        raise AdapterError(
            f"The adapter's {name} is a link to another place. Please copy the file itself.",
            kind="adapter_link",
            name=name,
        )
    if not path.is_file():
        raise AdapterError(f"The adapter has no {name}.", kind="adapter_file_missing", name=name)
    return path


def read_json(folder: Path, name: str, sha256: str = "") -> dict[str, Any]:
    """The JSON object in one of the adapter's files. Raises `AdapterError`."""
    path = _inside(folder, name)
    try:
        if path.stat().st_size > MAX_JSON:
            raise ValueError("it is too large")
        content = path.read_bytes()
        _compare(content, sha256)
        value = summed.record(content)
    except (OSError, ValueError, RecursionError) as error:
        raise AdapterError(
            f"The adapter's {name} cannot be read: {error}.",
            kind="adapter_file_unreadable",
            name=name,
            reason=str(error),
        ) from error
    if not isinstance(value, dict):
        raise AdapterError(f"The adapter's {name} must hold a JSON object.", kind="adapter_no_object", name=name)
    return value


def _table(config: Mapping[str, Any], name: str) -> list[tuple[str, Any]]:
    table = config.get(name) or {}
    if not isinstance(table, dict):
        raise AdapterError(f"The adapter's {name} must be a JSON object.", kind="adapter_no_object", name=name)
    return list(table.items())


def _check_number(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise AdapterError(
            f"The adapter's {name} must be a finite number, not {value!r}.",
            kind="adapter_number",
            name=name,
            value=str(value),
        )


def _check_rank(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MAX_RANK:
        raise AdapterError(
            f"The adapter's {name} must be a whole number from 1 to {MAX_RANK}, not {value!r}.",
            kind="adapter_rank",
            name=name,
            limit=MAX_RANK,
            value=str(value),
        )


def check_weights(folder: Path, sha256: str = "") -> tuple[tuple[str, ...], int]:
    """The sorted short names of the changed layers, and the largest rank. Raises `AdapterError`, also where the file's SHA-256
    is told and is another."""
    weights = _inside(folder, WEIGHTS)
    state = weights.stat()
    if state.st_size > MAX_WEIGHTS:
        raise AdapterError(
            f"The adapter's weights take {state.st_size / 2**30:.1f} GiB; at most 2 are taken.",
            kind="adapter_weights_large",
            size=f"{state.st_size / 2**30:.1f}",
        )
    return _read_weights(weights, state.st_mtime_ns, state.st_size, sha256)


def _compare(content: bytes, sha256: str) -> None:
    if sha256 and hashlib.sha256(content).hexdigest() != sha256:
        raise ValueError("its SHA-256 is not the one on its card")


@lru_cache(maxsize=256)  # a refresh need not read again what did not change
def _read_weights(path: Path, stamp: int, size: int, sha256: str) -> tuple[tuple[str, ...], int]:
    """`stamp` and `size` are the cache's key."""
    try:
        content = path.read_bytes()
        _compare(content, sha256)
        tensors = safetensors.deserialize(content)  # type: ignore[no-untyped-call]
    except (OSError, ValueError, safetensors.SafetensorError, MemoryError) as error:
        raise AdapterError(
            f"The adapter's {WEIGHTS} is damaged or not safetensors: {error}.",
            kind="adapter_damaged",
            name=WEIGHTS,
            reason=str(error),
        ) from error
    shapes: dict[str, dict[str, list[int]]] = {}
    for key, tensor in tensors:
        module, half = module_of(key)
        shapes.setdefault(module, {})[half] = tensor["shape"]
        if not _finite(tensor["dtype"], tensor["data"]):
            raise AdapterError(
                f"The adapter's weights are damaged: {key} holds NaN or infinity.", kind="adapter_not_finite", key=key
            )
    if not shapes:
        raise AdapterError("The adapter holds no LoRA matrices.", kind="adapter_empty")
    ranks = [_rank_of(module, halves) for module, halves in shapes.items()]
    return tuple(sorted({module.rpartition(".")[2] for module in shapes})), max(ranks)


def _rank_of(module: str, halves: Mapping[str, list[int]]) -> int:
    """A is (rank, in), B is (out, rank)."""
    if set(halves) != {"A", "B"}:
        raise AdapterError(
            f"The adapter lacks lora_{'B' if 'A' in halves else 'A'} of {module}.",
            kind="adapter_half",
            matrix=f"lora_{'B' if 'A' in halves else 'A'}",
            module=module,
        )
    a, b = halves["A"], halves["B"]
    if len(a) != 2 or len(b) != 2 or a[0] != b[1]:
        raise AdapterError(
            f"The adapter's matrices for {module} do not fit each other: {a} and {b}.",
            kind="adapter_shapes",
            module=module,
            a=str(a),
            b=str(b),
        )
    _check_rank(f"rank of {module}", a[0])
    return a[0]


def _finite(dtype: str, data: bytes) -> bool:
    if dtype in ("BF16", "bfloat16"):  # unknown to numpy: an exponent of all ones is infinity or NaN
        return not bool(np.any((np.frombuffer(data, "<u2") & 0x7F80) == 0x7F80))
    kinds = {"F16": "<f2", "F32": "<f4", "F64": "<f8", "float16": "<f2", "float32": "<f4", "float64": "<f8"}
    if dtype not in kinds:
        raise AdapterError(
            f"The adapter's weights are stored as {dtype}; float32, float16 and bfloat16 can be used.",
            kind="adapter_dtype",
            dtype=dtype,
        )
    return bool(np.all(np.isfinite(np.frombuffer(data, kinds[dtype]))))
