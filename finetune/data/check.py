"""The dataset doctor: what a model would learn from a file, and what stands in the way."""

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

from chatbot.common.errors import InputError, Stopped
from chatbot.common.step import Progress, Step
from finetune.data.encoding.masks import ChatEncoder
from finetune.data.encoding.taught import Taught, taught
from finetune.data.examples import Columns, Example, Fault, Format, written
from finetune.data.findings.languages import count_languages
from finetune.data.findings.leaks import Leak, find_leaks
from finetune.data.findings.notices import notices, refusal
from finetune.data.findings.report import Report, Sample, fitting, histogram, shortened
from finetune.data.findings.tally import FIRST_FAULTS, Tally, mark
from finetune.data.formats import detect, headless, mapping_of, read_examples
from finetune.data.layouts.layouts import says_good
from finetune.data.rows.source import MAX_ROWS
from finetune.data.split import Sides, sides
from finetune.spec.spec import Method, TrainingSpec

REMEMBERED = 1_000  # different rows whose tokens are kept, for rows that repeat them


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
    at all, has more than `most` rows or takes more than `seconds`, or the model cannot be taught, and `Stopped` when
    `stop` is set. What is wrong with the rows is no error but stands in the report.
    """
    encoder = ChatEncoder(tokenizer)
    format = headless(detect(path, name), mapping)
    columns = mapping_of(format, mapping)
    reading = _Reading(path, format, columns, progress, stop, most, seconds, time.monotonic() + seconds)
    tally = _tally(reading, encoder, spec)
    parted = sides(tally.placed, spec.evaluation_share, spec.seed)
    judges = parted.declared or parted.groups
    leaks = find_leaks(lambda: reading.examples(Step("comparing")), parted) if judges else []
    return _report(tally, encoder, format, columns, parted, leaks, spec)


@dataclass(frozen=True, slots=True)
class _Reading:
    """The file's rows, as often as they are wanted, within the time that one check has."""

    path: Path
    format: Format
    columns: Columns | None
    progress: Progress
    stop: Event | None
    most: int
    seconds: float
    end: float

    def examples(self, step: Step) -> Iterator[Example | Fault]:
        def told(fraction: float) -> None:
            self.progress(step, fraction)

        for item in read_examples(self.path, self.format, self.columns, told=told, most=self.most):
            if time.monotonic() > self.end:
                raise InputError(
                    f"Checking took more than {self.seconds:g} seconds. Please send fewer rows.",
                    kind="check_too_long",
                    seconds=f"{self.seconds:g}",
                )
            if self.stop is not None and self.stop.is_set():
                raise Stopped("The check was stopped.", kind="check_stopped")
            yield item


def _tally(reading: _Reading, encoder: ChatEncoder, spec: TrainingSpec) -> Tally:
    """Where nobody chose how they teach: by their labels, if those call some answers good and some bad."""
    labelled = spec.method == "auto" and says_good(reading.format, reading.columns)
    tally = _tallied(reading.examples(Step("reading")), encoder, spec, "kto" if labelled else spec.method)
    if labelled and not tally.two_sided:
        return _tallied(reading.examples(Step("reading")), encoder, spec, "sft")
    return tally


def _tallied(examples: Iterator[Example | Fault], encoder: ChatEncoder, spec: TrainingSpec, method: Method) -> Tally:
    """Rows that repeat each other, of which a small file can hold very many, are encoded once."""
    tally = Tally(method)
    known: dict[int, Taught | Fault] = {}
    for item in examples:
        if isinstance(item, Fault):
            tally.fail(item)
            continue
        exact = mark(item)
        if exact not in known:
            if len(known) >= REMEMBERED:
                known.clear()
            known[exact] = taught(encoder, item, method, spec.max_length, spec.learns)
        found = known[exact]
        if isinstance(found, Fault):
            tally.fail(Fault(item.row, found.code, found.reason, written(item.to_dict())))
        else:
            tally.count(item, exact, found)
    return tally


def _report(
    tally: Tally,
    encoder: ChatEncoder,
    format: Format,
    columns: Columns | None,
    parted: Sides,
    leaks: list[Leak],
    spec: TrainingSpec,
) -> Report:
    held = sum(parted.held(group, split) for group, split in tally.placed)
    return Report(
        format=format,
        mapping=columns,
        rows=tally.usable + tally.fault_counts.total(),
        usable=tally.usable,
        faults=tuple(tally.faults),
        fault_counts=dict(tally.fault_counts.most_common()),
        duplicates=tally.duplicates,
        near_duplicates=tally.near_duplicates,
        method=tally.kind if tally.kind != "sft" or format.layout != "text" else "text",
        tokens=tally.tokens,
        trained_tokens=tally.trained,
        longest=max(tally.lengths, default=0),
        fitting=0 if format.layout == "text" else fitting(tally.lengths),  # texts are learnt in blocks of any length
        histogram=histogram(tally.lengths),
        truncated=tally.truncated,
        truncated_tokens=tally.cut,
        languages=count_languages(tally.texts),
        held_out=held,
        leaks=len(leaks),
        leaked=tuple(leaks[:FIRST_FAULTS]),
        sample=tuple(_sample(row, found, encoder) for row, found in sorted(tally.shown, key=_row)),
        notices=tuple(notices(tally, format, columns, parted, held, len(leaks), spec.evaluation_share)),
        refusal=refusal(tally, format),
    )


def _sample(row: int, found: Taught, encoder: ChatEncoder) -> Sample:
    """As the model sees it; of the worse answer, what differs. A bad answer is worse than none."""
    shown = encoder.segments(found.encoded)
    worse = encoder.segments(found.rejected)[-1:] if found.rejected else ()
    if found.liked is False:
        shown, worse = shown[:-1], shown[-1:]
    return Sample(row, shortened(shown), shortened(worse))


def _row(shown: tuple[int, Taught]) -> int:
    return shown[0]
