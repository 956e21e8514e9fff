"""The dataset doctor: what a model would learn from a file, and what stands in the way."""

import math
import random
import time
from array import array
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any

from chatbot.common.errors import InputError, Stopped
from chatbot.common.step import Progress, Step
from finetune.data.examples import Columns, Example, Fault, Format
from finetune.data.formats import detect, headless, mapping_of, read_examples
from finetune.data.languages import count_languages
from finetune.data.layouts import unused
from finetune.data.leaks import Leak, find_leaks
from finetune.data.masks import ChatEncoder, Encoded
from finetune.data.report import Notice, Report, Sample, histogram, shortened
from finetune.data.rows.source import MAX_ROWS, encoding_name
from finetune.data.split import digest, group_of, held_out, normalised
from finetune.spec.spec import TrainingSpec

FIRST_FAULTS = 100  # that a report lists; all are counted
SHOWN = 3  # examples that are rendered
LABELS = 20  # different answers at most that look like a classifier's
ASKED = 100  # examples whose language is looked at


@dataclass(slots=True)
class _Tally:
    """What is gathered while the rows go by; a few bytes for each."""

    faults: list[Fault] = field(default_factory=list)
    fault_counts: Counter[str] = field(default_factory=Counter)
    lengths: "array[int]" = field(default_factory=lambda: array("L"))
    groups: "array[int]" = field(default_factory=lambda: array("Q"))
    exact: set[int] = field(default_factory=set)
    near: set[int] = field(default_factory=set)
    duplicates: int = 0
    near_duplicates: int = 0
    trained: int = 0
    truncated: int = 0
    cut: int = 0
    skipped: int = 0
    spelled: int = 0
    remarks: Counter[str] = field(default_factory=Counter)
    answers: set[str] = field(default_factory=set)  # the first different ones
    texts: list[str] = field(default_factory=list)
    shown: list[tuple[int, Encoded]] = field(default_factory=list)


def check(
    path: Path,
    tokenizer: Any,
    spec: TrainingSpec,
    mapping: Columns | None = None,
    *,
    name: str = "",
    progress: Progress = lambda step, fraction: None,
    stop: Event | None = None,
    most: int = MAX_ROWS,
    seconds: float = math.inf,
) -> Report:
    """Read the whole file as a training with `spec` would, with a fast transformers tokenizer of the base model.

    `name` is what the person calls the file; only its ending is read. Raises `InputError` when the file cannot be read
    at all, has more than `most` rows or takes more than `seconds`, or the model cannot be taught, and `Stopped` when `stop` is set. What is wrong with the rows is no error
    but stands in the report.
    """
    encoder = ChatEncoder(tokenizer)
    format = headless(detect(path, name), mapping)
    columns = mapping_of(format, mapping)

    end = time.monotonic() + seconds

    def examples(step: Step) -> Iterator[Example | Fault]:
        for item in read_examples(path, format, columns, told=lambda fraction: progress(step, fraction), most=most):
            if time.monotonic() > end:
                raise InputError(
                    f"Checking took more than {seconds:g} seconds. Please send fewer rows.",
                    kind="check_too_long",
                    seconds=f"{seconds:g}",
                )
            if stop is not None and stop.is_set():
                raise Stopped("The check was stopped.", kind="check_stopped")
            yield item

    tally = _Tally()
    chance = random.Random(0)  # noqa: S311 (a sample, not a secret)
    for item in examples(Step("reading")):
        found = encoder.encode(item, spec.max_length) if isinstance(item, Example) else item
        if isinstance(item, Example) and isinstance(found, Encoded):
            _count(tally, item, found, chance)
        elif isinstance(found, Fault):
            tally.fault_counts[found.code] += 1
            tally.faults += [found] if len(tally.faults) < FIRST_FAULTS else []
    kept = held_out(tally.groups, spec.evaluation_share, spec.seed)
    leaks = find_leaks(lambda: examples(Step("comparing")), kept) if kept else []
    return _report(tally, encoder, format, columns, mapping is not None, kept, leaks, spec)


def _count(tally: _Tally, example: Example, encoded: Encoded, chance: random.Random) -> None:
    text = "\n".join(turn.content for turn in example.turns) or example.text
    exact, near = digest("\0".join(f"{t.role} {t.content}" for t in example.turns) or text), digest(normalised(text))
    tally.duplicates += exact in tally.exact
    tally.near_duplicates += near in tally.near and exact not in tally.exact
    tally.exact.add(exact)
    tally.near.add(near)
    tally.lengths.append(len(encoded.input_ids) + encoded.cut)
    tally.groups.append(group_of(example))
    tally.trained += encoded.trained
    tally.truncated += encoded.cut > 0
    tally.cut += encoded.cut
    tally.skipped += encoded.skipped
    tally.spelled += encoded.spelled > 0
    tally.remarks.update(example.remarks)
    if len(tally.answers) <= LABELS:
        tally.answers.add(example.answer[:40])
    place = chance.randrange(len(tally.lengths))  # reservoir sampling: every row has the same chance
    _keep(tally.texts, text[:1_000], ASKED, place)
    _keep(tally.shown, (example.row, encoded), SHOWN, place)


def _keep(reservoir: list[Any], item: object, size: int, place: int) -> None:
    if len(reservoir) < size:
        reservoir.append(item)
    elif place < size:
        reservoir[place] = item


def _report(
    tally: _Tally,
    encoder: ChatEncoder,
    format: Format,
    columns: Columns | None,
    mapped: bool,
    kept: frozenset[int],
    leaks: list[Leak],
    spec: TrainingSpec,
) -> Report:
    usable = len(tally.lengths)
    held = sum(group in kept for group in tally.groups)
    return Report(
        format=format,
        mapping=columns,
        rows=usable + tally.fault_counts.total(),
        usable=usable,
        faults=tuple(tally.faults),
        fault_counts=dict(tally.fault_counts.most_common()),
        duplicates=tally.duplicates,
        near_duplicates=tally.near_duplicates,
        tokens=sum(tally.lengths),
        trained_tokens=tally.trained,
        longest=max(tally.lengths, default=0),
        histogram=histogram(tally.lengths),
        truncated=tally.truncated,
        truncated_tokens=tally.cut,
        languages=count_languages(tally.texts),
        held_out=held,
        leaks=len(leaks),
        leaked=tuple(leaks[:FIRST_FAULTS]),
        sample=tuple(
            Sample(row, shortened(encoder.segments(encoded))) for row, encoded in sorted(tally.shown, key=_row)
        ),
        notices=tuple(_notices(tally, format, columns, mapped, held, len(leaks), spec)),
        refusal=_refusal(tally, format),
    )


def _row(shown: tuple[int, Encoded]) -> int:
    return shown[0]


def _refusal(tally: _Tally, format: Format) -> Notice | None:
    if len(tally.lengths):
        return None
    if not tally.faults:
        return _notice("no_rows")
    [(code, _)] = tally.fault_counts.most_common(1)
    if set(tally.fault_counts) == {"masked"}:
        return _notice("all_masked")
    if code == "unmapped":
        return _notice("unmapped", names=", ".join(format.columns)[:300])
    first = next((fault for fault in tally.faults if fault.code == code), tally.faults[0])
    return _notice("none_usable", row=first.row, reason=first.reason)


def _notices(
    tally: _Tally, format: Format, columns: Columns | None, mapped: bool, held: int, leaks: int, spec: TrainingSpec
) -> Iterator[Notice]:
    usable, repeated = len(tally.lengths), tally.duplicates + tally.near_duplicates
    if format.encoding and not format.encoding.startswith("utf"):
        yield _notice("encoding", encoding=encoding_name(format.encoding))
    if columns and not mapped:
        yield _notice("mapping", prompt=columns.prompt, completion=columns.completion)
    if left := unused(format.layout, format.columns, columns):
        yield _notice("unused", columns=", ".join(left)[:300])
    if (
        columns
        and not columns.labels
        and 0 < len(tally.answers) <= LABELS
        and all(a.isdecimal() for a in tally.answers)
    ):
        yield _notice("number_labels", labels=", ".join(sorted(tally.answers)))
    for code, count in tally.remarks.items():
        yield _notice(code, count=count)
    if usable and len(tally.near) == 1:
        yield _notice("one_example")
    elif repeated:
        yield _notice("duplicates", count=repeated)
    if tally.truncated:
        share = f"{tally.cut / sum(tally.lengths):.1%}"
        yield _notice("truncated", count=tally.truncated, tokens=tally.cut, share=share)
    if tally.skipped:
        yield _notice("skipped", count=tally.skipped)
    if tally.spelled:
        yield _notice("spelled", count=tally.spelled)
    if usable and spec.evaluation_share and not held:
        yield _notice("no_held_out")
    if leaks:
        yield _notice("leaks", count=leaks)


def _notice(code: str, **details: object) -> Notice:
    return Notice(code, _NOTICES[code].format(**details), details)


_NOTICES = {
    "no_rows": "The file has no rows, so there is nothing to learn.",
    "all_masked": "Every row is masked: the prompts fill the whole length. Please raise max_length.",
    "unmapped": "Please say which columns hold the prompt and the answer. The file has {names}.",
    "none_usable": "No row is usable. Row {row}: {reason} Please correct the file.",
    "encoding": "The file was read as {encoding}, which it does not say itself. Please look at the examples below.",
    "mapping": "What the columns mean was taken from their names: prompt {prompt}, answer {completion}.",
    "unused": "Not used: {columns}.",
    "number_labels": "The answers are numbers ({labels}). Names for them, such as negative and positive, teach better.",
    "formula": "Rows with a cell that a spreadsheet would run as a formula: {count}. They are kept as plain text.",
    "trailing_user": "Conversations that go on after the last answer: {count}. That part teaches nothing and is left out.",
    "one_example": "All usable rows say the same. A model learns one sentence from them, and no more.",
    "duplicates": "Rows that repeat an earlier one, and weigh more for it: {count}.",
    "truncated": "Rows that are cut at max_length: {count}, by {tokens} tokens, {share} of all.",
    "skipped": "Earlier answers that are not trained, because the model's template shows them otherwise: {count}.",
    "spelled": "Rows that spell out control tokens of the model: {count}. They are learnt as text. Rows that were put into a "
    "chat template before should be given as messages instead.",
    "no_held_out": "There are too few different rows to hold some out, so there will be no verdict.",
    "leaks": "Held-out rows that repeat text of training rows: {count}. The verdict will flatter.",
}
