"""A spec -> the settings that transformers' trainers know."""

import math
import os
from typing import Any

from chatbot.common.errors import InputError
from finetune.spec.spec import TrainingSpec
from finetune.train.arithmetic import packed


def updates(spec: TrainingSpec, rows: int, *, bf16: bool) -> dict[str, Any]:
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
        "weight_decay": spec.weight_decay,
        "max_grad_norm": 1.0,
        "seed": spec.seed,
        "bf16": bf16,
        "gradient_checkpointing": spec.gradient_checkpointing,
    }


def points(spec: TrainingSpec, rows: int, held_out: bool, *, resumed: bool) -> dict[str, Any]:
    """When the run is logged, judged and saved."""
    steps = total_steps(spec, rows)
    return {
        "logging_steps": max(1, steps // 1000),
        "eval_strategy": "steps" if held_out else "no",
        "eval_steps": spec.eval_steps or max(1, steps // 10),
        "eval_on_start": held_out and not resumed,
        "save_steps": spec.save_steps,
    }


OURS: dict[str, Any] = {  # rows come encoded and collated, and the child is alone with its log
    "logging_strategy": "steps",
    "logging_nan_inf_filter": False,
    "save_strategy": "steps",
    "report_to": [],
    "disable_tqdm": True,
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
    return 8192 if gpu else packed.CACHE_TOKENS


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
