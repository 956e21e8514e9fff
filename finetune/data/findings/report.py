"""What the dataset doctor says of a file."""

import math
from array import array
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, cast

from chatbot.common.errors import InputError
from finetune.data.encoding.masks import Segment
from finetune.data.examples import Columns, Fault, Format
from finetune.data.findings.leaks import Leak
from finetune.data.rows.source import encoding_name
from finetune.spec.spec import Method

Taught = Literal["sft", "dpo", "kto", "text"]
"""By answers, by pairs of which one is better, by answers that are called good or bad, or by texts that are gone on with, which is
trained as `sft` is."""

CUT = 0.01  # of the rows may be cut, so that one stray text does not make every row cost memory
SHOWN_CHARACTERS = 4_000  # of a rendered segment


@dataclass(frozen=True, slots=True)
class Notice:
    """Something a person should know before the start. `code` names the kind for programs, and `details` holds the
    figures of the text by name, so that the page can say the same in another language."""

    code: str
    text: str
    details: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sample:
    """One example as the model sees it; `rejected` is the worse answer of a preference."""

    row: int
    segments: tuple[Segment, ...]
    rejected: tuple[Segment, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """What `check` found. `rows == usable + faulty`; lengths are tokens under the model's own chat template.

    `histogram` holds (from, below, examples). `refusal` says why no training may start.
    """

    format: Format
    mapping: Columns | None
    rows: int
    usable: int
    faults: tuple[Fault, ...]  # the first of them
    fault_counts: dict[str, int]
    duplicates: int  # usable rows equal to an earlier one
    near_duplicates: int  # those equal but for case, punctuation or white space
    method: Taught  # how they teach
    tokens: int  # of all usable rows, before anything is cut; of a preference, those of both answers
    trained_tokens: int  # those with a loss, after rows are cut
    longest: int
    fitting: int  # the length that all but one in a hundred have at most
    histogram: tuple[tuple[int, int, int], ...]
    truncated: int  # rows that are cut at the spec's max_length
    truncated_tokens: int
    languages: dict[str, int]
    held_out: int  # rows that are kept for the verdict
    leaks: int  # of those, rows whose text the training rows repeat
    leaked: tuple[Leak, ...]  # the first of them
    sample: tuple[Sample, ...]
    notices: tuple[Notice, ...]
    refusal: Notice | None

    @property
    def faulty(self) -> int:
        return self.rows - self.usable

    def require(self) -> None:
        """Raises `InputError` when a training must not start."""
        require_usable(self.to_dict())

    def to_dict(self) -> dict[str, Any]:
        """JSON values, as `/check_dataset` gives them; `format` is the layout's name, `refusal` the text of `refused`."""
        values = asdict(self)
        proposal = self.format.proposal
        values["mapping"] = self.mapping.to_dict() if self.mapping else None
        values["proposal"] = proposal.to_dict() if proposal else None
        return values | {
            "format": self.format.layout,
            "container": self.format.container,
            "encoding": encoding_name(self.format.encoding),
            "columns": list(self.format.columns),
            "faulty": self.faulty,
            "refusal": self.refusal.text if self.refusal else "",
            "refused": values["refusal"],
        }


def way_of(report: Mapping[str, Any]) -> Method:
    """The method that suits what `Report.to_dict` says."""
    return cast(Method, "sft" if report["method"] == "text" else report["method"])


def require_usable(report: Mapping[str, Any]) -> None:
    """Raises `InputError` when a training must not start on what `Report.to_dict` says."""
    if refused := report["refused"]:
        raise InputError(refused["text"], kind=f"refused_{refused['code']}", **refused["details"])


def histogram(lengths: "array[int]") -> tuple[tuple[int, int, int], ...]:
    """(from, below, examples) in steps of a factor of about 1.4, as lengths are skewed; empty steps at the ends left out."""
    edges = [0, *(round(8 * 2 ** (step / 2)) for step in range(40))]
    counts = Counter(next(at for at, edge in enumerate(edges) if length < edge) for length in lengths)
    return tuple((edges[at - 1], edges[at], counts[at]) for at in range(min(counts), max(counts) + 1)) if counts else ()


def fitting(lengths: "array[int]") -> int:
    """The length that all but `CUT` of the rows have at most."""
    return sorted(lengths)[math.ceil((1 - CUT) * len(lengths)) - 1] if lengths else 0


def shortened(segments: tuple[Segment, ...]) -> tuple[Segment, ...]:
    """Long segments with their middle left out."""
    half = SHOWN_CHARACTERS // 2
    return tuple(
        Segment(f"{s.text[:half]} [...] {s.text[-half:]}", s.trained) if len(s.text) > SHOWN_CHARACTERS else s
        for s in segments
    )
