"""What an adapter's own card says of its training: how many rows, and a figure before and after."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chatbot.common.errors import AdapterError
from chatbot.engine.adapters.folders import CARD
from chatbot.engine.adapters.format import read_json
from chatbot.types import Adapter
from finetune.verdict.metrics import METRICS

SHARES = (*METRICS, "preference_accuracy")  # of 1: people know what 60 % are, and of a loss only which is the smaller


@dataclass(frozen=True, slots=True)
class Measured:
    """One figure of rows that no training saw. `name` as in `finetune.verdict`; `interval` is that of the difference, where there
    is one."""

    name: str
    before: float
    after: float
    rows: int
    interval: tuple[float, float] | None = None

    @property
    def is_share(self) -> bool:
        return self.name in SHARES

    def bears(self, verdict: str) -> bool:
        """Whether it is of what the verdict was come to by. One of an adapter as it is served, on more rows, is not that of the few
        rows of its last training, which may have begun with another adapter."""
        gained = self.after - self.before if self.is_share else self.before - self.after
        return gained > 0 or not verdict.lower().startswith("better")


@dataclass(frozen=True, slots=True)
class Taught:
    """`rows` it learnt from, None where the card does not say; the same of `figure`."""

    rows: int | None = None
    figure: Measured | None = None


def taught(adapter: Adapter) -> Taught:
    """The card may come from a stranger: what is not as Banyan writes it is left out."""
    try:
        card = read_json(Path(adapter.path), CARD) if adapter.path and (Path(adapter.path) / CARD).exists() else {}
    except AdapterError:  # said where it is loaded; here it has no figures
        return Taught()
    data, scores = card.get("data"), card.get("scores")
    rows = data.get("rows") if isinstance(data, dict) else None
    known = [found for score in scores if (found := _measured(score))] if isinstance(scores, list) else []
    best = next((one for one in known if one.is_share), next((one for one in known if one.name == "loss"), None))
    return Taught(rows if _is_count(rows) else None, best if best and best.bears(adapter.verdict) else None)


def _measured(score: object) -> Measured | None:
    if not isinstance(score, Mapping):
        return None
    values: list[Any] = [score.get(key) for key in ("name", "before", "after", "rows")]
    name, before, after, rows = values
    whole = isinstance(name, str) and _is_figure(before) and _is_figure(after) and _is_count(rows)
    ends = (score.get("low"), score.get("high"))
    interval = ends if all(type(end) is float and math.isfinite(end) for end in ends) else None
    return Measured(name, float(before), float(after), rows, interval) if whole else None  # type: ignore[arg-type]


def _is_figure(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value) and value >= 0


def _is_count(value: Any) -> bool:
    return type(value) is int and value > 0
