"""TRL's DPOTrainer on pairs of answers that are encoded as serving has them."""

from collections.abc import Sequence
from typing import Any

import torch
from datasets import Dataset
from trl import DPOConfig, DPOTrainer

from finetune.data.encoding.masks import Encoded
from finetune.spec.spec import TrainingSpec
from finetune.train.data import Row
from finetune.train.trainers.compared import Compared, in_pieces, split
from finetune.train.trainers.settings import OURS, points, updates


class PreferenceTrainer(Compared, DPOTrainer):  # type: ignore[misc]
    @staticmethod
    def compared(rows: Sequence[Row], together: int) -> list[Encoded]:
        return [side for row in rows for side in (row.encoded, row.rejected) if side]

    @staticmethod
    def dataset(rows: Sequence[Row], together: int, reference: Sequence[float] = ()) -> Dataset:
        columns: dict[str, list[Any]] = {"prompt_ids": [], "chosen_ids": [], "rejected_ids": []}
        for row in rows:
            assert row.rejected  # all rows of the data are pairs
            prompt, chosen = split(row.encoded)
            columns["prompt_ids"].append(prompt)
            columns["chosen_ids"].append(chosen)
            columns["rejected_ids"].append(split(row.rejected)[1])
        if reference:
            columns |= {"ref_chosen_logps": list(reference[::2]), "ref_rejected_logps": list(reference[1::2])}
        return Dataset.from_dict(columns)


def config(
    train: Sequence[Row], spec: TrainingSpec, *, judged: bool, resumed: bool, bf16: bool, folder: str
) -> DPOConfig:
    """Of rows that are pairs; `judged` says whether some are held out."""
    longest = max(len(side.input_ids) for row in train for side in (row.encoded, row.rejected) if side)
    return DPOConfig(
        output_dir=folder,
        use_cpu=not torch.cuda.is_available(),
        beta=spec.beta,
        max_length=None,  # rows are cut already
        disable_dropout=False,  # it is asked for, or 0
        **in_pieces(updates(spec, len(train), bf16=bf16), longest, of=2),
        **points(spec, len(train), judged, resumed=resumed),
        **OURS,
    )


def trainer(
    train: Sequence[Row],
    held_out: Sequence[Row],
    spec: TrainingSpec,
    *,
    resumed: bool,
    bf16: bool,
    **shared: Any,
) -> PreferenceTrainer:
    """Of a job whose rows are pairs of answers; `shared` is what all trainers take, and what a comparison needs."""
    folder = str(shared["job"].checkpoints)
    args = config(train, spec, judged=bool(held_out), resumed=resumed, bf16=bf16, folder=folder)
    return PreferenceTrainer(
        rows=(train, held_out),
        together=args.per_device_train_batch_size,
        resumed=resumed,
        args=args,
        train_dataset=PreferenceTrainer.dataset(train, 1),
        eval_dataset=PreferenceTrainer.dataset(held_out, 1) if held_out else None,
        **shared,
    )
