"""What was fitted to an embedder, kept in `fitted.json` beside this file; `python -m tests.bench.tasks.labels --fit` fits it.

An embedder is known by what it does, as in `retrieval.checks.gate`: its cosines for a few pairs of texts lie beside the figures.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from retrieval.checks.gate import kin, probed
from retrieval.search.embed import Embedder, Vectors

FILE = Path(__file__).with_name("fitted.json")


@dataclass(frozen=True, slots=True)
class Tone:
    """Negative, neutral or positive by a vector alone: a multinomial logistic regression, float32 [3, dimension] and [3]."""

    weights: Vectors
    bias: Vectors

    def nats(self, vector: Vectors) -> Vectors:
        """Log-probabilities [3]."""
        logits = self.weights @ vector + self.bias
        shifted: Vectors = logits - logits.max()
        nats: Vectors = shifted - np.log(np.exp(shifted).sum())
        return nats


@dataclass(frozen=True, slots=True)
class Sentiment:
    """What the model's log-probabilities and the tone's are multiplied by before they are added. `rows` texts that nothing was
    learnt from were fitted on, and the share `right` of them was told right."""

    model: float
    tone: float
    bias: tuple[float, ...]
    rows: int
    right: float


@dataclass(frozen=True, slots=True)
class Margins:
    """What the logit of a label that fits is above: `least`, and `share` of the mean of all labels' logits. A text that is near to
    one label is rather near to the others, too."""

    least: float
    share: float

    def logit(self, logits: Sequence[float]) -> float:
        """Of "none of these", by those of the labels."""
        return self.least + self.share * sum(logits) / len(logits)


PLAIN = Margins(0.5, 1.0)
"""Where nothing was fitted: half a nat above the mean of the labels, e.g. 0.62 of two."""


@dataclass(frozen=True, slots=True)
class Own:
    """The same for labels of one's own: the model's log-likelihood, the cosine, the agreement in tone, the nearness of grades."""

    likelihood: float
    cosine: float
    tone: float
    grade: float
    margins: Margins


@dataclass(frozen=True, slots=True)
class Fitted:
    """All of one embedder. `sentiment` by `chatbot.tasks.classify.calibration.key`, `own` by the model's name in the catalogue; ""
    stands for models that nothing is known of."""

    tone: Tone
    sentiment: Mapping[str, Sentiment]
    own: Mapping[str, Own]

    def own_of(self, model: str) -> Own:
        return self.own.get(model, self.own[""])


_found: dict[str, Fitted | None] = {}  # by fingerprint: to probe takes ten short texts


def find(embedder: Embedder) -> Fitted | None:
    """None for an embedder that nothing was fitted to."""
    if embedder.fingerprint not in _found:
        _found[embedder.fingerprint] = _sought(embedder)
    return _found[embedder.fingerprint]


def _sought(embedder: Embedder) -> Fitted | None:
    cosines = probed(embedder)
    for stored in json.loads(FILE.read_text("utf-8")):
        if embedder.dimension == stored["dimension"] and kin(cosines, stored["cosines"]):
            return _fitted(stored)
    return None


def _fitted(stored: Mapping[str, Any]) -> Fitted:
    tone = stored["tone"]
    weights, bias = (np.array(tone[name], np.float32) for name in ("weights", "bias"))
    mixes = {key: Sentiment(**{**each, "bias": tuple(each["bias"])}) for key, each in stored["sentiment"].items()}
    own = {name: Own(**{**each, "margins": Margins(**each["margins"])}) for name, each in stored["own"].items()}
    return Fitted(Tone(weights, bias), mixes, own)
