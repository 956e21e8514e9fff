"""data.jsonl -> token sequences to learn from, and held-out rows to be judged by."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from chatbot.common.errors import InputError, Stopped
from finetune.data.encoding.masks import ChatEncoder, Encoded, blocks
from finetune.data.encoding.taught import taught
from finetune.data.examples import Example, Fault
from finetune.data.findings.leaks import find_leaks
from finetune.data.findings.tally import mark
from finetune.data.split import Sides, group_of, sides
from finetune.spec.spec import Method, TrainingSpec


@dataclass(frozen=True, slots=True)
class Row:
    """An example with its tokens; `rejected` is the worse answer, where `encoded` is to be preferred to one."""

    example: Example
    encoded: Encoded
    rejected: Encoded | None = None


@dataclass(frozen=True, slots=True)
class Data:
    """Both sides of the split, in the file's order; `faults` are rows that the model's template cannot show, `doubts` what the data
    doctor would say against a verdict on these rows: (code, rows). `method` is never auto."""

    train: tuple[Row, ...]
    held_out: tuple[Row, ...]
    faults: tuple[Fault, ...]
    doubts: tuple[tuple[str, int], ...] = ()
    method: Method = "sft"


def load(path: Path, encoder: ChatEncoder, spec: TrainingSpec, stop: Callable[[], bool] = lambda: False) -> Data:
    """Encode and split. Raises `InputError` when nothing is left to learn from, `Stopped`."""
    rows: list[Row] = []
    faults: list[Fault] = []
    method = spec.method if spec.method != "auto" else method_of(read(path))
    for example in read(path):
        if stop():
            raise Stopped("It was stopped.")
        found = taught(encoder, example, method, spec.max_length, spec.learns)
        if isinstance(found, Fault):
            faults.append(found)
        elif example.text:
            rows += [Row(example, block) for block in blocks(found.encoded, spec.max_length)]
        else:
            rows.append(Row(example, found.encoded, found.rejected))
    parted = sides(((group_of(row.example), row.example.split) for row in rows), spec.evaluation_share, spec.seed)
    train = tuple(row for row in rows if not parted.holds_out(row.example))
    if not train:
        reason = f" The first fault, row {faults[0].row}: {faults[0].reason}" if faults else ""
        raise InputError(f"There is nothing to learn from: no row can be used.{reason}", kind="data_no_rows")
    apart = tuple(row for row in rows if parted.holds_out(row.example))
    return Data(
        train,
        apart,
        tuple(faults),
        _doubts([*{row.example.row: row.example for row in rows}.values()], parted) if apart else (),
        method,
    )


def method_of(examples: Iterable[Example]) -> Method:
    """What the rows are for."""
    marks: set[bool | None] = set()
    for example in examples:
        if example.rejected:
            return "dpo"
        marks.add(example.liked)
    return "kto" if {True, False} <= marks else "sft"


def _doubts(examples: list[Example], found: Sides) -> tuple[tuple[str, int], ...]:
    counts = {
        "leaks": len(find_leaks(lambda: iter(examples), found)),
        "duplicates": len(examples) - len({mark(example) for example in examples}),
    }
    return tuple((code, count) for code, count in counts.items() if count)


def read(path: Path) -> Iterator[Example]:
    """The lines of a job's data as examples; rows count from 1."""
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            yield Example.from_dict(number, json.loads(line))
