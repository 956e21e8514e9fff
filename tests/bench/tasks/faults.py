"""Faults of translations that the checks find: 60 pairs of our own, each with a good translation and one with a seeded fault.

python -m tests.bench.tasks.faults [--show]

A fault is caught where anything is flagged; a flag on the good translation is a false alarm. The aims are 85 % and 5 %.
"""

import argparse
import json
from collections import Counter
from pathlib import Path

from chatbot.tasks.translate.check import check
from chatbot.tasks.translate.files.marked import Segment

PAIRS = Path(__file__).with_name("faults.jsonl")


def flags(pair: dict[str, str], which: str) -> list[str]:
    found = check(Segment(pair["text"]), pair[which], pair["target"], source_code=pair["source"])
    return [flag.code for flag in found]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--show", action="store_true", help="what was missed, and false alarms")
    given = parser.parse_args()
    pairs = [json.loads(line) for line in PAIRS.read_text("utf-8").splitlines()]
    counts: dict[str, Counter[str]] = {"caught": Counter(), "all": Counter()}
    alarms = 0
    for pair in pairs:
        good, bad = flags(pair, "good"), flags(pair, "bad")
        counts["all"][pair["fault"]] += 1
        counts["caught"][pair["fault"]] += bool(bad)
        alarms += bool(good)
        if given.show and (good or not bad):
            print(pair["fault"], good, bad, pair["text"], "|", pair["good"] if good else pair["bad"])
    caught = sum(counts["caught"].values())
    print(
        f"caught {caught} of {len(pairs)} ({caught / len(pairs):.1%}), false alarms {alarms} ({alarms / len(pairs):.1%})"
    )
    print(*(f"{fault} {counts['caught'][fault]}/{count}" for fault, count in counts["all"].items()), sep=", ")


if __name__ == "__main__":
    main()
