"""Summaries by the bundled model, by the text's own sentences alone and by its first ones: ROUGE, length, and what is the model's.

python -m tests.bench.tasks.summaries --data FOLDER --shared ../shared/data [--rows 12]

Dialogues (DialogSum) and abstracts (SciTLDR) have references; of a Word document and a filing only the length and the time
count, and how soon a summary is there after Stop.
"""

import argparse
import gzip
import json
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event

from chatbot.engine.base import Engine
from chatbot.engine.registry import build_engine
from chatbot.engine.scripted import ScriptedEngine
from chatbot.settings import load
from chatbot.tasks.summarize.check import Summary
from chatbot.tasks.summarize.text import Text, of_file, of_typed
from chatbot.tasks.summarize.work import LENGTHS, Working, summarize
from finetune.evaluate.summarize import lead
from finetune.verdict.metrics import rouge

SETS = (
    ("dialogues", "dev/dialogsum.dev.jsonl.gz", "dialogue", "summary"),
    ("abstracts", "train/scitldr.train.jsonl.gz", "document", "summary"),
)
CHINESE = "train/csl_zh_title.train.jsonl.gz"
FILES = ("test.docx", "2022 Q3 AAPL.pdf")


def pairs(path: Path, text: str, summary: str, count: int) -> Iterator[tuple[str, str]]:
    """`count` rows from all over the file."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    for row in rows[:: max(1, len(rows) // count)][:count]:
        yield row[text], row[summary] if isinstance(row[summary], str) else row[summary][0]


def finished(engine: Engine, text: Text, length: str) -> Summary:
    last = list(summarize(engine, text, length=length))[-1]
    assert isinstance(last, Summary)
    return last


def kept(summary: Summary) -> bool:
    return abs(summary.size - summary.wanted) <= 0.25 * summary.wanted


def against_references(engine: Engine, shared: Path, count: int) -> None:
    silent = ScriptedEngine(lambda messages: "", model="SmolLM2-135M", context_window=engine.context_window)
    for name, file, text, summary in SETS:
        found: dict[str, list[float]] = {"with the model": [], "own sentences": [], "first sentences": []}
        lengths, lines, written = 0, 0, 0
        for source, reference in pairs(shared / file, text, summary, count):
            one = finished(engine, of_typed(source), "short")
            other = finished(silent, of_typed(source), "short")
            answers = (one.text, other.text, lead(source, one.wanted))
            for scores, answer in zip(found.values(), answers, strict=True):
                scores.append(rouge(answer, reference)["rouge_l"])
            lengths += kept(one)
            lines += len(one.sentences)
            written += sum(not line.quoted for line in one.sentences)
        told = ", ".join(f"{who} {sum(scores) / len(scores):.3f}" for who, scores in found.items())
        total = len(found["own sentences"])
        print(f"{name}: ROUGE-L {told}; length kept {lengths} of {total}; the model's {written} of {lines} sentences")


def quoted_lengths(engine: Engine, shared: Path) -> None:
    """Abstracts of a few long sentences in a language that the model does not know."""
    sources = [source for source, _ in pairs(shared / CHINESE, "abstract", "title", 60)]
    for length in LENGTHS:
        found = [finished(engine, of_typed(source), length) for source in sources]
        print(f"Chinese abstracts, {length}: length kept {sum(map(kept, found))} of {len(found)}")


def files(engine: Engine, shared: Path) -> None:
    for name in FILES[:1]:
        text = of_file(shared / "docs" / name, name)
        for length in LENGTHS:
            begin = time.perf_counter()
            one = finished(engine, text, length)
            seconds = time.perf_counter() - begin
            print(f"{name}, {length}: {one.size} of {one.wanted} words wanted, {one.words} read in {seconds:.1f} s")


def stopping(engine: Engine, shared: Path) -> None:
    stop, begin = Event(), 0.0
    name = FILES[-1]
    for step in summarize(engine, of_file(shared / "docs" / name, name), stop=stop):
        if isinstance(step, Working) and step.done >= 2 and not stop.is_set():
            stop.set()
            begin = time.perf_counter()
    assert isinstance(step, Summary)
    print(f"Stop: a summary of {step.reached} of {step.of} sections after {time.perf_counter() - begin:.2f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=12, help="of each set")
    arguments = parser.parse_args()
    engine = build_engine(load(["--data", str(arguments.data)], {}), lambda step, fraction: None)
    stopping(engine, arguments.shared)
    against_references(engine, arguments.shared, arguments.rows)
    quoted_lengths(engine, arguments.shared)
    files(engine, arguments.shared)
    engine.close()


if __name__ == "__main__":
    main()
