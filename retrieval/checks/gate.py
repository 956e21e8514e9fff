"""Decides, before anything is written, whether the passages found answer the question at all.

A logistic regression over `retrieval.checks.answerable`, fitted by `python -m retrieval.lab.gate_fit` on questions whose own
paragraph was left in the collection or taken out of it. Its parameters lie beside it with the fingerprint of the embedder
whose cosines they were fitted to; under another embedder, or none, the lexical figures decide alone.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from math import exp
from pathlib import Path
from typing import Any

from retrieval.checks.answerable import features
from retrieval.text.words import is_dense
from retrieval.types import Hit

PARAMETERS = Path(__file__).with_name("gate.json")


@dataclass(frozen=True, slots=True)
class Model:
    """One logistic regression. `weights` belong to standardised figures and, by "name^2", to their squares."""

    names: tuple[str, ...]
    means: tuple[float, ...]
    deviations: tuple[float, ...]
    weights: tuple[float, ...]
    bias: float
    threshold: float  # the probability under which a question is refused

    def probability(self, figures: dict[str, float]) -> float:
        total = self.bias
        for name, mean, deviation, weight in zip(self.names, self.means, self.deviations, self.weights, strict=True):
            total += weight * (value(figures, name) - mean) / deviation
        return 1 / (1 + exp(-max(-30.0, min(30.0, total))))


def value(figures: dict[str, float], name: str) -> float:
    return figures[name[:-2]] ** 2 if name.endswith("^2") else figures[name]


@dataclass(frozen=True, slots=True)
class Judgement:
    """`probability` that the passages answer the question; `model` names the parameters that decided."""

    answered: bool
    probability: float
    threshold: float
    model: str


class Gate:
    def __init__(self, models: dict[str, Model], fingerprint: str) -> None:
        self.models = models
        self.fingerprint = fingerprint

    @classmethod
    def load(cls, path: Path = PARAMETERS) -> "Gate":
        stored: dict[str, Any] = json.loads(path.read_text("utf-8"))
        models = {
            name: Model(
                tuple(model["names"]),
                tuple(model["means"]),
                tuple(model["deviations"]),
                tuple(model["weights"]),
                model["bias"],
                model["threshold"],
            )
            for name, model in stored["models"].items()
        }
        return cls(models, stored["fingerprint"])

    def judge(self, question: str, hits: Sequence[Hit], *, fingerprint: str | None = None) -> Judgement:
        """`hits` best first, of one search; `fingerprint` of the embedder that gave their cosines.

        No hits, or a question without a word of content, is not answered.
        """
        figures = features(question, hits)
        name = self._choose(question, figures, fingerprint)
        model = self.models[name]
        probability = model.probability(figures) if figures else 0.0
        return Judgement(probability >= model.threshold, probability, model.threshold, name)

    def _choose(self, question: str, figures: dict[str, float], fingerprint: str | None) -> str:
        if is_dense(question):
            return "unspaced"
        return "spaced_dense" if fingerprint == self.fingerprint and "cosine" in figures else "spaced"
