"""The tensors of a BERT's safetensors file by their plain names, whatever the file puts before them."""

import json
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from safetensors import safe_open

from retrieval.search.encoders.base import States

_KINDS = {"F32": "<f4", "F16": "<f2"}
WORDS = "embeddings.word_embeddings.weight"
_PLAIN = "embeddings.LayerNorm.weight"


class Weights:
    """Raises `SafetensorError` for a file that is damaged and for a tensor that is not there."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = cast(Any, safe_open(path, framework="numpy"))
        self._before = next((name for name in self._file.keys() if name.endswith(_PLAIN)), "").removesuffix(_PLAIN)  # noqa: SIM118

    @property
    def readable(self) -> bool:
        """Whether numpy has numbers of their kind, which is not so of bfloat16."""
        return str(self._file.get_slice(self._before + WORDS).get_dtype()) in _KINDS

    def __getitem__(self, name: str) -> States:
        tensor: States = self._file.get_tensor(self._before + name).astype(np.float32)
        return tensor

    def mapped(self, name: str) -> npt.NDArray[np.floating]:
        """The tensor where it lies in the file, of which memory holds what is looked at: of a large vocabulary a few rows."""
        with self._path.open(
            "rb"
        ) as file:  # https://github.com/huggingface/safetensors: eight bytes of length, then JSON
            length = int.from_bytes(file.read(8), "little")
            place = json.loads(file.read(length))[self._before + name]
        start = 8 + length + place["data_offsets"][0]
        return np.memmap(self._path, _KINDS[place["dtype"]], "r", start, tuple(place["shape"]))
