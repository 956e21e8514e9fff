"""How well passages are found, by language: nDCG@10 of the words, of the vectors, and of both as the app fuses them.

    python -m retrieval.evaluate --paragraphs P.jsonl.gz --questions Q.jsonl.gz [--languages en,zh] [--json]

A line of P is {"pid", "context", "lang"}, a line of Q {"pid", "question", "lang"}: the question is answered by the paragraph
of its language and pid. Paragraphs are split as the app does; a paragraph stands where its best passage does.
"""

import argparse
import gzip
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from retrieval.embed import Embedder, load
from retrieval.fuse import knows
from retrieval.index import Index
from retrieval.split import split
from retrieval.types import Page
from retrieval.vectors import VectorIndex

DEPTH = 10  # of the ranking that is judged


@dataclass(frozen=True, slots=True)
class Figures:
    """nDCG@10 in percent. `asked` is the share of questions for which the dense half counted."""

    language: str
    questions: int
    lexical: float
    dense: float
    fused: float
    asked: float


@dataclass(frozen=True, slots=True)
class Question:
    text: str
    gold: str  # the pid of its paragraph


def retrieval(language: str, paragraphs: dict[str, str], questions: Sequence[Question], embedder: Embedder) -> Figures:
    """Figures over `paragraphs`, text by pid."""
    parts = [(pid, passage.text) for pid, text in paragraphs.items() for passage in split([Page(1, text)])]
    texts = [text for _, text in parts]
    index = Index(vectors=VectorIndex(embedder.dimension))
    index.add(np.arange(len(texts)), texts, embedder.passages(texts))
    vectors = embedder.queries([question.text for question in questions])
    gains: dict[str, list[float]] = {"lexical": [], "dense": [], "fused": []}
    asked = 0
    for question, vector in zip(questions, vectors, strict=True):
        counts = knows(embedder.languages, question.text)
        asked += counts
        rankings = {
            "lexical": [found.id for found in index.search(question.text, None, 4 * DEPTH)],
            "dense": index.vectors.search(vector, 4 * DEPTH)[0].tolist() if index.vectors else [],
            "fused": [found.id for found in index.search(question.text, vector if counts else None, 4 * DEPTH)],
        }
        for half, ids in rankings.items():
            gains[half].append(_gain([parts[id][0] for id in ids], question.gold))
    means = {half: round(100 * float(np.mean(values)), 2) for half, values in gains.items()}
    return Figures(language, len(questions), **means, asked=round(asked / len(questions), 3))


def _gain(ranking: Sequence[str], gold: str) -> float:
    """nDCG with one right answer: 1 / log2(1 + rank)."""
    order = list(dict.fromkeys(ranking))[:DEPTH]
    return 1 / float(np.log2(2 + order.index(gold))) if gold in order else 0.0


def _rows(path: Path) -> list[dict[str, Any]]:
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m retrieval.evaluate", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--paragraphs", type=Path, required=True, help="JSONL, gzipped or not")
    parser.add_argument("--questions", type=Path, required=True, help="JSONL, gzipped or not")
    parser.add_argument("--languages", default="", help="such as en,zh; all when left out")
    parser.add_argument("--embedder", default="bundled", help="bundled, a folder or a hub id")
    parser.add_argument("--models", type=Path, default=Path("data/models"), help="where fetched models are kept")
    parser.add_argument("--json", action="store_true", help="one JSON object a language")
    options = parser.parse_args(arguments)
    embedder = load(options.embedder, options.models, lambda step, fraction: print(step, file=sys.stderr))
    paragraphs, questions = _rows(options.paragraphs), _rows(options.questions)
    languages = options.languages.split(",") if options.languages else sorted({row["lang"] for row in questions})
    if not options.json:
        print("language  questions  lexical   dense   fused  dense asked")
    for language in languages:
        texts = {row["pid"]: row["context"] for row in paragraphs if row["lang"] == language}
        asked = [Question(row["question"], row["pid"]) for row in questions if row["lang"] == language]
        figures = retrieval(language, texts, asked, embedder)
        if options.json:
            print(json.dumps(asdict(figures)), flush=True)
        else:
            print(
                f"{language:8}  {figures.questions:9}  {figures.lexical:7.2f} {figures.dense:7.2f} {figures.fused:7.2f}"
                f"  {figures.asked:11.1%}",
                flush=True,
            )


if __name__ == "__main__":
    main()
