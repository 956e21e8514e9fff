"""How often true sentences come out supported, and altered ones not, by kind; and the time a sentence takes.

    python -m tests.bench.documents.verification XQUAD_FOLDER [--languages en zh] [--each 200] [--show 0] [--json OUT]
    python -m tests.bench.documents.verification SQUAD.jsonl.gz --languages en    (or DRCD.jsonl.gz --languages zh)

A folder is XQuAD, which the rules were written on; a file has a question with its context and answers in each line, and
makes closed worlds of 240 paragraphs as `retrieval.lab.gate_fit` does, of which the last is taken. The sentences are made by rule (`tests/bench/altered.py`). Each is held against five paragraphs: its own and the four that
BM25 finds nearest, in random order; against the five nearest without its own where the kind says "wrong passage".
"""

import argparse
import json
import random
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from retrieval.checks.verify import Verdict, verify
from retrieval.lab import gate_fit
from retrieval.lab.answers import Collection
from retrieval.types import Passage
from tests.bench.altered import Asked, Case, World, cases
from tests.bench.documents import xquad

REPORTED_APART = ("wrong answer of the same sentence", "wrong answer of the same passage")
"""Whether a sentence answers its question is not what the rules decide; these are counted, and not hidden in the sum."""


def world(source: Path, language: str) -> World:
    if source.is_file():
        made = gate_fit.worlds(list(gate_fit.read(source)), 0)[-1]
        asked = tuple(Asked(q.text, q.paragraph, q.answer) for q in made.questions)
        return World(language, tuple(map(str, made.articles)), tuple(made.paragraphs), asked)
    paragraphs, questions = xquad.read(source, language)
    asked = tuple(Asked(q.text, q.paragraph, q.answer) for q in questions)
    return World(language, tuple(str(n // 5) for n in range(len(paragraphs))), tuple(paragraphs), asked)


def sample(made: Sequence[Case], each: int) -> list[Case]:
    """At most `each` of a kind, in the order given."""
    seen: Counter[tuple[str, bool]] = Counter()
    chosen = []
    for case in made:
        seen[case.kind, case.true] += 1
        if seen[case.kind, case.true] <= each:
            chosen.append(case)
    return chosen


def passages(collection: Collection, case: Case) -> list[Passage]:
    wanted = 5 if case.away else 4
    hits = collection.search(f"{case.question} {case.text}", without=case.gold, limit=wanted)
    found = [hit.passage for hit in hits]
    if not case.away:
        found.append(collection.passages[case.gold])
    random.Random(case.text).shuffle(found)
    return found


def measure(made: Sequence[Case], collection: Collection) -> list[tuple[Case, Verdict, float]]:
    """Each case with its verdict and the CPU time it took, in milliseconds."""
    results = []
    for case in made:
        given = passages(collection, case)
        start = time.process_time()
        verdict = verify(case.text, given, question=case.question)
        results.append((case, verdict, (time.process_time() - start) * 1000))
    return results


def table(results: Sequence[tuple[Case, Verdict, float]]) -> dict[str, dict[str, float]]:
    """By kind, and for "true" and "altered" in all: cases, share as it should be, share contradicted."""
    groups: dict[str, list[tuple[Case, Verdict, float]]] = {}
    for result in results:
        case = result[0]
        groups.setdefault(f"{'true' if case.true else 'altered'}: {case.kind}", []).append(result)
        if case.kind not in REPORTED_APART:
            groups.setdefault("true" if case.true else "altered", []).append(result)
    return {
        name: {
            "cases": len(group),
            "right": sum((v.label == "supported") == c.true for c, v, _ in group) / len(group),
            "contradicted": sum(v.label == "contradicted" for _, v, _ in group) / len(group),
            "ms": sum(ms for _, _, ms in group) / len(group),
        }
        for name, group in sorted(groups.items())
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=Path)
    parser.add_argument("--languages", nargs="+", default=["en", "zh"])
    parser.add_argument("--each", type=int, default=200, help="cases of a kind")
    parser.add_argument("--show", type=int, default=0, help="wrong verdicts to print of each kind")
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    report = {}
    for language in chosen.languages:
        made = world(chosen.source, language)
        results = measure(sample(cases(made), chosen.each), Collection(made.paragraphs, None))
        report[language] = table(results)
        for name, row in report[language].items():
            print(
                f"{language} {name:55} {row['cases']:5.0f} {row['right']:7.1%} {row['contradicted']:7.1%} {row['ms']:6.1f} ms",
                flush=True,
            )
        _show(results, chosen.show)
    if chosen.json:
        chosen.json.write_text(json.dumps(report, indent=1) + "\n", "utf-8")


def _show(results: Sequence[tuple[Case, Verdict, float]], most: int) -> None:
    shown: Counter[str] = Counter()
    for case, verdict, _ in results:
        shown[case.kind] += (verdict.label == "supported") != case.true
        if (verdict.label == "supported") != case.true and shown[case.kind] <= most:
            print("--", case.kind, "|", case.question, "|", case.text, "|", verdict.label, verdict.reasons)
            print("    ", [quote.text for quote in verdict.quotes])


if __name__ == "__main__":
    main()
