"""Answers from whole passages and from what of them bears on the question: how good, how many tokens, how soon.

    python -m tests.bench.documents.excerpts XQUAD_FOLDER MODEL.gguf [--languages en zh] [--questions 60]

Five passages found by their words, the prompt of the app, greedy answers of at most 64 tokens. Printed are the
share of answers that hold the expected words, F1 with them, the median of prompt tokens and of seconds to the first token.
"""

import argparse
import gzip
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from chatbot.engine.llamacpp import waiting
from chatbot.tasks.answer.prompt import messages
from chatbot.types import Message, Sampling
from finetune.verdict.metrics import f1
from retrieval.excerpts import excerpts
from retrieval.lab.answers import Collection
from retrieval.types import Hit

WAYS: dict[str, Callable[[str, Sequence[Hit]], Sequence[Hit]]] = {
    "whole": lambda question, hits: hits,
    "excerpts": excerpts,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("xquad", type=Path)
    parser.add_argument("gguf", type=Path)
    parser.add_argument("--languages", nargs="+", default=["en", "zh"])
    parser.add_argument("--questions", type=int, default=60)
    chosen = parser.parse_args()
    waiting.settle()
    from chatbot.engine.llamacpp.engine import LlamaCppEngine

    with tempfile.TemporaryDirectory() as cache:
        engine = LlamaCppEngine(chosen.gguf, name="m", adapters=list, cache=Path(cache), context=4096, slots=1)
        for language in chosen.languages:
            measure(engine, chosen.xquad, language, chosen.questions)
        engine.close()


def measure(engine: Any, xquad: Path, language: str, most: int) -> None:
    paragraphs = [row for row in lines(xquad, "paragraphs") if row["lang"] == language]
    collection = Collection([row["context"] for row in paragraphs], None)
    asked = [row for row in lines(xquad, "questions") if row["lang"] == language]
    rows = asked[:: max(1, len(asked) // most)]
    # One way after the other: in turn, each would find the beginning of the other's prompt in the cache.
    for name, way in WAYS.items():
        found = []
        for row in rows:
            hits = collection.search(row["question"])
            found.append(answered(engine, messages(row["question"], way(row["question"], hits)), row["answers"][0]))
        holds, same, tokens, first = zip(*found, strict=True)
        print(
            f"{language} {name:9}{len(found)} questions: {100 * statistics.mean(holds):.1f} % hold the answer, F1 {100 * statistics.mean(same):.1f}, "
            f"{statistics.median(tokens):.0f} tokens, first after {statistics.median(first):.2f} s",
            flush=True,
        )


def answered(engine: Any, asked: Sequence[Message], gold: str) -> tuple[float, float, float, float]:
    start, first, text = time.perf_counter(), 0.0, ""
    for chunk in engine.stream(asked, Sampling(temperature=0.0, max_tokens=64)):
        first = first or (time.perf_counter() - start if chunk.tokens else 0.0)
        text += chunk.text
    return float(gold.lower() in text.lower()), f1(text, gold), engine.count_prompt(asked), first


def lines(folder: Path, name: str) -> list[dict[str, Any]]:
    with gzip.open(folder / f"xquad12.{name}.jsonl.gz", "rt", encoding="utf-8") as rows:
        return [json.loads(row) for row in rows]


if __name__ == "__main__":
    main()
