"""The packed file of multilingual-e5-small, `e5-small-q4.bin`: read, not run.

Little-endian, one part after the other:

    header      "E5S1", version; hidden, layers, heads, intermediate, vocabulary, positions, types; epsilon; block
    pieces      their number; ids of <s>, </s>, <pad>, <unk>; bytes of all texts; where each starts; scores; texts
    characters  their number and bytes; each: code point, how many stand for it, those
    tensors     their number; each: name, kind, elements, where its data starts in the file, bytes
    data        fp32, or Q4_0: blocks of a float16 scale d and 32 numbers q of four bits, (q - 8) d; the first sixteen
                numbers are the low halves of the bytes, the others the high ones
"""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

Tensor = npt.NDArray[np.floating[Any]]

BLOCK = np.dtype([("scale", "<f2"), ("numbers", "u1", 16)])
ROWS = 1 << 14
"""Blocks dequantised at a time: they stay in the processor's cache, and the big matrix is in memory once only."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The header: a BERT's dimensions."""

    hidden: int
    layers: int
    heads: int
    intermediate: int
    vocabulary: int
    positions: int
    types: int
    epsilon: float


@dataclass(frozen=True, slots=True)
class Packed:
    shape: Shape
    pieces: list[tuple[str, float]]  # by id, with their log-probabilities
    unknown: int  # the id of <unk>
    characters: dict[str, str]  # what the tokenizer puts in the place of a character
    tensors: Mapping[str, Tensor]


class _Tensors(Mapping[str, Tensor]):
    """Flat, and dequantised only when asked for: fp32 as it lies there, a Q4_0 matrix as float16."""

    def __init__(self, content: bytes, places: dict[str, tuple[int, int, int]]) -> None:
        self._content = content
        self._places = places

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, name: str) -> Tensor:
        kind, elements, start = self._places[name]
        if kind == 0:
            return np.frombuffer(self._content, "<f4", elements, start)
        return _dequantised(np.frombuffer(self._content, BLOCK, elements // 32, start))


def unpack(content: bytes) -> Packed:
    """Takes a file that was checked: one that is cut or altered raises whatever comes of it."""
    at = _Cursor(content)
    header = at.read("<4sI7ifi")
    pieces, unknown = _pieces(at)
    characters = _characters(at)
    (number,) = at.read("<i")
    places = dict(_place(at) for _ in range(number))
    return Packed(Shape(*header[2:10]), pieces, unknown, characters, _Tensors(content, places))


class _Cursor:
    def __init__(self, content: bytes) -> None:
        self.content = content
        self.at = 0

    def read(self, layout: str) -> tuple[Any, ...]:
        values = struct.unpack_from(layout, self.content, self.at)
        self.at += struct.calcsize(layout)
        return values

    def array(self, kind: str, length: int) -> list[Any]:
        values = np.frombuffer(self.content, kind, length, self.at)
        self.at += values.nbytes
        return list(values.tolist())


def _pieces(at: _Cursor) -> tuple[list[tuple[str, float]], int]:
    number, _, _, _, unknown, length = at.read("<5iQ")
    bounds, scores = at.array("<u4", number + 1), at.array("<f4", number)
    (texts,) = at.read(f"{length}s")
    words = [texts[start:end].decode() for start, end in pairwise(bounds)]
    return list(zip(words, scores, strict=True)), unknown


def _characters(at: _Cursor) -> dict[str, str]:
    number, _ = at.read("<iI")
    found = {}
    for _ in range(number):
        point, length = at.read("<IB")
        found[chr(point)] = "".join(map(chr, at.read(f"<{length}I")))
    return found


def _place(at: _Cursor) -> tuple[str, tuple[int, int, int]]:
    (length,) = at.read("<H")
    name, kind, elements, start, _ = at.read(f"<{length}sBIQQ")
    return name.decode(), (kind, elements, start)


def _dequantised(blocks: npt.NDArray[np.void]) -> Tensor:
    weights = np.empty((len(blocks), 32), np.float16)
    for first in range(0, len(blocks), ROWS):
        some = blocks[first : first + ROWS]
        numbers = np.concatenate([some["numbers"] & 15, some["numbers"] >> 4], axis=1).astype(np.float32) - 8
        weights[first : first + ROWS] = numbers * some["scale"].astype(np.float32)[:, None]
    return weights.reshape(-1)
