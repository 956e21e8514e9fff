"""Three ready specs, fitted to the size of a data set."""

import math
from dataclasses import dataclass
from typing import Literal

from chatbot.common.errors import InputError
from finetune.spec.spec import PREFERRING, Method, TrainingSpec

PresetName = Literal["quick", "balanced", "thorough"]

PRESETS: tuple[PresetName, ...] = ("quick", "balanced", "thorough")


@dataclass(frozen=True, slots=True)
class _Plan:
    rank: int
    learning_rate: float
    examples: int  # to be seen in all: epochs follow from the number of rows
    most_epochs: float
    updates: int  # at least, by more epochs, where the rows are few


_PLANS: dict[PresetName, _Plan] = {
    "quick": _Plan(rank=8, learning_rate=4e-4, examples=2_000, most_epochs=2, updates=30),
    "balanced": _Plan(rank=16, learning_rate=2e-4, examples=10_000, most_epochs=3, updates=60),
    "thorough": _Plan(rank=32, learning_rate=2e-4, examples=60_000, most_epochs=5, updates=120),
}


GENTLER = 4  # times lower is the learning rate of preference tuning
MOST_OF_FEW = 50  # epochs of a handful of rows
LONGEST = 4096  # tokens of a row that a preset keeps whole; more than that is asked for by name


def preset(name: PresetName, rows: int, tokens: int, fitting: int = 0, *, method: Method = "sft") -> TrainingSpec:
    """Settings for a data set of `rows` usable examples with `tokens` tokens in all, chat template included. `fitting` is the
    length that nearly all of them have at most; of pairs `tokens` are those of both answers.

    The length holds that and four times the mean example, so that a skewed set is seldom cut; one batch stays near 4,096 tokens,
    and one update sees at most 32 examples, fewer when the rows are few (small batches cost LoRA less than too few
    updates: "LoRA Without Regret", 2025). A handful of rows is seen more often, so that it is learnt at all: Unsloth's
    notebooks take 60 updates, OpenAI's default sees 100 examples at least. Raises `InputError` for an unknown preset or an
    empty data set.
    """
    if name not in PRESETS:
        raise InputError(
            f"There is no preset called {str(name)[:80]!r}. Please choose one of {', '.join(PRESETS)}.",
            kind="no_preset",
            name=str(name)[:80],
            known=", ".join(PRESETS),
        )
    if rows < 1 or tokens < 1:
        raise InputError(
            "There is nothing to train on: the data set has no usable row. Please look at its faults.",
            kind="data_no_rows",
        )
    plan, mean = _PLANS[name], tokens / rows
    update = _power_of_two(rows / 50, 4, 32)
    batch = min(_power_of_two(4096 / mean, 1, 32), update)
    epochs = max(0.1, min(plan.most_epochs, round(plan.examples / rows, 1)), _enough(plan.updates, rows, update))
    share = min(0.1, round(max(1_000 / rows, 0.001), 3))  # a thousand rows tell enough, and more cost time
    return TrainingSpec(
        method=method,
        rank=plan.rank,
        alpha=2.0 * plan.rank,
        learning_rate=plan.learning_rate / (GENTLER if method in PREFERRING else 1),
        epochs=epochs,
        batch_size=batch,
        accumulation=update // batch,
        max_length=_power_of_two(max(4 * mean, fitting), 256, LONGEST),
        evaluation_share=share,
        early_stopping=3 if name == "thorough" else 0,
    )


def _enough(updates: int, rows: int, update: int) -> float:
    """Epochs that give so many updates where a quarter of the rows is held out, as it is where they are few."""
    return min(MOST_OF_FEW, round(updates / math.ceil(0.75 * rows / update), 1))


def _power_of_two(wanted: float, low: int, high: int) -> int:
    """The smallest power of two that is no less than `wanted`, within `low` and `high`."""
    size = low
    while size < wanted and size < high:
        size *= 2
    return size
