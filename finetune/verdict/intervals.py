"""How sure a difference between two models on the same rows is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

FEWEST = 6  # rows: of five, all on one side happen by chance in one case of sixteen, and no interval can hold its 5 %
EXACT = 200  # rows up to which signs are drawn; beyond, the bootstrap holds its 5 %
DRAWS = 2_000
HALVINGS = 20  # of the place where a bound may be


@dataclass(frozen=True, slots=True)
class Interval:
    """A difference (after minus before) and bounds that miss the truth in at most 5 % of cases."""

    difference: float
    low: float
    high: float

    @property
    def certain(self) -> bool:
        """Whether it is not zero, by the interval."""
        return self.low > 0 or self.high < 0


def paired_interval(
    before: Sequence[float], after: Sequence[float], weights: Sequence[float] | None = None, *, draws: int = DRAWS
) -> Interval:
    """Of the mean of `after - before` over the same rows. With `weights` the values are sums over so many tokens, and the mean is
    one per token. Fewer than `FEWEST` rows tell nothing: their interval is unbounded.

    Up to `EXACT` rows it holds the differences that a randomisation test of signs does not refuse (Fisher 1935; for evaluations:
    Yeh 2000): were nothing changed, each row might as well have differed the other way. Beyond, it is a bootstrap over rows
    (Koehn 2004). Both are drawn with seed 0.
    """
    import numpy as np

    values = np.asarray(after, dtype=float) - np.asarray(before, dtype=float)
    sizes = np.ones(len(values)) if weights is None else np.asarray(weights, dtype=float)
    mean = float(values.sum() / max(1e-9, float(sizes.sum())))
    if len(values) < FEWEST:
        return Interval(mean, float("-inf"), float("inf"))
    chance = np.random.default_rng(0)
    if len(values) > EXACT:
        drawn = chance.integers(0, len(values), size=(draws, len(values)))
        means = values[drawn].sum(1) / np.maximum(1e-9, sizes[drawn].sum(1))
        low, high = np.quantile(means, (0.025, 0.975))
        return Interval(mean, float(low), float(high))
    signs = chance.integers(0, 2, size=(draws, len(values))) * 2.0 - 1.0
    return Interval(mean, _bound(values, sizes, signs, mean, -1), _bound(values, sizes, signs, mean, 1))


def _bound(values: Any, sizes: Any, signs: Any, mean: float, side: int) -> float:
    """The farthest difference on that side of the mean that the test does not refuse."""
    spread = float(abs(values - mean * sizes).max() / max(1e-9, float(sizes.min()))) + 1e-12
    near, far = 0.0, spread
    while not _refused(values, sizes, signs, mean + side * far) and far < 64 * spread:
        far *= 2
    for _ in range(HALVINGS):
        middle = (near + far) / 2
        near, far = (near, middle) if _refused(values, sizes, signs, mean + side * middle) else (middle, far)
    return mean + side * far


def _refused(values: Any, sizes: Any, signs: Any, difference: float) -> bool:
    """Whether so few draws of signs are as far from zero as the rows are, if `difference` were the truth."""
    centred = values - difference * sizes
    seen = abs(float(centred.sum()))
    as_far = int((abs(signs @ centred) >= seen - 1e-9 * max(1.0, seen)).sum())
    return bool((1 + as_far) / (1 + len(signs)) < 0.05)
