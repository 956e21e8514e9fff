"""From log-likelihoods to probabilities that can be believed: offsets and a temperature, fitted on held-out data.

Temperature scaling is Guo et al. 2017, "On Calibration of Modern Neural Networks"; the offsets where nothing was fitted are
Zhao et al. 2021, "Calibrate Before Use": what the labels score behind texts that say nothing. What was fitted is kept in
`calibration.json` beside this file, by model, adapter and prompt, which holds the labels; `python -m tests.bench.tasks.sentiment --fit` fits it.
"""

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from chatbot.tasks.classify.labels import Labels
from chatbot.tasks.classify.prompt import examples, messages
from chatbot.tasks.fitted import weights
from chatbot.types import Adapter

FILE = Path(__file__).with_name("calibration.json")
BINS = 15  # of the expected calibration error, as in Guo et al.
HOTTEST, COLDEST = 20.0, 0.05


@dataclass(frozen=True, slots=True)
class Calibration:
    """p = softmax((log-likelihoods - offsets) / temperature). Offsets in nats, one for each label."""

    temperature: float
    offsets: tuple[float, ...]
    rows: int  # held-out texts that it was fitted on
    right: float = 0.0  # the share of them that got the right label

    def logits(self, likelihoods: Sequence[float]) -> list[float]:
        return [(a - b) / self.temperature for a, b in zip(likelihoods, self.offsets, strict=True)]


def find(base: str, adapter: Adapter | None, labels: Labels, file: Path = FILE) -> Calibration | None:
    """What was fitted for exactly this base model, these adapter weights and these labels."""
    kept = _kept(file, file.stat().st_mtime_ns).get(key(base, adapter, labels))
    return Calibration(kept["temperature"], tuple(kept["offsets"]), kept["rows"], kept["right"]) if kept else None


def key(base: str, adapter: Adapter | None, labels: Labels) -> str:
    """Base model (`chatbot.engine.base.identity`), adapter and prompt. An adapter counts by its weights: anybody may give theirs the name of a shipped one."""
    turns = messages("", labels, examples(labels, adapter.name if adapter else None))
    # spelled as what was fitted has it, so that no other change of `Message` loses it
    prompt = f"[{', '.join(f'Message(role={turn.role!r}, content={turn.content!r})' for turn in turns)}]"
    return f"{base}/{weights(adapter)}/{hashlib.sha256(prompt.encode('utf-8', 'replace')).hexdigest()[:12]}"


def softmax(logits: Sequence[float], temperature: float = 1.0) -> tuple[float, ...]:
    top = max(logits)
    powers = [math.exp((logit - top) / temperature) for logit in logits]
    return tuple(power / math.fsum(powers) for power in powers)


def fit_temperature(logits: Sequence[Sequence[float]], answers: Sequence[int]) -> float:
    """The temperature with the least negative log-likelihood of the right answers, by golden-section search over its log."""

    def loss(log_temperature: float) -> float:
        temperature = math.exp(log_temperature)
        right = (softmax(row, temperature)[answer] for row, answer in zip(logits, answers, strict=True))
        return -math.fsum(math.log(max(p, 1e-12)) for p in right)

    low, high = math.log(COLDEST), math.log(HOTTEST)
    golden = (math.sqrt(5) - 1) / 2
    for _ in range(40):
        left, right = high - golden * (high - low), low + golden * (high - low)
        low, high = (low, right) if loss(left) < loss(right) else (left, high)
    return math.exp((low + high) / 2)


def calibration_error(probabilities: Sequence[float], right: Sequence[bool]) -> float:
    """Expected calibration error: the gap between confidence and accuracy, averaged over `BINS` equal bins of confidence."""
    bins: list[list[tuple[float, bool]]] = [[] for _ in range(BINS)]
    for probability, hit in zip(probabilities, right, strict=True):
        bins[min(BINS - 1, int(probability * BINS))].append((probability, hit))
    gaps = (abs(math.fsum(p - hit for p, hit in each)) for each in bins)
    return math.fsum(gaps) / max(1, len(right))


@lru_cache(maxsize=4)  # `stamp` is part of the key, so that a file fitted anew is read anew
def _kept(file: Path, stamp: int) -> dict[str, dict[str, Any]]:
    kept: dict[str, dict[str, Any]] = json.loads(file.read_text("utf-8"))
    return kept
