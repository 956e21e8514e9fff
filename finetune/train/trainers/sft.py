"""TRL's SFTTrainer with batches without padding and a held-out loss over all tokens."""

import contextlib
import time
from collections.abc import Callable, Sequence
from typing import Any

import torch
from datasets import Dataset
from torch import Tensor
from trl import SFTConfig, SFTTrainer

from finetune.spec.spec import TrainingSpec
from finetune.train.arithmetic import packed as train_packed
from finetune.train.arithmetic.attention import uses_rows
from finetune.train.arithmetic.noise import Noise
from finetune.train.arithmetic.sharded import level, wrapped
from finetune.train.arithmetic.side_by_side import SideBySide
from finetune.train.data import Row
from finetune.train.trainers.keeping import Keeping
from finetune.train.trainers.settings import OURS, points, token_budget, updates

JUDGED_AT_ONCE = (
    64  # held-out rows between two looks at whether to stop; rows that share a beginning stand together in them
)


class AnswerTrainer(Keeping, SFTTrainer):  # type: ignore[misc]
    """One update sums over pieces of at most `budget` tokens, whatever the batch holds: same loss, less memory."""

    def __init__(self, *, budget: int, noise: float, sharded: bool = False, **settings: Any) -> None:
        super().__init__(data_collator=train_packed.collate, **settings)
        self._sharded = sharded
        alone = self.accelerator.num_processes == 1 and not self.args.gradient_checkpointing
        self._side_by_side = SideBySide(
            self.model, budget, allowed=alone and not noise
        )  # threads would draw in any order
        self._noise = Noise(self.accelerator.unwrap_model(self.model), noise)
        self.model_accepts_loss_kwargs = True  # `num_items_in_batch` is what makes pieces sum up to the batch's mean

    def _wrap_model(self, model: Any, training: bool = True, dataloader: Any = None) -> Any:
        return wrapped(model) if self._sharded and training else super()._wrap_model(model, training, dataloader)

    def training_step(
        self, model: Any, inputs: dict[str, Tensor], num_items_in_batch: Tensor | int | None = None
    ) -> Tensor:
        """The batch's share of the update's mean loss per trained token, with gradients added up."""
        model.train()
        inputs = self._prepare_inputs(inputs)
        items = num_items_in_batch if num_items_in_batch is not None else (inputs["labels"] != -100).sum()
        # DDP averages gradients over processes, and `items` counts the tokens of all of them
        scale = self.accelerator.num_processes / max(1, int(items))

        def loss(piece: dict[str, Tensor]) -> Tensor:
            self.leave_if_asked()
            self._noise.over(train_packed.row_bounds(piece["position_ids"]))
            with self.compute_loss_context_manager():
                return train_packed.loss_sum(model, piece, rows=False) * scale

        pieces = self._side_by_side.pieces(inputs, share=uses_rows(model))
        if self._side_by_side.at_once > 1:
            total = self._side_by_side.backward(model, pieces, loss)
        else:
            every = level(pieces, self.accelerator) if self._sharded else pieces
            total = self._one_by_one(model, every, loss, own=len(pieces))
        self.seen_tokens += inputs["input_ids"].numel()
        return self.require_finite(total)

    def _one_by_one(
        self, model: Any, pieces: Sequence[dict[str, Tensor]], loss: Callable[[dict[str, Tensor]], Tensor], own: int
    ) -> Tensor:
        """Adds the gradients of the losses of the first `own` pieces, over all processes; returns the sum of the losses of this one."""
        total = torch.zeros((), device=self.accelerator.device)
        for at, piece in enumerate(pieces):
            with self.accelerator.no_sync(model) if at < len(pieces) - 1 else contextlib.nullcontext():
                nats = loss(piece) * (at < own)
                self.accelerator.backward(nats)
            total += nats.detach()
        return total

    def evaluate(self, *_: Any, **__: Any) -> dict[str, float]:
        """Held-out loss in nats per trained token, over all rows and processes together."""
        began = time.perf_counter()
        sums = torch.tensor(self.held_out_sums(self.eval_dataset), dtype=torch.float64).sum(0)
        metrics = {"eval_loss": float(sums[0] / max(1.0, float(sums[1]))), "eval_runtime": time.perf_counter() - began}
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        return metrics

    def held_out_sums(self, rows: Sequence[dict[str, Any]]) -> list[tuple[float, int]]:
        """(nats, trained tokens) of each row, in order; the processes share the work, unless they share the model."""
        self.model.eval()
        alone = self._sharded or self.accelerator.num_processes == 1
        processes, own = (1, 0) if alone else (self.accelerator.num_processes, self.accelerator.process_index)
        sums = torch.zeros(len(rows), 2, dtype=torch.float64, device=self.accelerator.device)
        order = sorted(range(len(rows)), key=lambda at: len(rows[at]["input_ids"]))
        mine = order[own::processes]
        for start in range(0, len(mine), JUDGED_AT_ONCE):
            self.leave_if_asked()
            some = mine[start : start + JUDGED_AT_ONCE]
            nats = self._side_by_side.row_losses(
                self.model, [rows[at] for at in some], self.compute_loss_context_manager
            )
            sums[some, 0] = torch.tensor(nats, dtype=torch.float64, device=sums.device)
            for at in some:
                sums[at, 1] = sum(label != -100 for label in rows[at]["labels"][1:])
        if processes > 1:
            sums = self.accelerator.reduce(sums, "sum")
        self.model.train()
        return [(float(nats), int(tokens)) for nats, tokens in sums.tolist()]


def trainer(
    train: Sequence[Row], held_out: Sequence[Row], spec: TrainingSpec, *, resumed: bool, bf16: bool, **shared: Any
) -> AnswerTrainer:
    """Of a job whose rows are answers or texts; `shared` is what all trainers take."""
    rows, gpu = _dataset(train, spec.max_length if spec.packing else 0), torch.cuda.is_available()
    return AnswerTrainer(
        budget=token_budget(gpu),
        noise=spec.neftune,
        args=SFTConfig(
            output_dir=str(shared["job"].checkpoints),
            use_cpu=not gpu,
            max_length=None,
            packing=False,
            dataset_kwargs={"skip_prepare_dataset": True},
            **updates(spec, len(rows), bf16=bf16),
            **points(spec, len(rows), bool(held_out), resumed=resumed),
            **OURS,
        ),
        train_dataset=rows,
        eval_dataset=_dataset(held_out) if held_out else None,
        **shared,
    )


def _dataset(rows: Sequence[Row], packed: int = 0) -> Dataset:
    """One item a row, or with `packed` as many rows as fit into so many tokens."""
    encoded = [{"input_ids": row.encoded.input_ids, "labels": row.encoded.labels} for row in rows]
    groups = train_packed.pack(encoded, packed) if packed else [[at] for at in range(len(rows))]
    columns: dict[str, list[list[int]]] = {
        "input_ids": [[id for at in group for id in rows[at].encoded.input_ids] for group in groups],
        "labels": [[label for at in group for label in rows[at].encoded.labels] for group in groups],
    }
    if packed:
        columns["lengths"] = [[len(rows[at].encoded.input_ids) for at in group] for group in groups]
    return Dataset.from_dict(columns)
