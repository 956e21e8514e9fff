"""Tables out of texts: how many fields are exactly right, and how many of the values shown are invented or of another thing.

python -m tests.bench.tasks.extract --data FOLDER [--model M] [--every N] [--only "new zh, many"] [--show]

`extract_texts.jsonl` beside this file holds 86 texts of our own with their fields and 136 records: "a|b" are two ways to say it right,
"a;b" is a list, "" is not said; those of the part "new" are younger than the checks, of "unseen" than all rules. Invented is a value that does not stand
at its place in the text.
"""

import argparse
import json
import time
from collections import Counter
from pathlib import Path
from typing import Any

from chatbot.engine.base import Engine
from chatbot.engine.registry import build_engine
from chatbot.settings import load
from chatbot.tasks.extract.fields import parse
from chatbot.tasks.extract.find import folded
from chatbot.tasks.extract.record import Cell, Extraction, Record
from chatbot.tasks.extract.text import of_typed
from chatbot.tasks.extract.work import extract

TEXTS = Path(__file__).with_name("extract_texts.jsonl")
Case = dict[str, Any]


def found(engine: Engine, case: Case) -> Extraction:
    *_, last = extract(engine, [of_typed(case["text"])], parse(case["fields"]), rows=case["rows"])
    assert isinstance(last, Extraction)
    return last


def right(cell: Cell, wanted: str) -> bool:
    said = sorted(folded(value.text).text for value in cell)
    return any(said == sorted(folded(one).text for one in way.split(";") if one) for way in wanted.split("|"))


def matching(case: Case, given: Extraction) -> list[tuple[dict[str, str], Record | None]]:
    """Each record that is wanted with the one that is called the same; a single one with the only one there is."""
    first = given.fields[0].name
    if case["rows"] == "one":
        return [(case["records"][0], given.records[0] if given.records else None)]
    named = [(want, [one for one in given.records if right(one.cells[0], want[first])]) for want in case["records"]]
    return [(want, same[0] if same else None) for want, same in named]


def counted(case: Case, given: Extraction) -> Counter[str]:
    count: Counter[str] = Counter()
    for want, have in matching(case, given):
        for n, field in enumerate(given.fields):
            cell = have.cells[n] if have else ()
            count["fields"] += 1
            count["right"] += right(cell, want[field.name])
            count["unsaid"] += not want[field.name]
            count["unsaid, yet filled"] += bool(cell and not want[field.name])
    values = [value for record in given.records for cell in record.cells for value in cell]
    count["values"] = len(values)
    count["invented"] = sum(folded(case["text"][v.start : v.end]).text != folded(v.text).text for v in values)
    count["records"] = len(case["records"])
    count["records too many"] = max(0, len(given.records) - len(case["records"]))
    return count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", default="standard")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--only", default="")
    parser.add_argument("--show", action="store_true")
    given = parser.parse_args()
    settings = load(
        ["--data", str(given.data), "--model", given.model, "--engine", "llamacpp", "--context", "4096"], {}
    )
    engine = build_engine(settings, lambda step, fraction: None)
    cases = [json.loads(line) for line in TEXTS.read_text("utf-8").splitlines()][:: given.every]
    sums: dict[str, Counter[str]] = {}
    for case in cases:
        kind = f"{case.get('part', 'first')} {case['language']}, {case['rows']}"
        if kind.startswith(given.only):
            begin = time.monotonic()
            table = found(engine, case)
            count = counted(case, table) + Counter(texts=1)
            sums.setdefault(kind, Counter()).update(count)
            if given.show:
                print(
                    f"{time.monotonic() - begin:.0f} s {count['right']} of {count['fields']}: {case['text'][:30]!r}",
                    flush=True,
                )
                for record in table.records:
                    print("   ", [[v.text for v in cell] for cell in record.cells], flush=True)
    for name, sum_ in sums.items():
        print(f"{name}: {sum_['right'] / max(1, sum_['fields']):.1%}", dict(sum_))
    engine.close()


if __name__ == "__main__":
    main()
