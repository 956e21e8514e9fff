"""The dataset doctor: what a model would learn from a file, and what stands in the way."""

import random
from array import array
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from threading import Event
from typing import Any

from chatbot.errors import BanyanError, InputError
from finetune.examples import Columns, Example, Fault, Format
from finetune.formats import detect, headless, mapping_of, read_examples
from finetune.languages import count_languages
from finetune.layouts import unused
from finetune.leaks import Leak, find_leaks
from finetune.masks import ChatEncoder, Encoded, Segment
from finetune.source import encoding_name
from finetune.spec import TrainingSpec
from finetune.split import digest, group_of, held_out, normalised

FIRST_FAULTS = 100  # that a report lists; all are counted
SHOWN = 3  # examples that are rendered
SHOWN_CHARACTERS = 4_000  # of a segment of them
ASKED = 100  # examples whose language is looked at

Progress = Callable[[str, float | None], None]
"""Called with the step under way, in words for a person, and the fraction done."""


class CheckStopped(BanyanError):
    """The person stopped the check."""

    code = "cancelled"
    status = 400


@dataclass(frozen=True, slots=True)
class Notice:
    """Something a person should know before the start; `code` names the kind for programs."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Sample:
    """One example as the model sees it."""

    row: int
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """What `check` found. `rows == usable + faulty`; lengths are tokens under the model's own chat template.

    `histogram` holds (from, below, examples). `refusal` is empty when a training may start, else it says why not.
    """

    format: Format
    mapping: Columns | None
    rows: int
    usable: int
    faults: tuple[Fault, ...]  # the first of them
    fault_counts: dict[str, int]
    duplicates: int  # usable rows equal to an earlier one
    near_duplicates: int  # those equal but for case, punctuation or white space
    tokens: int  # of all usable rows, before anything is cut
    trained_tokens: int  # those with a loss, after rows are cut
    longest: int
    histogram: tuple[tuple[int, int, int], ...]
    truncated: int  # rows that are cut at the spec's max_length
    truncated_tokens: int
    languages: dict[str, int]
    held_out: int  # rows that are kept for the verdict
    leaks: int  # of those, rows whose text the training rows repeat
    leaked: tuple[Leak, ...]  # the first of them
    sample: tuple[Sample, ...]
    notices: tuple[Notice, ...]
    refusal: str

    @property
    def faulty(self) -> int:
        return self.rows - self.usable

    def require(self) -> None:
        """Raises `InputError` when a training must not start."""
        if self.refusal:
            raise InputError(self.refusal)

    def to_dict(self) -> dict[str, Any]:
        """JSON values, as `/check_dataset` gives them; `format` is the layout's name."""
        values = asdict(self)
        values["mapping"] = self.mapping.to_dict() if self.mapping else None
        return values | {
            "format": self.format.layout,
            "container": self.format.container,
            "encoding": encoding_name(self.format.encoding),
            "columns": list(self.format.columns),
            "faulty": self.faulty,
        }


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
    remarks: Counter[str] = field(default_factory=Counter)
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
) -> Report:
    """Read the whole file as a training with `spec` would, with a fast transformers tokenizer of the base model.

    `name` is what the person calls the file; only its ending is read. Raises `InputError` when the file cannot be read
    at all or the model cannot be taught, and `CheckStopped` when `stop` is set. What is wrong with the rows is no error
    but stands in the report.
    """
    encoder = ChatEncoder(tokenizer)
    format = headless(detect(path, name), mapping)
    columns = mapping_of(format, mapping)

    def examples(step: str) -> Iterator[Example | Fault]:
        for item in read_examples(path, format, columns, told=lambda fraction: progress(step, fraction)):
            if stop is not None and stop.is_set():
                raise CheckStopped("The check was stopped.")
            yield item

    tally = _Tally()
    chance = random.Random(0)  # noqa: S311 (a sample, not a secret)
    for item in examples("Reading the examples"):
        found = encoder.encode(item, spec.max_length) if isinstance(item, Example) else item
        if isinstance(item, Example) and isinstance(found, Encoded):
            _count(tally, item, found, chance)
        elif isinstance(found, Fault):
            tally.fault_counts[found.code] += 1
            tally.faults += [found] if len(tally.faults) < FIRST_FAULTS else []
    kept = held_out(tally.groups, spec.evaluation_share, spec.seed)
    leaks = find_leaks(lambda: examples("Comparing with the held-out rows"), kept) if kept else []
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
    tally.remarks.update(example.remarks)
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
            Sample(row, _shortened(encoder.segments(encoded))) for row, encoded in sorted(tally.shown, key=_row)
        ),
        notices=tuple(_notices(tally, format, columns, mapped, held, len(leaks), spec)),
        refusal=_refusal(tally, format),
    )


def _row(shown: tuple[int, Encoded]) -> int:
    return shown[0]


def histogram(lengths: "array[int]") -> tuple[tuple[int, int, int], ...]:
    """(from, below, examples) in steps of a factor of about 1.4, as lengths are skewed; empty steps at the ends left out."""
    edges = [0, *(round(8 * 2 ** (step / 2)) for step in range(40))]
    counts = Counter(next(at for at, edge in enumerate(edges) if length < edge) for length in lengths)
    return tuple((edges[at - 1], edges[at], counts[at]) for at in range(min(counts), max(counts) + 1)) if counts else ()


def _shortened(segments: tuple[Segment, ...]) -> tuple[Segment, ...]:
    half = SHOWN_CHARACTERS // 2
    return tuple(
        Segment(f"{s.text[:half]} [...] {s.text[-half:]}", s.trained) if len(s.text) > SHOWN_CHARACTERS else s
        for s in segments
    )


def _refusal(tally: _Tally, format: Format) -> str:
    if len(tally.lengths):
        return ""
    most = tally.fault_counts.most_common(1)
    if not most:
        return "The file has no rows, so there is nothing to learn."
    if set(tally.fault_counts) == {"masked"}:
        return "Every row is masked: the prompts fill the whole length. Please raise max_length."
    if most[0][0] == "unmapped":
        names = ", ".join(format.columns)[:300]
        return f"Please say which columns hold the prompt and the answer. The file has {names}."
    return f"No row is usable. Most have this fault: {tally.faults[0].reason} Please correct the file."


def _notices(
    tally: _Tally, format: Format, columns: Columns | None, mapped: bool, held: int, leaks: int, spec: TrainingSpec
) -> Iterator[Notice]:
    usable = len(tally.lengths)
    if format.encoding and not format.encoding.startswith("utf-8"):
        yield Notice("encoding", f"The file was read as {encoding_name(format.encoding)}; it does not say so itself.")
    if columns and not mapped:
        told = f"prompt {columns.prompt!r}, answer {columns.completion!r}"
        yield Notice("mapping", f"What the columns mean was taken from their names: {told}.")
    if left := unused(format.layout, format.columns, columns):
        yield Notice("unused", f"These columns are not used: {', '.join(left)[:300]}.")
    for code, text in _REMARKS.items():
        if tally.remarks[code]:
            yield Notice(code, text.format(count=tally.remarks[code]))
    if usable and len(tally.near) == 1:
        yield Notice("one_example", "All usable rows say the same. A model learns one sentence from them, and no more.")
    elif tally.duplicates + tally.near_duplicates:
        count = tally.duplicates + tally.near_duplicates
        yield Notice("duplicates", f"{count} rows repeat an earlier one and weigh more for it.")
    if tally.truncated:
        share = tally.cut / sum(tally.lengths)
        yield Notice(
            "truncated", f"{tally.truncated} rows are cut at max_length: {tally.cut} tokens, {share:.1%} of all."
        )
    if tally.skipped:
        text = f"{tally.skipped} earlier answers are not trained, because the model's template shows them otherwise."
        yield Notice("skipped", text)
    if usable and spec.evaluation_share and not held:
        yield Notice("no_held_out", "There are too few different rows to hold some out, so there will be no verdict.")
    if leaks:
        yield Notice("leaks", f"{leaks} held-out rows repeat text of training rows; the verdict will flatter.")


_REMARKS = {
    "formula": "{count} rows hold a cell that a spreadsheet would run as a formula. They are kept as plain text.",
    "trailing_user": "{count} conversations go on after the last answer; that part teaches nothing and is left out.",
}
