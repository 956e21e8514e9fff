"""A table of characters -> the rules that tokenizers calls `Precompiled`, in the format of sentencepiece.

The bytes are the length of a trie, the trie, and the replacements, each ended by a zero byte. The trie is darts-clone's
double array of 32-bit units: a byte of the key leads from one unit to the next by exclusive or, and a key that ends
leads to a unit that holds the place of its replacement.
"""

import struct
from collections.abc import Mapping
from itertools import count
from typing import Any

import numpy as np

END = 0  # the byte that ends a key; no character but NUL has it
LEAF, VALUE = 1 << 8, 1 << 31
OFFSET = 10  # the first bit of the distance to the next units
BLOCK = 256  # a byte reaches no further than this, so a whole last block saves readers a check


def charsmap(table: Mapping[str, str]) -> bytes:
    """Rules that put each key's value in its place. A key is not empty and holds no NUL."""
    tree: dict[int, Any] = {}
    replacements = bytearray()
    for key, value in table.items():
        _insert(tree, key.encode(), len(replacements))
        replacements += value.encode() + b"\0"
    trie = _double_array(tree)
    return struct.pack("<I", len(trie)) + trie + bytes(replacements)


def _insert(tree: dict[int, Any], key: bytes, value: int) -> None:
    for byte in key:
        tree = tree.setdefault(byte, {})
    tree[END] = value


def _double_array(tree: dict[int, Any]) -> bytes:
    units, bases, free = {0: 0}, set[int](), 1
    waiting = [(0, 0, tree)]
    while waiting:
        at, label, node = waiting.pop()
        free = max(free, len(units) - BLOCK)  # what is left free further back is little, and the search long
        while free in units:
            free += 1
        base = _base(node, units, bases, free)
        bases.add(base)
        units[at] = label | (LEAF if END in node else 0) | (at ^ base) << OFFSET
        units.update((base ^ byte, 0) for byte in node)
        for byte, child in node.items():
            if byte == END:
                units[base] = VALUE | child
            else:
                waiting.append((base ^ byte, byte, child))
    array = np.zeros((max(units) // BLOCK + 1) * BLOCK, "<u4")
    array[list(units)] = list(units.values())
    return array.tobytes()


def _base(node: dict[int, Any], units: dict[int, int], bases: set[int], free: int) -> int:
    """Where all the node's bytes fall on free units. Two nodes with one base would take each other's children for theirs."""
    some: int = next(iter(node))
    return next(
        cell ^ some
        for cell in count(free)
        if cell ^ some not in bases and all(cell ^ some ^ byte not in units for byte in node)
    )
