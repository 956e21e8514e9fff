"""Every cell of a table asked: how often the answer is right, how often another cell's number is called supported.

    python -m tests.bench.documents.tables --data FOLDER [--cases CASES_FOLDER] [--only PART_OF_A_NAME] [--every 1] [--wrong]

The tables are the three files of the cases, two tables of a 10-Q with cells left empty, written as five kinds of files, and the
10-Qs themselves (all beside the repository). Model and embedder are the default ones in FOLDER/models. A file is asked alone.
An answer counts as right when a supported sentence holds the cell's number, and as wrong when it holds only other cells'.
"""

import argparse
import re
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from chatbot.engine.base import Engine
from chatbot.engine.registry import build_engine
from chatbot.settings import load
from chatbot.tasks.answer.check import Answer
from chatbot.tasks.answer.work import Retrieval, ask
from retrieval.checks.gate import Gate
from retrieval.library import Library
from retrieval.search import embed
from tests.bench.documents.table_files import REPORTS, SALES, SEGMENTS, UNITS, WRITERS, Asked

SHARED = Path(__file__).resolve().parents[4] / "shared"
OWNER = "ada"
EMPTY = re.compile(r"not given|empty|未给出|空", re.IGNORECASE)
NUMBER = re.compile(r"\d[\d,.]*\d|\d")


@dataclass(frozen=True, slots=True)
class Verdict:
    """How one question fared: "right", "wrong" (and supported), "refused", "unsupported"; of an empty cell "empty" is right."""

    name: str
    asked: Asked
    how: str
    said: str


def files(cases: Path, folder: Path) -> Iterator[tuple[Path, Sequence[Asked]]]:
    for kind in ("xlsx", "html", "pdf"):
        yield cases / "table-every-cell" / f"units.{kind}", list(UNITS.asked())
    for kind, write in WRITERS.items():
        for name, sheet in (("sales", SALES), ("segments", SEGMENTS)):
            if kind == "pdf" and sheet is SEGMENTS:  # its font has no Chinese letters
                continue
            path = folder / f"{name}.{kind}"
            write(sheet, path)
            yield path, list(sheet.asked())
    for name, pairs in REPORTS.items():
        yield SHARED / "data" / "docs" / name, [Asked(question, right, frozenset()) for question, right in pairs]


def judged(asked: Asked, given: Answer) -> str:
    said = " ".join(sentence.text for sentence in given.sentences if sentence.verdict == "supported")
    numbers = {number for number in NUMBER.findall(said) if number not in asked.question}
    if not asked.right:
        if numbers & asked.wrong:
            return "wrong"
        return "empty" if given.status == "not_found" or EMPTY.search(given.text) else "unsupported"
    if asked.right in numbers or asked.right in said:
        return "right"
    if given.status == "not_found":
        return "refused"
    return "wrong" if numbers or EMPTY.search(said) else "unsupported"


def measure(
    engine: Engine, embedder: embed.Embedder, folder: Path, path: Path, questions: Sequence[Asked]
) -> list[Verdict]:
    library = Library(folder / path.name, embedder)
    document = library.add(OWNER, path, path.name)
    retrieval = Retrieval(library, Gate.load(embedder), embedder)
    found = []
    for asked in questions:
        *_, given = ask(engine, retrieval, OWNER, asked.question, documents=[document.id])
        assert isinstance(given, Answer)
        found.append(Verdict(path.name, asked, judged(asked, given), given.text))
    library.close()
    return found


def report(title: str, found: Sequence[Verdict]) -> None:
    full, empty = (Counter(v.how for v in found if bool(v.asked.right) == given) for given in (True, False))
    wrong = (full["wrong"] + empty["wrong"]) / max(1, full.total() + empty.total())
    right, seen = full["right"] / max(1, full.total()), empty["empty"] / max(1, empty.total())
    print(
        f"{title:24} {full.total():4} cells right {right:6.1%} | {empty.total():3} empty ones told {seen:6.1%} | "
        f"wrong but supported {wrong:6.1%}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cases", type=Path, default=SHARED / "cases" / "documents")
    parser.add_argument("--only", default="")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--wrong", action="store_true", help="show each answer that is not right")
    chosen = parser.parse_args()
    engine = build_engine(load(["--data", str(chosen.data), "--model", "standard"], {}), lambda step, fraction: None)
    embedder = embed.load("bundled", chosen.data / "models", lambda step, fraction: None)
    every: list[Verdict] = []
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        for path, questions in files(chosen.cases, Path(folder)):
            if chosen.only not in path.name:
                continue
            some = questions[:: chosen.every]
            found = measure(engine, embedder, Path(folder) / "libraries", path, some)
            report(path.name, found)
            every += found
            for v in found if chosen.wrong else ():
                if v.how not in ("right", "empty"):
                    print(f"    {v.how:11} {v.asked.question} | {v.asked.right or '(empty)'} | {v.said!r}", flush=True)
    report("all", every)
    print(f"{(time.perf_counter() - started) / max(1, len(every)):.2f} s a question")
    engine.close()


if __name__ == "__main__":
    main()
