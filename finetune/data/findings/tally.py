"""What is gathered while the rows of a data set go by; a few bytes for each."""

import random
from array import array
from collections import Counter
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from finetune.data.encoding.taught import Taught
from finetune.data.examples import Example, Fault, Split
from finetune.data.split import digest, group_of, normalised
from finetune.spec.spec import Method

FIRST_FAULTS = 100  # that a report lists; all are counted
SHOWN = 3  # examples that are rendered
LABELS = 20  # different answers at most that look like a classifier's
ASKED = 100  # examples whose language is looked at
T = TypeVar("T")
_SPLITS: tuple[Split, ...] = ("", "train", "validation")


@dataclass(slots=True)
class Tally:
    """Counts of usable rows, and the faults of the others. `method` is the one they are read for."""

    method: Method
    faults: list[Fault] = field(default_factory=list)
    fault_counts: Counter[str] = field(default_factory=Counter)
    lengths: "array[int]" = field(default_factory=lambda: array("L"))
    groups: "array[int]" = field(default_factory=lambda: array("Q"))
    splits: "array[int]" = field(default_factory=lambda: array("B"))
    exact: set[int] = field(default_factory=set)
    near: set[int] = field(default_factory=set)
    duplicates: int = 0
    near_duplicates: int = 0
    pairs: int = 0
    good: int = 0
    bad: int = 0
    tokens: int = 0
    trained: int = 0
    truncated: int = 0
    cut: int = 0
    skipped: int = 0
    spelled: int = 0
    remarks: Counter[str] = field(default_factory=Counter)
    answers: dict[int, str] = field(default_factory=dict)  # the first different ones, shortened
    texts: list[str] = field(default_factory=list)
    shown: list[tuple[int, Taught]] = field(default_factory=list)
    chance: random.Random = field(default_factory=lambda: random.Random(0))  # noqa: S311 (a sample, not a secret)

    @property
    def usable(self) -> int:
        return len(self.lengths)

    @property
    def two_sided(self) -> bool:
        """Whether there are good answers and bad ones."""
        return self.good > 0 and self.bad > 0

    @property
    def kind(self) -> Literal["sft", "dpo", "kto"]:
        """What the usable rows are."""
        return "dpo" if self.pairs else "kto" if self.method == "kto" else "sft"

    @property
    def placed(self) -> list[tuple[int, Split]]:
        """(group, split) of every usable row, for `split.sides`."""
        return [(group, _SPLITS[split]) for group, split in zip(self.groups, self.splits, strict=True)]

    def fail(self, fault: Fault) -> None:
        self.fault_counts[fault.code] += 1
        if len(self.faults) < FIRST_FAULTS:
            self.faults.append(fault)

    def count(self, example: Example, exact: int, found: Taught) -> None:
        """One usable row; `exact` is its `mark`."""
        text = "\n".join(turn.content for turn in example.turns) or example.text
        repeated = exact in self.exact
        near = digest(normalised(text)) if not repeated else 0
        self.duplicates += repeated
        self.near_duplicates += not repeated and near in self.near
        if not repeated:
            self.exact.add(exact)
            self.near.add(near)
        sizes = [len(side.input_ids) + side.cut for side in found.sides]
        self.lengths.append(max(sizes))
        self.tokens += sum(sizes)
        self.pairs += found.rejected is not None
        self.good += found.liked is True
        self.bad += found.liked is False
        self.groups.append(group_of(example))
        self.splits.append(_SPLITS.index(example.split))
        self.trained += sum(side.trained for side in found.sides)
        self.truncated += any(side.cut for side in found.sides)
        self.cut += sum(side.cut for side in found.sides)
        self.skipped += found.encoded.skipped
        self.spelled += any(side.spelled for side in found.sides)
        self.remarks.update(example.remarks)
        if len(self.answers) <= LABELS:
            self.answers[digest(example.answer)] = example.answer[:40]
        place = self.chance.randrange(len(self.lengths))  # reservoir sampling: every row has the same chance
        _keep(self.texts, text[:1_000], ASKED, place)
        _keep(self.shown, (example.row, found), SHOWN, place)


def mark(example: Example) -> int:
    """64 bits of all that an example says."""
    said = [f"{t.role} {t.content}\1{t.thought}\1{t.calls}\1{t.taught}" for t in example.turns] or [example.text]
    return digest("\0".join([*said, example.tools, str(example.rejected or ""), str(example.liked)]))


def _keep(reservoir: list[T], item: T, size: int, place: int) -> None:
    if len(reservoir) < size:
        reservoir.append(item)
    elif place < size:
        reservoir[place] = item
