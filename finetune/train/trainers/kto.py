"""TRL's KTOTrainer (Kahneman-Tversky Optimization, arXiv:2402.01306) on answers that are called good or bad.

How far the model has gone from what it was is estimated by each prompt with the answer of the row before it, among the rows that
are computed at once: they stay together, in an order that is shuffled once. Both kinds weigh the same, however many there are.
"""

import random
from collections.abc import Sequence
from typing import Any

import torch
from datasets import Dataset
from trl import KTOConfig, KTOTrainer

from chatbot.common.errors import InputError
from finetune.data.encoding.masks import IGNORED, Encoded
from finetune.spec.spec import TrainingSpec
from finetune.train.data import Row
from finetune.train.trainers.compared import Compared, in_pieces, split
from finetune.train.trainers.settings import OURS, points, updates


class LikingTrainer(Compared, KTOTrainer):  # type: ignore[misc]
    @staticmethod
    def compared(rows: Sequence[Row], together: int) -> list[Encoded]:
        """Each row, and its prompt with another's answer."""
        return [
            side
            for row, other in zip(rows, _others(rows, together), strict=True)
            for side in (row.encoded, _joined(split(row.encoded)[0], other))
        ]

    @staticmethod
    def dataset(rows: Sequence[Row], together: int, reference: Sequence[float] = ()) -> Dataset:
        parted = [split(row.encoded) for row in rows]
        columns: dict[str, list[Any]] = {
            "prompt_ids": [prompt for prompt, _ in parted],
            "completion_ids": [answer for _, answer in parted],
            "KL_completion_ids": _others(rows, together),
            "label": [bool(row.example.liked) for row in rows],
        }
        if reference:
            columns |= {"ref_logps": list(reference[::2]), "ref_KL_logps": list(reference[1::2])}
        return Dataset.from_dict(columns)


def _others(rows: Sequence[Row], together: int) -> list[list[int]]:
    """The answer of the row before each, of those that are computed at once."""
    answers = [split(row.encoded)[1] for row in rows]
    groups = [answers[start : start + together] for start in range(0, len(answers), together)]
    return [some[at - 1] for some in groups for at in range(len(some))]


def _joined(prompt: list[int], answer: list[int]) -> Encoded:
    return Encoded(prompt + answer, [IGNORED] * len(prompt) + answer)


def weights(rows: Sequence[Row]) -> tuple[float, float]:
    """Of good and of bad answers, so that both kinds count the same: the lower end of what the paper's equation 8 advises."""
    good = sum(bool(row.example.liked) for row in rows)
    bad = len(rows) - good
    return (max(1.0, bad / good), max(1.0, good / bad)) if good and bad else (1.0, 1.0)


def trainer(
    train: Sequence[Row], held_out: Sequence[Row], spec: TrainingSpec, *, resumed: bool, bf16: bool, **shared: Any
) -> LikingTrainer:
    """Of a job whose rows are good and bad answers; `shared` is what all trainers take, and what a comparison needs."""
    settings = updates(spec, len(train), bf16=bf16)
    if settings["per_device_train_batch_size"] * settings["gradient_accumulation_steps"] < 2:  # on so many devices
        raise InputError("kto needs a batch_size of 2 at least on each device.", kind="knob_kto_batch")
    rows = random.Random(spec.seed).sample(train, len(train))  # noqa: S311 (an order, not a secret)
    prompts, answers = zip(*(split(row.encoded) for row in rows), strict=True)
    settings = in_pieces(settings, max(map(len, prompts)) + max(map(len, answers)), least=2)
    good, bad = weights(rows)
    together = settings["per_device_train_batch_size"]
    return LikingTrainer(
        rows=(rows, held_out),
        together=together,
        resumed=resumed,
        args=KTOConfig(
            output_dir=str(shared["job"].checkpoints),
            use_cpu=not torch.cuda.is_available(),
            beta=spec.beta,
            desirable_weight=good,
            undesirable_weight=bad,
            max_length=None,  # rows are cut already
            disable_dropout=False,  # it is asked for, or 0
            **settings,
            **points(spec, len(rows), bool(held_out), resumed=resumed),
            **OURS,
        ),
        train_dataset=LikingTrainer.dataset(rows, together),
        eval_dataset=LikingTrainer.dataset(held_out, together) if held_out else None,
        **shared,
    )
