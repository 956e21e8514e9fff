"""The trainer of one job, by what its rows are."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from finetune.jobs.folder import JobFolder
from finetune.spec.spec import TrainingSpec
from finetune.train.data import Data
from finetune.train.model import Loaded, lora
from finetune.train.trainers import dpo, sft
from finetune.train.trainers.dpo import PreferenceTrainer, Told
from finetune.train.trainers.sft import AnswerTrainer
from finetune.train.watch import Watch

Trainer = AnswerTrainer | PreferenceTrainer


def build(
    loaded: Loaded,
    data: Data,
    spec: TrainingSpec,
    job: JobFolder,
    *,
    stop: Callable[[], bool],
    watch: Watch,
    resumed: bool,
    earlier: Callable[[Any], AbstractContextManager[Any]] | None = None,
    told: Told = lambda fraction, left: None,
) -> Trainer:
    """`spec.batch_size` and `accumulation` are totals that the processes share, so that any number of them takes the same
    updates. Raises `InputError` when they cannot be shared out."""
    shared: dict[str, Any] = {
        "model": loaded.model,
        "processing_class": loaded.tokenizer,
        "peft_config": lora(spec),
        "job": job,
        "stop": stop,
        "callbacks": [watch],
        "bf16": loaded.bf16,
        "resumed": resumed,
    }
    trainer: Trainer
    if data.prefers:
        trainer = dpo.trainer(data.train, data.held_out, spec, earlier=earlier, told=told, **shared)
    else:
        trainer = sft.trainer(data.train, data.held_out, spec, **shared)
    watch.trainer = trainer
    return trainer
