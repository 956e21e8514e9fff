"""Answers that are labels: which there are, what guessing gives, and how each class fares."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from finetune.data.examples import Example
from finetune.verdict.metrics import accuracy

MOST = 20  # different answers that may be labels: the data doctor's LABELS
LONGEST = 40  # characters of one
TIMES = 3  # that each must occur on average


@dataclass(frozen=True, slots=True)
class ClassScore:
    """Held-out rows of one class, and how many of them each side names rightly."""

    label: str
    rows: int
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Classes:
    """`majority` is the share of the held-out rows that whoever always says `label` gets right."""

    label: str
    majority: float
    classes: tuple[ClassScore, ...]

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def labels_of(rows: Sequence[Example]) -> tuple[str, ...]:
    """The labels that the rows answer with, the commonest first; none where their answers are free texts."""
    answers = Counter(row.answer.strip() for row in rows if len(row.answer) <= LONGEST)
    fits = 1 < len(answers) <= MOST and len(rows) >= TIMES * len(answers) and answers.total() == len(rows)
    return tuple(label for label, _ in answers.most_common()) if fits else ()


def told(row: Example, labels: Sequence[str]) -> Example:
    """The row as the bare model is asked: it cannot know which labels there are unless the prompt says so."""
    at = max(at for at, turn in enumerate(row.turns) if turn.role == "user")
    asked = replace(row.turns[at], content=f"{row.turns[at].content}\n\nAnswer with one of: {', '.join(labels)}")
    return replace(row, turns=(*row.turns[:at], asked, *row.turns[at + 1 :]))


def by_class(references: Sequence[str], before: Sequence[str], after: Sequence[str]) -> Classes:
    """The held-out rows by class; the sides' answers stand in the references' order."""
    plain = [reference.strip() for reference in references]
    counts = Counter(plain)
    label, most = counts.most_common(1)[0]

    def right(answers: Sequence[str], label: str) -> int:
        return sum(int(accuracy(said, label)) for said, wanted in zip(answers, plain, strict=True) if wanted == label)

    scores = tuple(ClassScore(one, rows, right(before, one), right(after, one)) for one, rows in counts.most_common())
    return Classes(label, most / len(plain), scores)
