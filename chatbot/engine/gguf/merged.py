"""A model's GGUF file with an adapter in its weights, in a number format of one's choice.

python -m chatbot.engine.gguf.merged      reads requests, one JSON object a line; see `chatbot.common.child`
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import gguf
import numpy as np

from chatbot.common import disk
from chatbot.common.child import serve
from chatbot.common.step import Progress, Step
from chatbot.engine.gguf.adapter import adapter_tensors
from chatbot.engine.gguf.files import FILE_TYPES, copied, read_header, write_out

KINDS = {
    "Q8_0": gguf.GGMLQuantizationType.Q8_0,
    "Q4_0": gguf.GGMLQuantizationType.Q4_0,
    "F16": gguf.GGMLQuantizationType.F16,
}
"""What the `gguf` package can write; the K formats it only reads."""
ENDS = ("token_embd.weight", "output.weight")  # eight bits at least: every token passes through them

Array = np.ndarray[Any, Any]


def merge(
    adapter: Path, source: Path, target: Path, kind: gguf.GGMLQuantizationType, told: Callable[[float], None]
) -> Path:
    """Write the GGUF file `source` with the PEFT folder `adapter` in its weights to `target`, matrices as `kind`. Whole or absent.

    Raises `AdapterError` where they do not fit, `ModelDamaged`, `StoreFull` or `StoreError`.
    """
    halves = adapter_tensors(adapter, read_header(source))
    reader = gguf.GGUFReader(source)
    try:
        with disk.aside(target) as made:
            writer = copied(reader, made)
            writer.add_file_type(FILE_TYPES[kind])
            for done, tensor in enumerate(reader.tensors, 1):
                writer.add_tensor(tensor.name, *_merged(tensor, halves, kind))
                told(done / len(reader.tensors))
            write_out(writer)
    except OSError as error:
        raise disk.told(error, target.parent) from error
    return target


def _merged(
    tensor: Any, halves: Mapping[str, Array], kind: gguf.GGMLQuantizationType
) -> tuple[Array, None, gguf.GGMLQuantizationType]:
    """Its data as they are written: (data, no shape of their own, number format)."""
    stored = tensor.tensor_type
    if len(tensor.shape) < 2:
        return tensor.data, None, stored
    weights = gguf.quants.dequantize(tensor.data, stored)
    if (a := halves.get(f"{tensor.name}.lora_a")) is not None:
        weights = (
            weights + halves[f"{tensor.name}.lora_b"] @ a / a.shape[0]
        )  # llama.cpp divides by the rank, and so it is stored
    wanted = _kind(tensor.name, weights.shape[-1], kind)
    return gguf.quants.quantize(weights.astype(np.float32), wanted), None, wanted


def _kind(name: str, columns: int, wanted: gguf.GGMLQuantizationType) -> gguf.GGMLQuantizationType:
    if wanted == gguf.GGMLQuantizationType.Q4_0 and name in ENDS:
        wanted = gguf.GGMLQuantizationType.Q8_0
    return wanted if columns % gguf.GGML_QUANT_SIZES[wanted][0] == 0 else gguf.GGMLQuantizationType.F16


def _handle(request: dict[str, Any], progress: Progress) -> str:
    def told(fraction: float) -> None:
        progress(Step("merging"), fraction)

    adapter, source, target = (Path(request[name]) for name in ("adapter", "source", "target"))
    return str(merge(adapter, source, target, KINDS[request["kind"]], told))


if __name__ == "__main__":
    serve(_handle)
