"""The trainer of one job, by what its rows are."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

from finetune.jobs.folder import JobFolder
from finetune.spec.spec import Method, TrainingSpec
from finetune.train.data import Data
from finetune.train.model import Loaded, lora
from finetune.train.trainers import dpo, kto, orpo, sft
from finetune.train.trainers.compared import Told
from finetune.train.trainers.dpo import PreferenceTrainer
from finetune.train.trainers.kto import LikingTrainer
from finetune.train.trainers.orpo import OddsTrainer
from finetune.train.trainers.sft import AnswerTrainer
from finetune.train.watch import Watch

Trainer = AnswerTrainer | PreferenceTrainer | OddsTrainer | LikingTrainer
MADE: dict[Method, Callable[..., Trainer]] = {
    "sft": sft.trainer,
    "dpo": dpo.trainer,
    "orpo": orpo.trainer,
    "kto": kto.trainer,
}
COMPARING: tuple[Method, ...] = ("dpo", "kto")  # with what the model was


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
    reports: Sequence[Any] = (),
    sharded: bool = False,
) -> Trainer:
    """`reports` are callbacks besides the watch. `spec.batch_size` and `accumulation` are totals that the processes share, so that any number of them takes the same
    updates. Raises `InputError` when they cannot be shared out."""
    shared: dict[str, Any] = {
        "model": loaded.model,
        "processing_class": loaded.tokenizer,
        "peft_config": lora(spec),
        "job": job,
        "stop": stop,
        "callbacks": [watch, *reports],
        "bf16": loaded.bf16,
        "resumed": resumed,
    }
    if data.method in COMPARING:
        shared |= {"earlier": earlier, "told": told}
    if sharded:
        shared["sharded"] = True
    trainer = MADE[data.method](data.train, data.held_out, spec, **shared)
    watch.trainer = trainer
    return trainer
