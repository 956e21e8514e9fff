"""Held-out rows whose text stands in the training rows too."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from finetune.data.examples import Example, Fault
from finetune.data.split import Sides, group_of, normalised

WINDOW = 13  # words, or characters of a script without spaces: the length GPT-3's authors took for overlaps
ENOUGH = 8  # windows that a text must have to be compared
SHARE = 0.3  # of its windows in one training row make a leak
COMPARED = 2_000  # held-out rows at most
_UNIT = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\\W_\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+")


@dataclass(frozen=True, slots=True)
class Leak:
    """A held-out row and a training row that holds a good part of its text."""

    held_out: int
    training: int
    share: float  # of the held-out row's windows, 0 to 1


def find_leaks(examples: Callable[[], Iterator[Example | Fault]], sides: Sides) -> list[Leak]:
    """The worst leak of every leaking row among the first `COMPARED` held-out ones; goes over the examples twice.
    Where the file says which rows validate, a prompt that is on both sides is a leak too.

    Windows that many held-out rows have in common come from a template of prompts and do not count. Texts of fewer than
    `WINDOW + ENOUGH` words are not compared: the split keeps equal prompts together, and short phrases recur by chance.
    """
    prompts: dict[int, int] = {}
    windows: dict[int, set[int]] = {}
    for example in islice((item for item in _usable(examples()) if sides.holds_out(item)), COMPARED):
        prompts.setdefault(group_of(example), example.row)
        if len(found := _windows(example)) >= ENOUGH:
            windows[example.row] = found
    spread = Counter(window for found in windows.values() for window in found)
    common = {window for window, count in spread.items() if count > max(2, len(windows) // 100)}
    owners: dict[int, list[int]] = {}
    sizes: dict[int, int] = {}
    for row, found in windows.items():
        telling = found - common
        if len(telling) >= ENOUGH:
            sizes[row] = len(telling)
            for window in telling:
                owners.setdefault(window, []).append(row)
    worst: dict[int, Leak] = {}
    for example in _usable(examples() if owners or sides.declared else iter(())):
        if sides.holds_out(example):
            continue
        if asked := prompts.get(group_of(example)):
            worst[asked] = Leak(asked, example.row, 1.0)
        shared = Counter(row for window in _windows(example) for row in owners.get(window, ()))
        for row, count in shared.items():
            share = count / sizes[row]
            if share >= SHARE and (row not in worst or share > worst[row].share):
                worst[row] = Leak(row, example.row, round(share, 3))
    return [worst[row] for row in sorted(worst)]


def _usable(examples: Iterator[Example | Fault]) -> Iterator[Example]:
    return (item for item in examples if isinstance(item, Example))


def _windows(example: Example) -> set[int]:
    """Hashes of the windows of what user and assistant say; system texts are the same everywhere."""
    text = "\n".join(turn.content for turn in example.turns if turn.role != "system") or example.text
    units = _UNIT.findall(normalised(text))
    return {hash(tuple(units[at : at + WINDOW])) for at in range(len(units) - WINDOW + 1)}
