"""Faults of translations that the checks find: twice 60 pairs of our own, each with a good translation and one with a seeded fault.

python -m tests.bench.tasks.faults [--show]

The checks were written beside the first 60; the others were written afterwards, without looking at them. A fault is caught where anything is flagged; a flag on the good translation is a false alarm. The aims are 85 % and 5 %.
"""

import argparse
import json
from collections import Counter
from pathlib import Path

from chatbot.tasks.translate.check import check
from chatbot.tasks.translate.files.marked import Segment

PAIRS = tuple(Path(__file__).with_name(f"{name}.jsonl") for name in ("faults", "faults_unseen"))


def flags(pair: dict[str, str], which: str) -> list[str]:
    found = check(Segment(pair["text"]), pair[which], pair["target"], source_code=pair["source"])
    return [flag.code for flag in found]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--show", action="store_true", help="what was missed, and false alarms")
    given = parser.parse_args()
    for path in PAIRS:
        _measure(path, show=given.show)


def _measure(path: Path, *, show: bool) -> None:
    pairs = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    counts: dict[str, Counter[str]] = {"caught": Counter(), "all": Counter()}
    alarms = 0
    for pair in pairs:
        good, bad = flags(pair, "good"), flags(pair, "bad")
        counts["all"][pair["fault"]] += 1
        counts["caught"][pair["fault"]] += bool(bad)
        alarms += bool(good)
        if show and (good or not bad):
            print(pair["fault"], good, bad, pair["text"], "|", pair["good"] if good else pair["bad"])
    caught = sum(counts["caught"].values())
    print(
        f"{path.stem}: caught {caught} of {len(pairs)} ({caught / len(pairs):.1%}), false alarms {alarms} ({alarms / len(pairs):.1%})"
    )
    print(*(f"{fault} {counts['caught'][fault]}/{count}" for fault, count in counts["all"].items()), sep=", ")


if __name__ == "__main__":
    main()
