"""Losses of rows before and after -> scores with the interval of their difference."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from finetune.verdict.intervals import Interval, paired_interval

LOW_IS_GOOD = ("loss", "perplexity", "general_loss")


@dataclass(frozen=True, slots=True)
class Losses:
    """Summed nats and trained tokens of each row."""

    nats: tuple[float, ...]
    tokens: tuple[int, ...]

    def __add__(self, other: "Losses") -> "Losses":
        return Losses(self.nats + other.nats, self.tokens + other.tokens)

    def apart(self) -> tuple["Losses", "Losses"]:
        """Of rows that stand in pairs: the first of each, and the second."""
        first, second = (Losses(self.nats[at::2], self.tokens[at::2]) for at in (0, 1))
        return first, second

    def only(self, chosen: Sequence[bool]) -> "Losses":
        """Of some rows."""
        kept = [at for at, wanted in enumerate(chosen) if wanted]
        return Losses(tuple(self.nats[at] for at in kept), tuple(self.tokens[at] for at in kept))

    @property
    def mean(self) -> float:
        return sum(self.nats) / max(1, sum(self.tokens))

    @property
    def perplexity(self) -> float:
        return math.exp(min(self.mean, 50.0))


@dataclass(frozen=True, slots=True)
class Score:
    """One metric before and after, over `rows` rows, with the interval of the difference (None: nothing is known)."""

    name: str
    before: float
    after: float
    low: float | None
    high: float | None
    rows: int


def loss_score(name: str, before: Losses, after: Losses) -> Score:
    found = paired_interval(before.nats, after.nats, before.tokens)
    return Score(name, before.mean, after.mean, *_bounds(found), len(before.nats))


def loss_scores(before: Losses, after: Losses, *, texts: bool) -> list[Score]:
    """Loss and perplexity, which is its exponential; of texts people know the latter, and its bounds are the loss's."""
    loss = loss_score("loss", before, after)
    low, high = (
        before.perplexity * math.expm1(min(x, 50.0)) if texts and x is not None else None for x in (loss.low, loss.high)
    )
    perplexity = Score("perplexity", before.perplexity, after.perplexity, low, high, loss.rows)
    return [perplexity, loss] if texts else [loss, perplexity]


def preference_scores(before: Losses, after: Losses) -> list[Score]:
    """By how many nats the better answer of a pair is more likely than the worse one, and in which share of pairs it is; and how
    likely the better answers themselves are, which preference tuning may lower."""
    sides = [losses.apart() for losses in (before, after)]
    margins = [[bad - good for good, bad in zip(better.nats, worse.nats, strict=True)] for better, worse in sides]
    right = [[float(margin > 0) for margin in side] for side in margins]
    scores = [mean_score("preference_margin", *margins), mean_score("preference_accuracy", *right)]
    return [*scores, loss_score("loss", sides[0][0], sides[1][0])]


def liked_scores(before: Losses, after: Losses, liked: Sequence[bool]) -> list[Score]:
    """By how many nats good answers are likelier than bad ones, both kinds weighing the same; and how likely each kind is by
    itself. Both kinds must be there."""
    kinds = {True: sum(liked), False: len(liked) - sum(liked)}
    share = [(1 if good else -1) * len(liked) / kinds[good] for good in liked]
    margins = [[-nats * one for nats, one in zip(side.nats, share, strict=True)] for side in (before, after)]
    scores = [mean_score("liked_margin", *margins)]
    for name, kind in (("loss", True), ("bad_loss", False)):
        scores.append(loss_score(name, *(side.only([good == kind for good in liked]) for side in (before, after))))
    return scores


def mean_score(name: str, before: Sequence[float], after: Sequence[float]) -> Score:
    count = len(before)
    return Score(name, sum(before) / count, sum(after) / count, *_bounds(paired_interval(before, after)), count)


def _bounds(found: Interval) -> tuple[float | None, float | None]:
    return (found.low, found.high) if math.isfinite(found.low) else (None, None)
