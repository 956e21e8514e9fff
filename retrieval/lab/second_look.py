"""Fit the gate's second look, which holds questions that it refuses against the passages token by token.

    python -m retrieval.lab.second_look SQUAD.jsonl.gz CHINESE.jsonl.gz MODELS_FOLDER [--worlds 4] [--rows 1200] [--output retrieval/checks/gate.json]

The worlds are those of `retrieval.lab.gate_fit`, after which this is run. The regression sees only questions that share few
words with the passages, which are those that the first look is not sure of, and no figure of shared words but names and numbers:
between languages the same figures tell. Its threshold lets through `LET` of all the questions without an answer.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path

import numpy as np

from retrieval.checks.aligned import SENTENCES, said, weights
from retrieval.checks.gate import AGAIN, PARAMETERS, Gate, Model, measured
from retrieval.checks.sentences import spans
from retrieval.lab.answers import Collection
from retrieval.lab.gate_fit import ACROSS_NAMES, World, fit, read, worlds
from retrieval.search import embed
from retrieval.search.embed import Embedder, TokenStates

NAMES = (*ACROSS_NAMES, *SENTENCES)
LET = 0.03
"""Share of the questions without an answer that are shown near passages. Of XQuAD's the first look refuses 78 to 79 %, and three
in four shall stay refused."""
UNSURE = 0.5  # probability by the first look up to which a question is learnt from

Row = tuple[dict[str, float], bool]


def figures(world: World, embedder: Embedder, first: Model, limit: int) -> tuple[list[Row], list[bool]]:
    """Rows of what the first look is not sure of; and for each question without an answer whether it refuses it."""
    collection = Collection(world.paragraphs, embedder)

    @cache
    def tokens(paragraph: int) -> TokenStates:
        return embedder.tokens([world.paragraphs[paragraph]])[0]

    rows: list[Row] = []
    refused: list[bool] = []
    for question in world.questions[:limit]:
        for without in (None, question.paragraph):
            hits = collection.search(question.text, without=without)
            row = measured(question.text, hits, embedder)
            probability = first.probability(row) if row else 0.0
            if without is not None:
                refused.append(probability < first.threshold)
            if row and probability < UNSURE:
                (asked,) = embedder.tokens([question.text], question=True)
                weight = weights(question.text, asked.spans)
                found = [tokens(hit.passage.page) for hit in hits]
                told = said(weight, asked, found, [spans(hit.passage.text) for hit in hits])
                rows.append((row | told | {"first": probability}, without is None))
    return rows, refused


def again(given: Sequence[World], embedder: Embedder, first: Model, limit: int) -> Model:
    """One world in four, the last, is held out for the threshold."""
    found = [figures(world, embedder, first, limit // len(given)) for world in given]
    kept = len(found) - max(1, len(found) // 4)
    model = fit([row for rows, _ in found[:kept] for row in rows], NAMES)
    judged = [(model.probability(row), good) for rows, _ in found[kept:] for row, good in rows if _refused(row, first)]
    others = np.sort([probability for probability, good in judged if not good])
    total = sum(len(refused) for _, refused in found[kept:])
    let = round(LET * total)
    threshold = float(np.nextafter(others[-let - 1], 1))
    answerable = [probability for probability, good in judged if good]
    shown = sum(probability >= threshold for probability in answerable)
    print(
        f"  threshold {threshold:.3f} shows {let} of {len(others)} refused without an answer ({total} questions)"
        f" and {shown} of {len(answerable)} with one",
        flush=True,
    )
    return Model(model.names, model.means, model.deviations, model.weights, model.bias, threshold)


def _refused(row: dict[str, float], first: Model) -> bool:
    return row["first"] < first.threshold


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("squad", "chinese", "models"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--worlds", type=int, default=4)
    parser.add_argument("--rows", type=int, default=1200, help="questions for each of the models")
    parser.add_argument("--output", type=Path, default=PARAMETERS)
    chosen = parser.parse_args()
    embedder = embed.load("bundled", chosen.models, lambda step, fraction: None)
    known = Gate.load(embedder).models
    fitted: dict[str, Model] = {}
    for path, name in ((chosen.squad, "spaced_dense"), (chosen.chinese, "unspaced_dense")):
        print(AGAIN[name], flush=True)
        given = worlds(list(read(path)), 0)[: chosen.worlds]
        fitted[AGAIN[name]] = again(given, embedder, known[name], chosen.rows)
    put(chosen.output, embedder, fitted)


def put(path: Path, embedder: Embedder, fitted: dict[str, Model]) -> None:
    """Write what belongs to this embedder beside its other parameters."""
    stored = json.loads(path.read_text("utf-8"))
    entry = next(one for one in stored["embedders"] if one["name"] == embedder.name)
    entry["models"] |= {name: asdict(model) for name, model in fitted.items()}
    path.write_text(json.dumps(stored, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
