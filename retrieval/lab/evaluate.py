"""How well passages are found, citations point and questions without an answer are refused, by language.

    python -m retrieval.lab.evaluate --paragraphs P.jsonl.gz --questions Q.jsonl.gz [--languages en,zh] [--most 200] [--json]

A line of P is {"pid", "context", "lang"}, a line of Q {"pid", "question", "lang"} with "answers", a list of one or more, where
citations and refusals are to be judged: the question is answered by the paragraph of its language and pid, and as the
language "zh-en", with Chinese questions and English paragraphs, by that of the pid alone; then only the ranking is told.

nDCG@10 is that of the words, of the vectors, and of both as the app fuses them; paragraphs are split as the app does, and one
stands where its best passage does. A citation is what the program cites for the first of the answers, out of the five best
paragraphs: it is right where its span, in its paragraph, holds the answer. Refused is what the gate refuses with the
paragraph in the collection, and with it taken out.
"""

import argparse
import gzip
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from chatbot.common.errors import BanyanError, UsageError
from retrieval.checks.gate import Gate
from retrieval.lab.answers import Collection, Question, citations, refusal
from retrieval.search.embed import Embedder, load
from retrieval.search.fuse import knows
from retrieval.search.index import Index
from retrieval.search.vectors import VectorIndex
from retrieval.text.split import split
from retrieval.types import Page

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
class Answering:
    """Shares of questions, or of what is cited, in percent."""

    cited_precision: float
    cited_recall: float
    refused_answerable: float
    refused_others: float


def retrieval(language: str, paragraphs: Sequence[str], questions: Sequence[Question], embedder: Embedder) -> Figures:
    parts = [(n, passage.text) for n, text in enumerate(paragraphs) for passage in split([Page(1, text)])]
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
            gains[half].append(_gain([parts[id][0] for id in ids], question.paragraph))
    means = {half: round(100 * float(np.mean(values)), 2) for half, values in gains.items()}
    return Figures(language, len(questions), **means, asked=round(asked / len(questions), 3))


def answering(paragraphs: Sequence[str], questions: Sequence[Question], embedder: Embedder) -> Answering | None:
    """None where no question says its answer."""
    told = [question for question in questions if question.answer]
    if not told:
        return None
    collection = Collection(paragraphs, embedder)
    pointing = citations(collection, told, lambda question: question.answer)
    refused = refusal(collection, told, Gate.load(embedder))
    shares = pointing.precision, pointing.recall, refused.wrongly_refused, refused.rightly_refused
    return Answering(*(round(100 * share, 1) for share in shares))


def read(paragraphs: Path, questions: Path, language: str) -> tuple[list[str], list[Question]]:
    """Those of one language, or with "zh-en" the questions of one and the paragraphs of another, without answers. Where a
    paragraph has the answer once, that is its place; elsewhere `start` is -1.

    Raises `UsageError` for a line that cannot be used.
    """
    asked, _, other = language.partition("-")
    written = other or asked
    texts = {str(row["pid"]): str(row["context"]) for row in _rows(paragraphs, "context") if row["lang"] == written}
    place = {pid: number for number, pid in enumerate(texts)}
    found = []
    for row in _rows(questions, "question"):
        if row["lang"] != asked:
            continue
        pid, answer = str(row["pid"]), "" if other else str(next(iter(row.get("answers") or []), ""))
        if pid not in texts:
            raise UsageError(f"{questions} asks of paragraph {pid!r} ({written}), which {paragraphs} does not have.")
        once = bool(answer) and texts[pid].count(answer) == 1
        found.append(Question(row["question"], place[pid], answer, texts[pid].find(answer) if once else -1))
    return list(texts.values()), found


def languages(questions: Path) -> list[str]:
    return sorted({row["lang"] for row in _rows(questions, "question")})


def _gain(ranking: Sequence[int], gold: int) -> float:
    """nDCG with one right answer: 1 / log2(1 + rank)."""
    order = list(dict.fromkeys(ranking))[:DEPTH]
    return 1 / float(np.log2(2 + order.index(gold))) if gold in order else 0.0


def _rows(path: Path, *fields: str) -> Iterator[dict[str, Any]]:
    opener = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                row = json.loads(line)
                if missing := [field for field in ("pid", "lang", *fields) if field not in row]:
                    raise UsageError(f"{path}, line {number} lacks {' and '.join(missing)}.")
                yield row
    except (OSError, ValueError, TypeError) as error:
        raise UsageError(f"{path} cannot be read as JSONL: {error}.") from error


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m retrieval.lab.evaluate",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--paragraphs", type=Path, required=True, help="JSONL, gzipped or not")
    parser.add_argument("--questions", type=Path, required=True, help="JSONL, gzipped or not")
    parser.add_argument("--languages", default="", help="such as en,zh,zh-en; all when left out")
    parser.add_argument("--most", type=int, default=0, help="so many questions of each language, evenly; 0: all")
    parser.add_argument("--embedder", default="bundled", help="bundled, a folder or a hub id")
    parser.add_argument("--models", type=Path, default=Path("data/models"), help="where fetched models are kept")
    parser.add_argument("--json", action="store_true", help="one JSON object a language")
    options = parser.parse_args(arguments)
    try:
        embedder = load(options.embedder, options.models, lambda step, fraction: print(step, file=sys.stderr))
        for language in options.languages.split(",") if options.languages else languages(options.questions):
            paragraphs, questions = read(options.paragraphs, options.questions, language)
            if options.most > 0:
                questions = questions[:: max(1, len(questions) // options.most)][: options.most]
            if not questions:
                raise UsageError(f"{options.questions} has no questions in {language!r}.")
            figures = retrieval(language, paragraphs, questions, embedder)
            report(figures, answering(paragraphs, questions, embedder), as_json=options.json)
    except BanyanError as error:
        print(f"evaluate: {error}", file=sys.stderr)
        return 2
    return 0


def report(figures: Figures, answers: Answering | None, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(asdict(figures) | (asdict(answers) if answers else {})), flush=True)
        return
    print(
        f"{figures.language}: {figures.questions} questions, nDCG@10 words {figures.lexical:.2f}, vectors {figures.dense:.2f}, "
        f"fused {figures.fused:.2f} (vectors asked for {figures.asked:.1%})"
    )
    if answers:
        print(
            f"    citations: precision {answers.cited_precision:.1f} %, recall {answers.cited_recall:.1f} %; refused: "
            f"{answers.refused_answerable:.1f} % of the answerable, {answers.refused_others:.1f} % with their paragraph gone"
        )
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
