"""TRL's SFTTrainer with batches without padding, whole checkpoints and a held-out loss over all tokens."""

import contextlib
import math
import os
import shutil
import time
from collections.abc import Callable, Sequence
from typing import Any

import torch
from datasets import Dataset
from torch import Tensor
from trl import SFTConfig, SFTTrainer

from chatbot.common.errors import InputError, Stopped
from finetune.jobs.folder import JobFolder
from finetune.spec.spec import TrainingSpec
from finetune.train.arithmetic import packed as train_packed
from finetune.train.arithmetic.attention import uses_rows
from finetune.train.arithmetic.side_by_side import SideBySide
from finetune.train.checkpoints import keep, step_of
from finetune.train.data import Row
from finetune.train.watch import Watch

JUDGED_AT_ONCE = (
    64  # held-out rows between two looks at whether to stop; rows that share a beginning stand together in them
)


class Diverged(Exception):
    """The loss is no number any more."""


class Trainer(SFTTrainer):  # type: ignore[misc]
    """One update sums over pieces of at most `budget` tokens, whatever the batch holds: same loss, less memory.

    `stop` is asked before every piece; a single process leaves at once with `Stopped`, and the adapter is as
    the last whole update left it.
    """

    def __init__(self, *, job: JobFolder, budget: int, stop: Callable[[], bool], **settings: Any) -> None:
        super().__init__(data_collator=train_packed.collate, **settings)
        for weight in self.model.parameters():
            if weight.requires_grad:  # TRL makes those on a quantised model bfloat16, in which small updates are lost
                weight.data = weight.data.float()
        self._job, self._stop = job, stop
        self._side_by_side = SideBySide(
            self.model, budget, allowed=self.accelerator.num_processes == 1 and not self.args.gradient_checkpointing
        )
        self.model_accepts_loss_kwargs = True  # `num_items_in_batch` is what makes pieces sum up to the batch's mean
        self.seen_tokens = 0

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
            if self._stop() and self.accelerator.num_processes == 1:
                raise Stopped("It was stopped.")
            with self.compute_loss_context_manager():
                return train_packed.loss_sum(model, piece, rows=False) * scale

        pieces = self._side_by_side.pieces(inputs, share=uses_rows(model))
        if self._side_by_side.at_once > 1:
            total = self._side_by_side.backward(model, pieces, loss)
        else:
            total = self._one_by_one(model, pieces, loss)
        if not math.isfinite(float(total)):
            raise Diverged
        self.seen_tokens += inputs["input_ids"].numel()
        return total

    def _one_by_one(
        self, model: Any, pieces: Sequence[dict[str, Tensor]], loss: Callable[[dict[str, Tensor]], Tensor]
    ) -> Tensor:
        """Adds the gradients of all pieces' losses, over all processes; returns the sum of the losses of this one."""
        total = torch.zeros((), device=self.accelerator.device)
        for at, piece in enumerate(pieces):
            with self.accelerator.no_sync(model) if at < len(pieces) - 1 else contextlib.nullcontext():
                nats = loss(piece)
                self.accelerator.backward(nats)
            total += nats.detach()
        return total

    def evaluate(self, *_: Any, **__: Any) -> dict[str, float]:
        """Held-out loss in nats per trained token, over all rows and processes together."""
        began = time.perf_counter()
        sums = torch.tensor(self.held_out_sums(self.eval_dataset), dtype=torch.float64).sum(0)
        metrics = {"eval_loss": float(sums[0] / max(1.0, float(sums[1]))), "eval_runtime": time.perf_counter() - began}
        self.log(metrics)
        self.control: Any = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        return metrics

    def held_out_sums(self, rows: Sequence[dict[str, Any]]) -> list[tuple[float, int]]:
        """(nats, trained tokens) of each row, in order; the processes share the work."""
        self.model.eval()
        processes, own = self.accelerator.num_processes, self.accelerator.process_index
        sums = torch.zeros(len(rows), 2, dtype=torch.float64, device=self.accelerator.device)
        order = sorted(range(len(rows)), key=lambda at: len(rows[at]["input_ids"]))
        mine = order[own::processes]
        for start in range(0, len(mine), JUDGED_AT_ONCE):
            if self._stop() and processes == 1:
                raise Stopped("It was stopped.")
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

    def checkpoint(self) -> None:
        """Save now, unless the newest complete checkpoint is of this very step."""
        newest = self._job.newest_checkpoint()
        if self.state.global_step and (newest is None or step_of(newest) < self.state.global_step):
            self._save_checkpoint(self.model, None)

    def _get_output_dir(self, trial: Any) -> str:
        return str(self._job.checkpoints / ".aside")

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        """Written aside, brought to disk, marked, renamed: whatever dies when, a folder `step-<n>` is whole."""
        aside = self._job.checkpoints / ".aside"
        if self.accelerator.is_main_process:
            shutil.rmtree(aside, ignore_errors=True)
        self.accelerator.wait_for_everyone()
        super()._save_checkpoint(model, trial)
        self.accelerator.wait_for_everyone()
        if self.accelerator.is_main_process:
            keep(aside / f"checkpoint-{self.state.global_step}", self._job.checkpoints, self.state.global_step)
        self.accelerator.wait_for_everyone()

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """To the callbacks only: what SFTTrainer adds are sums over logits that are not computed here."""
        logs["epoch"] = self.state.epoch or 0.0
        self.state.log_history.append({**logs, "step": self.state.global_step})
        self.control = self.callback_handler.on_log(self.args, self.state, self.control, logs)


def build(
    model: Any,
    tokenizer: Any,
    train: Sequence[Row],
    held_out: Sequence[Row],
    spec: TrainingSpec,
    job: JobFolder,
    *,
    lora: Any,
    bf16: bool,
    stop: Callable[[], bool],
    watch: Watch,
    resumed: bool,
) -> Trainer:
    """The trainer of one job. `spec.batch_size` and `accumulation` are totals that the processes share, so that any
    number of them takes the same updates. Raises `InputError` when they cannot be shared out."""
    rows = _dataset(train, spec.max_length if spec.packing else 0)
    gpu = torch.cuda.is_available()
    trainer = Trainer(
        job=job,
        budget=token_budget(gpu),
        stop=stop,
        model=model,
        args=SFTConfig(
            output_dir=str(job.checkpoints),
            use_cpu=not gpu,
            **_updates(spec, len(rows), bf16=bf16),
            **_points(spec, len(rows), bool(held_out), resumed=resumed),
            **_OURS,
        ),
        train_dataset=rows,
        eval_dataset=_dataset(held_out) if held_out else None,
        processing_class=tokenizer,
        peft_config=lora,
        callbacks=[watch],
    )
    watch.trainer = trainer
    return trainer


def _updates(spec: TrainingSpec, rows: int, *, bf16: bool) -> dict[str, Any]:
    """What an update is and how many there are."""
    batch, accumulation = _share(spec, int(os.environ.get("WORLD_SIZE", "1")))
    steps = total_steps(spec, rows)
    return {
        "per_device_train_batch_size": batch,
        "gradient_accumulation_steps": accumulation,
        "max_steps": steps,
        "learning_rate": spec.learning_rate,
        "lr_scheduler_type": _SCHEDULES[spec.schedule],
        "warmup_steps": math.floor(spec.warmup * steps),
        "optim": "adamw_torch_fused",
        "weight_decay": 0.0,
        "max_grad_norm": 1.0,
        "seed": spec.seed,
        "bf16": bf16,
        "gradient_checkpointing": spec.gradient_checkpointing,
    }


def _points(spec: TrainingSpec, rows: int, held_out: bool, *, resumed: bool) -> dict[str, Any]:
    """When the run is logged, judged and saved."""
    steps = total_steps(spec, rows)
    return {
        "logging_steps": max(1, steps // 1000),
        "eval_strategy": "steps" if held_out else "no",
        "eval_steps": spec.eval_steps or max(1, steps // 10),
        "eval_on_start": held_out and not resumed,
        "save_steps": spec.save_steps,
    }


_OURS: dict[str, Any] = {  # rows come encoded and collated, and the child is alone with its log
    "logging_strategy": "steps",
    "logging_nan_inf_filter": False,
    "save_strategy": "steps",
    "report_to": [],
    "disable_tqdm": True,
    "max_length": None,
    "packing": False,
    "dataset_kwargs": {"skip_prepare_dataset": True},
    "remove_unused_columns": False,
    "dataloader_num_workers": 0,
    "dataloader_pin_memory": False,
    "ddp_find_unused_parameters": False,
    "label_names": ["labels"],
}


def total_steps(spec: TrainingSpec, rows: int) -> int:
    """Updates of the whole run over so many rows, or packed rows; a last, smaller batch of an epoch counts."""
    if spec.steps is not None:
        return spec.steps
    return max(1, math.ceil((spec.epochs or 1.0) * math.ceil(rows / spec.effective_batch)))


def token_budget(gpu: bool) -> int:
    """Tokens computed at once."""
    return 8192 if gpu else train_packed.CACHE_TOKENS


_SCHEDULES = {"cosine": "cosine", "linear": "linear", "constant": "constant_with_warmup"}


def _share(spec: TrainingSpec, processes: int) -> tuple[int, int]:
    if spec.batch_size % processes == 0:
        return spec.batch_size // processes, spec.accumulation
    if spec.effective_batch % processes == 0:
        return 1, spec.effective_batch // processes
    raise InputError(
        f"{spec.effective_batch} examples per update cannot be shared by {processes} processes. "
        "Please choose a batch_size that they divide.",
        kind="batch_unshared",
        batch=spec.effective_batch,
        processes=processes,
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
