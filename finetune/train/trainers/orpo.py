"""Odds Ratio Preference Optimization (arXiv:2403.07691): learns the better answers and to prefer them in one, without a reference.

The first term is the mean loss a token of the better answer, as in the paper; TRL's counts the prompt's tokens too, which
nothing else here teaches. It is a mean over rows, so that pieces of an update add up to the same.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from trl import DPOTrainer

from finetune.spec.spec import TrainingSpec
from finetune.train.data import Row
from finetune.train.trainers.compared import Padded
from finetune.train.trainers.dpo import PreferenceTrainer, config

SURE = -1e-6  # nats a token: nearer to 0 the odds of an answer have no logarithm in fp32


class OddsTrainer(Padded, DPOTrainer):  # type: ignore[misc]
    """`DPOTrainer` lays the pairs side by side; the loss is this one's."""

    def _compute_loss(self, model: Any, inputs: dict[str, Tensor], return_outputs: bool) -> Any:
        labels = inputs["input_ids"].masked_fill(inputs["completion_mask"] == 0, -100)
        found = model(
            input_ids=inputs["input_ids"],
            attention_mask=inputs["attention_mask"],
            labels=labels,
            use_cache=False,
            fused_lm_head=True,
        ).log_probs
        means = found.sum(1) / (labels[:, 1:] != -100).sum(1)
        better, worse = means.chunk(2)
        return odds_ratio_loss(better, worse, self.beta)


def odds_ratio_loss(better: Tensor, worse: Tensor, weight: float) -> Tensor:
    """Mean over pairs of shape (pairs,), of the log-likelihood of a token of either answer, in nats."""
    ratio = functional.logsigmoid(_log_odds(better.float()) - _log_odds(worse.float()))
    return -(better.float() + weight * ratio).mean()


def _log_odds(mean: Tensor) -> Tensor:
    """log(p / (1 - p)) of p = exp(mean)."""
    sure = mean.clamp(max=SURE)
    return sure - torch.log(-torch.expm1(sure))


def trainer(
    train: Sequence[Row], held_out: Sequence[Row], spec: TrainingSpec, *, resumed: bool, bf16: bool, **shared: Any
) -> OddsTrainer:
    """Of a job whose rows are pairs of answers; `shared` is what all trainers take."""
    folder = str(shared["job"].checkpoints)
    return OddsTrainer(
        args=config(train, spec, judged=bool(held_out), resumed=resumed, bf16=bf16, folder=folder),
        train_dataset=PreferenceTrainer.dataset(train, 1),
        eval_dataset=PreferenceTrainer.dataset(held_out, 1) if held_out else None,
        **shared,
    )
