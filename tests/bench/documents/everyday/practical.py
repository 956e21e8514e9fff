"""Fit from which nearness on passages are near to a question of practice that the gate refuses (`retrieval.checks.gate`).

    python -m tests.bench.documents.everyday.practical MODELS [--output retrieval/checks/gate.json]

Each question of practice of the two files beside this one is put to its own documents and to those of the others of its language.
Documents of one matter (`ALIKE`) are not strangers to each other. The threshold is the one at which `LET` of the refused questions
are shown strangers; what it does to the own documents is only looked at.
"""

import argparse
import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from retrieval.checks.aligned import aligned
from retrieval.checks.asked.practical import practical
from retrieval.checks.gate import PARAMETERS, Gate, among, measured, nearness
from retrieval.library import Library
from retrieval.search import embed
from tests.bench.documents.everyday.judge import Question
from tests.bench.documents.everyday.run import HERE, Shelf

LET = 0.2  # many of them are questions to the others, too: "How do I cancel?"
ALIKE = (
    frozenset({"劳动合同法节选.md", "用工条例.md", "员工手册旧版.md", "员工手册新版.md"}),
    frozenset({"handbook.md", "travel-2023.md", "travel-2024.md"}),
)
NAMES = {"en": "spaced_dense", "zh": "unspaced_dense"}


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that the gate refused of `files`; `own`: it is a question to them."""

    question: Question
    files: tuple[str, ...]
    nearness: float

    @property
    def own(self) -> bool:
        return self.files == self.question.files and self.question.answerable


def asked_of(files: Sequence[tuple[str, ...]], question: Question) -> Iterator[tuple[str, ...]]:
    """Its own documents and all that are of no matter of theirs."""
    alike = next((group for group in ALIKE if group & {*question.files}), frozenset(question.files))
    yield from (each for each in files if each == question.files or not alike & {*each})


def refused(questions: Sequence[Question], gate: Gate, library: Library, shelf: Shelf) -> Iterator[Asked]:
    """Of questions in one language."""
    first = Gate(gate.models, gate.embedder)
    files = list(dict.fromkeys(question.files for question in questions))
    for question in questions:
        for each in asked_of(files, question):
            hits = library.search(shelf.owner(each), question.text)
            if gate.embedder and not first.judge(question.text, hits).answered:
                beside = among(question.text, hits, gate.embedder)
                told = aligned(question.text, [hit.passage.text for hit in beside], gate.embedder)
                yield Asked(question, each, nearness(measured(question.text, beside, gate.embedder) | told))


def threshold(found: Sequence[Asked]) -> float:
    strange = np.sort([one.nearness for one in found if not one.own])
    least = float(np.nextafter(strange[-round(LET * len(strange)) - 1], 1))
    own = [one for one in found if one.own]
    shown = sum(one.nearness >= least for one in own)
    print(f"{least:.4f}: near are {shown} of {len(own)} of the own, {LET:.0%} of {len(strange)} strangers", flush=True)
    for one in sorted(own, key=lambda each: each.nearness):
        print(f"    {one.nearness:.4f} {one.question.text}")
    return least


def read(language: str) -> list[Question]:
    rows = [
        Question.read(json.loads(line))
        for name in ("questions.jsonl", "unseen.jsonl")
        for line in (HERE / name).read_text("utf-8").splitlines()
    ]
    here = [row for row in rows if all((HERE / "files" / name).is_file() for name in row.files)]
    return [q for q in here if q.language == language and q.kind != "across" and not q.before and practical(q.text)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", type=Path)
    parser.add_argument("--output", type=Path, default=PARAMETERS)
    chosen = parser.parse_args()
    embedder = embed.load("bundled", chosen.models, lambda step, fraction: None)
    gate = Gate.load(embedder)
    with tempfile.TemporaryDirectory() as folder:
        library = Library(Path(folder), embedder)
        shelf = Shelf(library, (HERE / "files",), Path(folder))
        least = {
            name: threshold(list(refused(read(language), gate, library, shelf))) for language, name in NAMES.items()
        }
        library.close()
    stored = json.loads(chosen.output.read_text("utf-8"))
    next(one for one in stored["embedders"] if one["name"] == embedder.name)["practice"] = least
    chosen.output.write_text(json.dumps(stored, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
