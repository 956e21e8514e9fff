"""TRL's DPOTrainer on rows that are encoded as serving has them.

How likely both answers are to the model as it was is computed once, before the first update, so that an update reads each row once
instead of twice. Where a run goes on from an adapter, that is the model with it, and not the bare base.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from datasets import Dataset
from torch import Tensor
from trl import DPOConfig, DPOTrainer

from finetune.spec.spec import TrainingSpec
from finetune.train.arithmetic.side_by_side import SideBySide
from finetune.train.data import Row
from finetune.train.trainers.keeping import Keeping
from finetune.train.trainers.settings import OURS, points, token_budget, updates

AT_ONCE = 64  # answers whose reference is computed between two looks at whether to stop

Told = Callable[[float, float], None]
"""Hears the fraction of the reference that is done and the seconds that are left."""


class PreferenceTrainer(Keeping, DPOTrainer):  # type: ignore[misc]
    """`earlier` shows the model as it was before the training, which a new adapter does not change; `resumed` says that a
    checkpoint will be loaded."""

    padded = True

    def __init__(
        self,
        *,
        rows: tuple[Sequence[Row], Sequence[Row]],
        earlier: Callable[[Any], AbstractContextManager[Any]] | None,
        resumed: bool,
        told: Told,
        **settings: Any,
    ) -> None:
        super().__init__(**settings)
        self._rows, self._resumed, self._told = rows, resumed, told
        self._earlier = earlier or nullcontext
        self.precompute_ref_logps = True  # by `begin`: TRL's own takes the bare base for what a run goes on from

    def begin(self) -> None:
        """Compute the reference. Raises `Stopped`, but where a checkpoint holds what was learnt: then no update follows that
        would read it."""
        model = self.accelerator.unwrap_model(self.model)
        train, held_out = self._rows
        answers = [side for row in (*train, *held_out) for side in (row.encoded, row.rejected) if side]
        side_by_side, found = SideBySide(model, token_budget(model.device.type == "cuda")), list[float]()
        model.eval()
        began = time.monotonic()
        with self._earlier(model):
            for start in range(0, len(answers), AT_ONCE):
                if self._resumed and self._stop():
                    return
                self.leave_if_asked()
                some = [{"input_ids": a.input_ids, "labels": a.labels} for a in answers[start : start + AT_ONCE]]
                found += side_by_side.row_losses(model, some, self.compute_loss_context_manager)
                share = len(found) / len(answers)
                self._told(share, (time.monotonic() - began) * (1 - share) / share)
        both = [(-better, -worse) for better, worse in zip(found[::2], found[1::2], strict=True)]
        self.train_dataset = _dataset(train, both[: len(train)])
        self.eval_dataset = _dataset(held_out, both[len(train) :]) if held_out else None

    def _prepare_dataset(self, dataset: Dataset, *_: Any) -> Dataset:
        """It comes encoded."""
        return dataset

    def training_step(self, *arguments: Any, **named: Any) -> Tensor:
        return self.require_finite(super().training_step(*arguments, **named))

    def compute_loss(self, model: Any, inputs: dict[str, Tensor], *arguments: Any, **named: Any) -> Any:
        self.leave_if_asked()
        if model.training:
            self.seen_tokens += int(inputs["attention_mask"].sum())
        return super().compute_loss(model, inputs, *arguments, **named)


def trainer(
    train: Sequence[Row],
    held_out: Sequence[Row],
    spec: TrainingSpec,
    *,
    earlier: Callable[[Any], AbstractContextManager[Any]] | None,
    resumed: bool,
    told: Told,
    bf16: bool,
    **shared: Any,
) -> PreferenceTrainer:
    """Of a job whose rows are pairs of answers; `shared` is what all trainers take."""
    gpu = torch.cuda.is_available()
    return PreferenceTrainer(
        rows=(train, held_out),
        earlier=earlier,
        resumed=resumed,
        told=told,
        args=DPOConfig(
            output_dir=str(shared["job"].checkpoints),
            use_cpu=not gpu,
            beta=spec.beta,
            max_length=None,  # rows are cut already
            disable_dropout=False,  # it is asked for, or 0
            **_in_pieces(updates(spec, len(train), bf16=bf16), train, token_budget(gpu)),
            **points(spec, len(train), bool(held_out), resumed=resumed),
            **OURS,
        ),
        train_dataset=_dataset(train),
        eval_dataset=_dataset(held_out) if held_out else None,
        **shared,
    )


def _in_pieces(settings: dict[str, Any], rows: Sequence[Row], budget: int) -> dict[str, Any]:
    """The same updates, summed up from as many pairs at once as stay within the budget of tokens, padding included."""
    longest = max(len(side.input_ids) for row in rows for side in (row.encoded, row.rejected) if side)
    pairs = settings["per_device_train_batch_size"] * settings["gradient_accumulation_steps"]
    most = max(1, budget // (2 * longest))
    at_once = max(size for size in range(1, pairs + 1) if pairs % size == 0 and size <= most)
    return settings | {
        "per_device_train_batch_size": at_once,
        "per_device_eval_batch_size": at_once,
        "gradient_accumulation_steps": pairs // at_once,
    }


def _dataset(rows: Sequence[Row], reference: Sequence[tuple[float, float]] = ()) -> Dataset:
    """In TRL's names."""
    columns: dict[str, list[Any]] = {"prompt_ids": [], "chosen_ids": [], "rejected_ids": []}
    for row in rows:
        assert row.rejected  # all rows of the data are pairs
        first = next(at for at, label in enumerate(row.encoded.labels) if label != -100)
        columns["prompt_ids"].append(row.encoded.input_ids[:first])
        columns["chosen_ids"].append(row.encoded.input_ids[first:])
        columns["rejected_ids"].append(row.rejected.input_ids[first:])
    if reference:
        better, worse = zip(*reference, strict=True)
        columns |= {"ref_chosen_logps": list(better), "ref_rejected_logps": list(worse)}
    return Dataset.from_dict(columns)
