"""Fit the weights by which sentences are quoted, and write them beside `retrieval.checks.extract`.

    python -m retrieval.lab.extract_fit SQUAD.jsonl.gz CHINESE.jsonl.gz [--rows 2000]

The files and their closed worlds are those of `retrieval.lab.gate_fit`. Each question is searched in its world by keywords; the
likelihood is that of any sentence which holds the answer, among all sentences of the five best passages. One world in four
is held out, and what is printed is measured there.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy import optimize

from retrieval.checks.extract import ENOUGH, PARAMETERS, Ranker, rankers
from retrieval.checks.quotable import FIGURES, Figures, figures
from retrieval.lab.answers import Collection, extracts, holds
from retrieval.lab.gate_fit import World, read, worlds

RIDGE = 1.0
Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Choice:
    """One question: its sentences' figures [sentences, figures] and which of them hold the answer, at least one."""

    table: Figures
    right: npt.NDArray[np.bool_]


def choices(world: World, limit: int) -> list[Choice]:
    """Of at most `limit` questions, those whose answer can be quoted."""
    collection = Collection(world.paragraphs, None)
    made = []
    for question in world.questions[:limit]:
        hits = collection.search(question.text)
        found, table = figures(question.text, hits)
        right = [holds(hits[s.passage].passage, s.start, s.end, question) for s in found]
        made.append(Choice(table, np.array(right, bool)))
    return [choice for choice in made if choice.right.any() and choice.table.any()]


def fit(given: Sequence[Choice]) -> Ranker:
    """Ridge-penalised maximum likelihood."""
    table = np.vstack([choice.table for choice in given])
    right = np.concatenate([choice.right for choice in given])
    means, deviations = table.mean(0), table.std(0) + 1e-9
    design = (table - means) / deviations
    sizes = np.array([len(choice.right) for choice in given])
    starts, owner = np.cumsum(sizes) - sizes, np.repeat(np.arange(len(given)), sizes)

    def loss(weights: Array) -> tuple[float, Array]:
        utility = design @ weights
        odds = np.exp(utility - np.maximum.reduceat(utility, starts)[owner])
        every, good = np.add.reduceat(odds, starts), np.add.reduceat(odds * right, starts) + 1e-300
        gradient = design.T @ (odds / every[owner] - odds * right / good[owner]) + RIDGE * weights
        return float(np.log(every / good).sum() + RIDGE * weights @ weights / 2), gradient

    found = optimize.minimize(loss, np.zeros(len(FIGURES)), jac=True, method="L-BFGS-B")
    return Ranker(tuple(means.tolist()), tuple(deviations.tolist()), tuple(found.x.tolist()))


def fitted(name: str, given: Sequence[World], limit: int) -> Ranker:
    kept = len(given) - max(1, len(given) // 4)
    rows = [choice for world in given[:kept] for choice in choices(world, limit // len(given))]
    ranker = fit(rows)
    print(f"{name}: fitted to {len(rows)} questions", flush=True)
    return ranker


def stored(ranker: Ranker) -> dict[str, dict[str, float]]:
    """By figure, as `retrieval.checks.extract.rankers` reads it."""
    columns = zip(FIGURES, ranker.means, ranker.deviations, ranker.weights, strict=True)
    return {name: {"mean": mean, "deviation": deviation, "weight": weight} for name, mean, deviation, weight in columns}


def told(name: str, given: Sequence[World], limit: int) -> None:
    """What the weights in use do on the worlds held out."""
    for world in given[len(given) - max(1, len(given) // 4) :]:
        questions, collection = world.questions[: limit // len(given)], Collection(world.paragraphs, None)
        for most, enough in ((1, 1.0), (2, 1.0), (4, ENOUGH)):
            made = extracts(collection, questions, most, enough=enough)
            print(
                f"  {name}, {made.questions} questions held out, at most {most} until {enough:.0%}: recall {made.recall:.1%}, "
                f"precision {made.precision:.1%}, {made.quotes / made.questions:.2f} quotes, {made.length:.0f} characters"
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("squad", type=Path)
    parser.add_argument("chinese", type=Path)
    parser.add_argument("--rows", type=int, default=2000, help="questions for each of the two models")
    chosen = parser.parse_args()
    given = {
        "spaced": worlds(list(read(chosen.squad)), 0),
        "unspaced": worlds(list(read(chosen.chinese)), 0),
    }
    models = {name: stored(fitted(name, made, chosen.rows)) for name, made in given.items()}
    PARAMETERS.write_text(json.dumps(models, indent=1) + "\n", "utf-8")
    rankers.cache_clear()
    for name, made in given.items():
        told(name, made, chosen.rows)


if __name__ == "__main__":
    main()
