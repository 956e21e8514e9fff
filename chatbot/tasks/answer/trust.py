"""How likely a model's answer is right, told from what is known without the right one.

The checks hold an answer to its passages, not to its question: a total that stands in the table is "supported" whichever row
was asked for. Three figures tell more: how sure the model was of its words, how likely the place that the answer cites is the
one that answers the question (`retrieval.checks.extract`), and how likely the passages answer it at all (`retrieval.checks.gate`). Their
logistic regression is fitted by `python -m tests.bench.documents.answer_trust --fit`, for one model with one adapter; of others nothing
is said.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from math import exp, log
from pathlib import Path
from typing import Any

from chatbot.tasks.fitted import weights
from chatbot.types import Adapter
from retrieval.checks.gate import Model

FILE = Path(__file__).with_suffix(".json")
FIGURES = ("words", "place", "gate")
_SUREST = 0.9999


@dataclass(frozen=True, slots=True)
class Trust:
    """`model.threshold` is the probability under which an answer is doubted. It was fitted on `rows` questions."""

    model: Model
    rows: int

    def likely(self, nats: float, place: float, gate: float) -> float:
        """The probability that the answer is right. `nats` is the log-probability of its words."""
        return self.model.probability(figures(nats, place, gate))


@dataclass(frozen=True, slots=True)
class Likely:
    """The probability that an answer is right; `doubted` when that is too little to go by."""

    probability: float
    doubted: bool


def figures(nats: float, place: float, gate: float) -> dict[str, float]:
    """Log-odds of three probabilities: of the words, that the place is right, that the passages answer."""
    return {"words": _odds(exp(nats)), "place": _odds(place), "gate": _odds(gate)}


def find(base: str, adapter: Adapter | None) -> Trust | None:
    """What was fitted for exactly this base model (`chatbot.engine.base.identity`) and these weights."""
    stored = kept().get(key(base, adapter))
    if stored is None:
        return None
    means, deviations, slopes = (tuple(stored[name]) for name in ("means", "deviations", "weights"))
    return Trust(Model(FIGURES, means, deviations, slopes, stored["bias"], stored["threshold"]), stored["rows"])


def key(base: str, adapter: Adapter | None) -> str:
    return f"{base}/{weights(adapter)}"


@cache
def kept() -> Mapping[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = json.loads(FILE.read_text("utf-8"))
    return found


def _odds(probability: float) -> float:
    bounded = min(max(probability, 1 - _SUREST), _SUREST)
    return log(bounded / (1 - bounded))
