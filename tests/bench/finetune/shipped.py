"""The adapters that ship, as they are served, beside the bare model: the figures of their cards and of the README.

    python -m tests.bench.finetune.shipped answer [--languages en zh] [--reads 1 5] [--removed] --data FOLDER [--rows 300]
    python -m tests.bench.finetune.shipped summarize --data FOLDER [--rows 392]
    python -m tests.bench.finetune.shipped translate --data FOLDER [--pairs en-zh zh-en ...] [--rows 1000] [--model standard]

Rows are those that no recipe learns from, beside the repository: XQuAD's questions with the gold paragraph among the
five that a search for the question finds best, and of them what bears on the question; a tenth of SciTLDR and of MTS-Dialog, beside what their first sentences score;
Tatoeba's test pairs, those near a training sentence (0.5 and more) apart. For sentiment see tests.bench.tasks.sentiment. Both sides
answer the same rows greedily; intervals are paired bootstraps. `--removed` takes the gold paragraph out and counts who says so;
`--engine local` computes in torch; `--alone` leaves out the bare model.
"""

import argparse
import gzip
import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from chatbot.engine.base import Engine, complete
from chatbot.engine.registry import build_engine
from chatbot.settings import load
from chatbot.tasks.answer import prompt as answer_prompt
from chatbot.tasks.translate import prompt as translate_prompt
from chatbot.types import Message, Sampling
from finetune.evaluate.summarize import lead
from finetune.evaluate.translate import Row, score
from finetune.recipes import recipe
from finetune.recipes.excerpted import NOT_FOUND
from finetune.verdict.intervals import paired_interval
from finetune.verdict.metrics import exact_match, f1, rouge
from retrieval.excerpts import excerpts
from retrieval.lab.answers import Collection, Question
from retrieval.search import embed
from retrieval.types import Hit
from tests.bench.documents import xquad
from tests.finetune.chats import messages_of

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data"
PAIRS = ("en-zh", "zh-en", "en-fr", "fr-en", "en-es", "es-en", "en-de", "de-en")
NEAR = 0.5

Asked = tuple[Sequence[Message], int]
"""A prompt, and the tokens that its answer may have."""


class Sides:
    """The bare model and the adapter, asked the same."""

    def __init__(self, engine: Engine, adapter: str, *, alone: bool) -> None:
        self._engine = engine
        self._sides: dict[str, str | None] = {adapter: adapter} if alone else {"base": None, adapter: adapter}

    def answers(self, asked: Sequence[Asked]) -> dict[str, list[str]]:
        """By side, in order."""
        return {side: self._all(asked, adapter) for side, adapter in self._sides.items()}

    def _all(self, asked: Sequence[Asked], adapter: str | None) -> list[str]:
        def one(item: Asked) -> str:
            sampling = Sampling(temperature=0.0, max_tokens=item[1])
            return complete(self._engine, item[0], sampling, adapter=adapter).text.strip()

        with ThreadPoolExecutor(4) as pool:
            return list(pool.map(one, asked))


def told(name: str, *sides: Sequence[float]) -> None:
    """Means in per cent; of two sides, the difference with its interval."""
    before, after = sides[0], sides[-1]
    sure = paired_interval(before if len(sides) > 1 else [0.0] * len(after), after)
    means = [100 * sum(values) / len(values) for values in (before, after)]
    print(
        f"  {name:12} {means[0]:5.1f} -> {means[1]:5.1f}  ({100 * sure.low:+.1f} to {100 * sure.high:+.1f}), {len(after)} rows",
        flush=True,
    )


def answer(sides: Sides, given: argparse.Namespace) -> None:
    embedder = embed.load("multilingual-e5-small", given.data / "models", lambda step, fraction: None)
    for language in given.languages:
        paragraphs, questions = xquad.read(SHARED / "dev", language)
        questions = questions[:: max(1, len(questions) // given.rows)][: given.rows]
        collection = Collection(paragraphs, embedder)
        for count in given.reads:
            _answered(sides, questions, collection, f"answer, {language}, {count}", gold=not given.removed, count=count)


def _answered(
    sides: Sides, questions: Sequence[Question], collection: Collection, what: str, *, gold: bool, count: int
) -> None:
    """What of the best `count` passages bears on the question is in the prompt, as it is served."""
    shown = [excerpts(q.text, _five(collection, q, gold=gold)[:count]) for q in questions]
    found = sides.answers(
        [(answer_prompt.messages(q.text, hits), 48) for q, hits in zip(questions, shown, strict=True)]
    )
    print(f"{what} of five passages read, the gold paragraph {'among' if gold else 'not among'} the five")
    _not_found(found)
    if gold:
        for name, metric in (("EM", exact_match), ("F1", f1)):
            told(
                name,
                *([metric(a, q.answer) for a, q in zip(side, questions, strict=True)] for side in found.values()),
            )


def _five(collection: Collection, question: Question, *, gold: bool) -> list[Hit]:
    """The best five, in order; the gold paragraph takes the last place if it is not one of them."""
    if not gold:
        return collection.search(question.text, without=question.paragraph)
    hits = collection.search(question.text)
    if any(hit.passage.id == question.paragraph for hit in hits):
        return hits
    return [*hits[:4], Hit(collection.passages[question.paragraph], 0.0)]


def _not_found(found: dict[str, list[str]]) -> None:
    for side, answers in found.items():
        refused = sum(text.startswith(NOT_FOUND) for text in answers)
        print(f"  {side}: says that it is not there {100 * refused / len(answers):.1f} %")


def summarize(sides: Sides, given: argparse.Namespace) -> None:
    made = recipe.load("summarize_small" if given.model == "small" else "summarize")
    for source in (one for one in made.data if one.file in made.aside):
        kept = recipe.kept_aside(made, SHARED / "train", source.file)[: given.rows]
        asked = [(messages_of(row.prompt), 3 * len(row.answer.split()) + 24) for row in kept]
        found = sides.answers(asked)
        texts = [row.prompt[-1].content.partition("\n")[2].rpartition("\n\n")[0] for row in kept]
        own = found.popitem()[1]
        found["first sentences"] = [lead(text, len(row.answer.split())) for text, row in zip(texts, kept, strict=True)]
        for against, answers in found.items():
            print(f"summarize, {source.file}, against the {against}")
            before, after = (
                [rouge(a, row.answer) for a, row in zip(side, kept, strict=True)] for side in (answers, own)
            )
            for name in ("rouge_1", "rouge_2", "rouge_l"):
                told(name, [scores[name] for scores in before], [scores[name] for scores in after])


def translate(sides: Sides, given: argparse.Namespace) -> None:
    for pair in given.pairs:
        source, target = pair.split("-")
        other = source if target == "en" else target
        with gzip.open(SHARED / "dev" / f"mt_tatoeba_en_{other}.test.jsonl.gz", "rt", encoding="utf-8") as lines:
            records = [json.loads(line) for line in lines]
        records = records[:: max(1, len(records) // given.rows)][: given.rows]  # they are in the order of the alphabet
        rows = [Row(_all(record[source])[0], tuple(_all(record[target]))) for record in records]
        asked = [(translate_prompt.messages(row.source, source, target), len(row.source) + 40) for row in rows]
        found = sides.answers(asked)
        for name, near in (("all", None), ("far from what was learnt", False), ("near it", True)):
            places = [at for at, record in enumerate(records) if near in (None, record["near"] >= NEAR)]
            for side, answers in found.items():
                scores = score([rows[at] for at in places], [answers[at] for at in places], target)
                figures = ", ".join(f"{metric} {one['score']} {one['interval']}" for metric, one in scores.items())
                print(f"translate {pair}, {name}, {len(places)} rows, {side}: {figures}", flush=True)


def _all(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


MEASURES: dict[str, Callable[[Sides, argparse.Namespace], None]] = {
    "answer": answer,
    "summarize": summarize,
    "translate": translate,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=sorted(MEASURES))
    parser.add_argument("--data", type=Path, required=True, help="a data folder that has the bundled model")
    parser.add_argument("--adapter", help="default: the one named like the task")
    parser.add_argument("--engine", default="auto")
    parser.add_argument("--model", default="small")
    parser.add_argument("--alone", action="store_true")
    parser.add_argument("--removed", action="store_true")
    parser.add_argument("--rows", type=int, default=400, help="at most, of each set")
    parser.add_argument("--reads", type=int, nargs="+", default=[1, 5], help="passages in the prompt")
    parser.add_argument(
        "--languages", nargs="+", default=["en"], help="of XQuAD, such as en, zh, zh-en (asked in Chinese)"
    )
    parser.add_argument("--pairs", nargs="+", choices=PAIRS, default=PAIRS)
    given = parser.parse_args()
    engine = build_engine(
        load(["--data", str(given.data), "--engine", given.engine, "--model", given.model], {}),
        lambda step, fraction: None,
    )
    try:
        MEASURES[given.task](Sides(engine, given.adapter or given.task, alone=given.alone), given)
    finally:
        engine.close()


if __name__ == "__main__":
    main()
