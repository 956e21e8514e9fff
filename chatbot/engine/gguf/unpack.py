"""A GGUF file's tensors -> one safetensors file that transformers loads, a few rows at a time.

Matrices become float16: a dequantised Q4 or Q8 weight is a float16 scale times a small integer, so float16's eleven bits
round it four to eight times finer than bfloat16's eight, at half the disk of float32. Vectors, such as Qwen2's biases of q
and k, of which some are in the hundreds, stay float32 where float16 does not hold them exactly.

The format: https://github.com/huggingface/safetensors#format
"""

import json
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import gguf
import numpy as np

from chatbot.common.errors import ModelDamaged
from chatbot.engine.gguf import architectures
from chatbot.engine.gguf.files import Header

AT_ONCE = 1 << 22  # numbers dequantised at once: what numpy holds of them meanwhile stays below 100 MB


@dataclass(frozen=True, slots=True)
class _Part:
    """One tensor on its way: its name in the new file, and how many heads' rows lie in pairs."""

    name: str
    tensor: Any  # gguf's ReaderTensor
    paired: int

    @property
    def shape(self) -> list[int]:
        """Rows first, as in torch."""
        return [int(size) for size in reversed(self.tensor.shape)]

    @property
    def exact(self) -> bool:
        """Whether the numbers are written as float32."""
        return len(self.shape) == 1 and not np.array_equal(self._all().astype(np.float16), self._all())

    @property
    def bytes(self) -> int:
        return int(np.prod(self.shape)) * (4 if self.exact else 2)

    def blocks(self) -> Iterator[np.ndarray[Any, Any]]:
        """The numbers in order, float32."""
        data = self.tensor.data
        if len(self.shape) == 1:
            yield self._all()
            return
        if self.paired:
            data = data.reshape(self.paired, -1, 2, data.shape[1]).swapaxes(1, 2).reshape(data.shape)
        step = max(1, AT_ONCE // self.shape[1])
        for first in range(0, len(data), step):
            yield gguf.quants.dequantize(data[first : first + step], self.tensor.tensor_type)

    def _all(self) -> np.ndarray[Any, Any]:
        return gguf.quants.dequantize(self.tensor.data, self.tensor.tensor_type)  # type: ignore[no-any-return]


def unpack(reader: gguf.GGUFReader, header: Header, target: Path, progress: Callable[[float], None]) -> None:
    """Write `target`. Raises `ModelError`, also for weights that are not finite or beyond float16."""
    names = architectures.names(header)
    found = {tensor.name: tensor for tensor in reader.tensors}
    parts = [_Part(new, found[old], architectures.paired_heads(header, old)) for old, new in names.items()]
    parts.sort(key=lambda part: (not part.exact, part.name))  # the order of the safetensors library: wide types first
    with target.open("wb") as file:
        file.write(_head(parts))
        for done, part in enumerate(parts, 1):
            _write(part, file)
            progress(done / len(parts))


def rope_factors(reader: gguf.GGUFReader) -> list[float] | None:
    return next(
        ([float(factor) for factor in t.data] for t in reader.tensors if t.name == architectures.ROPE_FACTORS), None
    )


def _head(parts: list[_Part]) -> bytes:
    head: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    end = 0
    for part in parts:
        start, end = end, end + part.bytes
        head[part.name] = {
            "dtype": "F32" if part.exact else "F16",
            "shape": part.shape,
            "data_offsets": [start, end],
        }
    text = json.dumps(head, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text


def _write(part: _Part, file: BinaryIO) -> None:
    for block in part.blocks():
        with np.errstate(over="ignore"):
            numbers = block if part.exact else block.astype(np.float16)
        if not np.isfinite(numbers).all():
            raise ModelDamaged(
                f"{part.name} holds numbers that are not finite, or too large for float16.",
                kind="gguf_range",
                name=part.name,
            )
        file.write(np.ascontiguousarray(numbers).tobytes())
