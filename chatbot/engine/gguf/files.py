"""GGUF files: read the header, write the weights in another format.

The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

import math
import mmap
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gguf

from chatbot.common import disk
from chatbot.common.errors import ModelDamaged, ModelNotFound

SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
STRING, ARRAY = 8, 9
TEXTS = ("tokenizer.ggml.tokens", "general.languages")  # the arrays of texts that are kept


@dataclass(frozen=True, slots=True)
class Header:
    """`fields` without their arrays, except the tokenizer's `tokens` and `token_type` and the `languages`; `tensors` as name -> shape,
    fastest axis first. `quantised`: every matrix is, so llama.cpp multiplies whole numbers."""

    fields: dict[str, Any]
    tensors: dict[str, tuple[int, ...]]
    quantised: bool = False

    def __getitem__(self, key: str) -> Any:
        """A key of the architecture, such as `context_length`; None when the file has none."""
        return self.fields.get(f"{self.fields.get('general.architecture')}.{key}")


def read_header(path: Path) -> Header:
    """Raises `ModelNotFound`; `ModelDamaged` when the file is not GGUF, is cut short or has bytes no header may have."""
    if not path.is_file():
        raise ModelNotFound(f"There is no model file {path}. Check the path.", kind="no_gguf", path=str(path))
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return _Cursor(data).header()
    except (struct.error, ValueError, IndexError, UnicodeDecodeError, KeyError, OverflowError) as error:
        raise ModelDamaged(
            f"{path.name} is damaged or not a GGUF file ({error}). Fetch it again.", kind="gguf_damaged", name=path.name
        ) from error


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
        end = start + max((end for _, _, _, end in infos), default=0)
        if not infos or end > len(self.data):
            raise ValueError(f"{len(self.data):,} bytes where {end:,} are needed")
        quantised = all(gguf.GGML_QUANT_SIZES[kind][0] > 1 for _, shape, kind, _ in infos if len(shape) > 1)
        shapes = {name: shape for name, shape, _, _ in infos}
        return Header({k: v for k, v in found.items() if v is not None}, shapes, quantised)

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
        return key, texts if key in TEXTS else None

    def tensor(self) -> tuple[str, tuple[int, ...], gguf.GGMLQuantizationType, int]:
        """Name, shape, type, and where it ends."""
        name, dims = self.text(), self.take("I")
        shape = tuple(self.take("Q") for _ in range(dims))
        kind, offset = gguf.GGMLQuantizationType(self.take("I")), self.take("Q")
        block, size = gguf.GGML_QUANT_SIZES[kind]
        return name, shape, kind, offset + math.prod(shape) // block * size


def requantize(source: Path, target: Path, kind: gguf.GGMLQuantizationType, progress: Callable[[float], None]) -> None:
    """Write `source` with its matrices as `kind`; vectors and all metadata stay. Atomic: `target` is whole or absent."""
    reader = gguf.GGUFReader(source)
    with disk.aside(target) as made:
        writer = copied(reader, made)
        writer.add_file_type(FILE_TYPES[kind])
        for done, tensor in enumerate(reader.tensors, 1):
            data, stored = tensor.data, tensor.tensor_type
            if len(tensor.shape) > 1 and stored != kind:
                data, stored = gguf.quants.quantize(gguf.quants.dequantize(data, stored), kind), kind
            writer.add_tensor(tensor.name, data, raw_dtype=stored)
            progress(done / len(reader.tensors))
        write_out(writer)


def write_out(writer: gguf.GGUFWriter) -> None:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


FILE_TYPES = {
    gguf.GGMLQuantizationType.F16: gguf.LlamaFileType.MOSTLY_F16,
    gguf.GGMLQuantizationType.Q8_0: gguf.LlamaFileType.MOSTLY_Q8_0,
    gguf.GGMLQuantizationType.Q4_0: gguf.LlamaFileType.MOSTLY_Q4_0,
}


def copied(reader: gguf.GGUFReader, path: Path) -> gguf.GGUFWriter:
    """A writer to `path` that has all metadata but the file type."""
    writer = gguf.GGUFWriter(path, arch=str(reader.fields["general.architecture"].contents()))
    for key, field in reader.fields.items():
        if key.startswith("GGUF.") or key in ("general.architecture", "general.file_type"):
            continue  # the writer sets these itself
        items = field.types[-1] if field.types[0] == gguf.GGUFValueType.ARRAY else None
        writer.add_key_value(key, field.contents(), field.types[0], sub_type=items)
    return writer
