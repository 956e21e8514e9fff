"""Fit the thresholds of the gate's second look, which holds what it refuses against the passages as between languages.

    python -m retrieval.lab.second_look SQUAD.jsonl.gz CHINESE.jsonl.gz MODELS_FOLDER [--worlds 2] [--rows 600] [--output retrieval/checks/gate.json]

The worlds are those of `retrieval.lab.gate_fit`, after which this is run. A regression that was fitted on refused questions of one
language, with figures of single sentences, told everyday questions worse: of 12 on `gym-terms.md` it showed one, this one three (six with the same share).
"""

import argparse
import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np

from retrieval.checks.aligned import compared, weights
from retrieval.checks.gate import ACROSS, PARAMETERS, Gate, measured
from retrieval.lab.answers import Collection
from retrieval.lab.gate_fit import World, read, worlds
from retrieval.search import embed
from retrieval.search.embed import Embedder, TokenStates

LET = {"spaced_dense": 0.01, "unspaced_dense": 0.03}
"""Share of the questions without an answer that are shown near passages, by what refuses them. Of XQuAD's first 120 paragraphs, 127
questions of every language, the first look refuses 77 and 80 %; with 0.03 in English 71 would stay refused, and three in four shall."""


def looked_at(world: World, gate: Gate, embedder: Embedder, name: str, limit: int) -> list[tuple[float, bool]]:
    """(probability between languages, answerable) of the questions that the regression `name` refuses, with and without their
    paragraph."""
    collection = Collection(world.paragraphs, embedder)

    @cache
    def tokens(paragraph: int) -> TokenStates:
        return embedder.tokens([world.paragraphs[paragraph]])[0]

    found: list[tuple[float, bool]] = []
    for question in world.questions[:limit]:
        for without in (None, question.paragraph):
            hits = collection.search(question.text, without=without)
            row = measured(question.text, hits, embedder)
            if row and gate.models[name].probability(row) < gate.models[name].threshold:
                (asked,) = embedder.tokens([question.text], question=True)
                passages = [tokens(hit.passage.page) for hit in hits]
                told = compared(weights(question.text, asked.spans), asked, passages)
                found.append((gate.models[ACROSS].probability(row | told), without is None))
    return found


def threshold(judged: Sequence[tuple[float, bool]], questions: int, share: float) -> float:
    """The one that shows near passages for `share` of the questions without an answer; `judged` are those that were refused."""
    others = np.sort([probability for probability, good in judged if not good])
    let = round(share * questions)
    found = float(np.nextafter(others[-let - 1], 1))
    answerable = [probability for probability, good in judged if good]
    shown = sum(probability >= found for probability in answerable)
    print(f"  {found:.3f}: {let} of {len(others)} without an answer, {shown} of {len(answerable)} with one", flush=True)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("squad", "chinese", "models"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--worlds", type=int, default=2)
    parser.add_argument("--rows", type=int, default=600, help="questions for each of the thresholds")
    parser.add_argument("--output", type=Path, default=PARAMETERS)
    chosen = parser.parse_args()
    embedder = embed.load("bundled", chosen.models, lambda step, fraction: None)
    gate = Gate.load(embedder)
    near: dict[str, float] = {}
    for path, name in ((chosen.squad, "spaced_dense"), (chosen.chinese, "unspaced_dense")):
        given = worlds(list(read(path)), 0)[: chosen.worlds]
        limit = chosen.rows // len(given)
        judged = [one for world in given for one in looked_at(world, gate, embedder, name, limit)]
        near[name] = threshold(judged, limit * len(given), LET[name])
    put(chosen.output, embedder, near)


def put(path: Path, embedder: Embedder, near: dict[str, float]) -> None:
    """Write what belongs to this embedder beside its other parameters."""
    stored = json.loads(path.read_text("utf-8"))
    entry = next(one for one in stored["embedders"] if one["name"] == embedder.name)
    entry["near"] = near
    path.write_text(json.dumps(stored, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
