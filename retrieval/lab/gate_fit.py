"""Fit the gate's parameters and write them beside it.

    python -m retrieval.lab.gate_fit SQUAD.jsonl.gz CHINESE.jsonl.gz MODELS_FOLDER [--rows 2000] [--output retrieval/checks/gate.json]

SQUAD has a question, its context, its title (the article) and "answerable" in each line; CHINESE needs no title. Both
become closed worlds: collections of 240 paragraphs, five neighbours of each of 48 articles, in which each question is asked
twice: as it is, and with its paragraph taken out, so that the nearest paragraphs left are of the same article.
"""

import argparse
import gzip
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from retrieval.checks.answerable import DENSE, LEXICAL, features
from retrieval.checks.gate import PARAMETERS, Model, value
from retrieval.lab.answers import Collection, Question
from retrieval.search import embed
from retrieval.search.embed import Embedder

ARTICLES, NEIGHBOURS = 48, 5
RIDGE = 1.0
REFUSED = 0.79  # share of the unanswerable questions to refuse in fitting: some room above the promised 75 %
SQUARED = ("near", "sentence", "passage", "gap", "grams", "grams_gap", "cosine")
Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class World:
    """`articles` numbers the article of each paragraph."""

    paragraphs: list[str]
    questions: list[Question]
    articles: list[int]


def read(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from (json.loads(line) for line in lines)


def worlds(rows: Sequence[dict[str, Any]], seed: int) -> list[World]:
    """Disjoint in articles. Rows without a title are taken in the order of the file, where neighbours share articles."""
    asked: dict[str, list[dict[str, Any]]] = {}
    articles: dict[str, list[str]] = {}
    for number, row in enumerate(row for row in rows if row.get("answerable", True)):
        context = row["context"]
        if context not in asked:
            articles.setdefault(row.get("title") or f"{number // 40}", []).append(context)
        asked.setdefault(context, []).append(row)
    draw = random.Random(seed)  # noqa: S311 - which worlds are drawn is no secret
    titles = sorted(articles)
    draw.shuffle(titles)
    groups = [titles[i : i + ARTICLES] for i in range(0, len(titles) - ARTICLES + 1, ARTICLES)]
    return [_world([articles[title] for title in group], asked, draw) for group in groups]


def _world(articles: Sequence[Sequence[str]], asked: dict[str, list[dict[str, Any]]], draw: random.Random) -> World:
    paragraphs: list[str] = []
    numbers: list[int] = []
    for number, article in enumerate(articles):
        start = draw.randrange(max(1, len(article) - NEIGHBOURS + 1))
        paragraphs += article[start : start + NEIGHBOURS]
        numbers += [number] * len(article[start : start + NEIGHBOURS])
    questions = [
        Question(row["question"], n, row["answers"][0], row.get("answer_start", [-1])[0])
        for n, paragraph in enumerate(paragraphs)
        for row in asked[paragraph]
    ]
    draw.shuffle(questions)
    return World(paragraphs, questions, numbers)


def figures(world: World, embedder: Embedder | None, limit: int) -> list[tuple[dict[str, float], bool]]:
    """(figures, answerable) of at most `limit` questions, each asked with and without its paragraph."""
    collection = Collection(world.paragraphs, embedder)
    made = [
        (features(question.text, collection.search(question.text, without=without)), without is None)
        for question in world.questions[:limit]
        for without in (None, question.paragraph)
    ]
    return [(row, answerable) for row, answerable in made if row]


def fit(rows: Sequence[tuple[dict[str, float], bool]], names: Sequence[str]) -> Model:
    """Ridge-penalised maximum likelihood by Newton's method (IRLS)."""
    table = np.array([[value(row, name) for name in names] for row, _ in rows])
    labels = np.array([float(answerable) for _, answerable in rows])
    means, deviations = table.mean(0), table.std(0) + 1e-9
    design = np.hstack([(table - means) / deviations, np.ones((len(table), 1))])
    weights = np.zeros(design.shape[1])
    penalty = RIDGE * np.eye(len(weights))
    penalty[-1, -1] = 0
    for _ in range(30):
        probability = 1 / (1 + np.exp(-design @ weights))
        slope = design.T @ (labels - probability) - penalty @ weights
        curvature = (design * (probability * (1 - probability))[:, None]).T @ design + penalty
        weights += np.linalg.solve(curvature, slope)
    return Model(
        tuple(names),
        tuple(means.tolist()),
        tuple(deviations.tolist()),
        tuple(weights[:-1].tolist()),
        float(weights[-1]),
        0.5,
    )


def with_threshold(model: Model, held_out: Sequence[tuple[dict[str, float], bool]]) -> Model:
    """The threshold that refuses `REFUSED` of the unanswerable questions of worlds that the weights have not seen.

    Set from that side because it carries over better: how well answerable questions share their passage's words differs
    much between data sets, and less so how little the others do.
    """
    answerable = np.array([model.probability(row) for row, good in held_out if good])
    others = np.array([model.probability(row) for row, good in held_out if not good])
    threshold = float(np.nextafter(np.quantile(others, REFUSED), 1))  # questions that score just this are refused too
    wrongly = float(np.mean(answerable < threshold))
    print(
        f"  threshold {threshold:.3f} refuses {REFUSED:.1%} of the unanswerable and {wrongly:.1%} of the others",
        flush=True,
    )
    return Model(model.names, model.means, model.deviations, model.weights, model.bias, threshold)


def fitted(name: str, given: Sequence[World], embedder: Embedder | None, limit: int) -> Model:
    """One world in four is held out for the threshold."""
    rows = [figures(world, embedder, limit // len(given)) for world in given]
    kept = len(rows) - max(1, len(rows) // 4)
    lexical = [*LEXICAL, *(f"{n}^2" for n in SQUARED if n in LEXICAL)]
    names = [*lexical, *DENSE, "cosine^2"] if embedder else lexical
    train = [row for world in rows[:kept] for row in world]
    held_out = [row for world in rows[kept:] for row in world]
    print(f"{name}: {len(train)} rows to fit, {len(held_out)} held out")
    return with_threshold(fit(train, names), held_out)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("squad", type=Path)
    parser.add_argument("chinese", type=Path)
    parser.add_argument("models", type=Path)
    parser.add_argument("--rows", type=int, default=2000, help="questions for each of the three models")
    parser.add_argument("--output", type=Path, default=PARAMETERS)
    chosen = parser.parse_args()
    embedder = embed.load("bundled", chosen.models, lambda step, fraction: None)
    english, chinese = worlds(list(read(chosen.squad)), 0), worlds(list(read(chosen.chinese)), 0)
    models = {
        "spaced_dense": fitted("spaced_dense", english, embedder, chosen.rows),
        "spaced": fitted("spaced", english, None, chosen.rows),
        "unspaced": fitted("unspaced", chinese, None, chosen.rows),
    }
    stored = {"fingerprint": embedder.fingerprint, "models": {name: asdict(model) for name, model in models.items()}}
    chosen.output.write_text(json.dumps(stored, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
