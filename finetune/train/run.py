"""The course of one training: load, train, save, accept, judge, publish."""

import contextlib
import logging
import math
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from chatbot.common import disk
from chatbot.common.errors import Stopped, UsageError
from chatbot.common.system.processes import cores
from finetune.data.encoding.masks import ChatEncoder
from finetune.jobs import start
from finetune.jobs.folder import JobFolder
from finetune.jobs.records import Result
from finetune.publish import publish
from finetune.publish.card import WEIGHTS
from finetune.train import data as train_data
from finetune.train import model as train_model
from finetune.train import reports
from finetune.train import verdict as train_verdict
from finetune.train.arithmetic import attention, fused
from finetune.train.arithmetic.sharded import agreed
from finetune.train.checkpoints import newest_whole, step_of
from finetune.train.data import Data
from finetune.train.progress import Progress
from finetune.train.samples import sampler
from finetune.train.trainers.build import Trainer, build
from finetune.train.watch import Watch
from finetune.verdict.labels import labels_of

log = logging.getLogger("finetune")


def train(job: JobFolder, stop: Callable[[], bool], *, sharded: bool = False) -> Result:
    """Run the job to its end, with the base `sharded` among the processes if need be. Raises what goes wrong; only the first process
    writes anything but checkpoints."""
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "0")) or cores())
    spec, base = job.spec(), job.meta().base
    checkpoint = newest_whole(job)
    if stop() and not checkpoint:
        return _stopped_early("Stopped before the training began; there is no adapter.")
    progress = Progress(job, resumed_at=step_of(checkpoint) if checkpoint else 0)
    loaded = train_model.load(base, spec, sharded=sharded)
    try:
        data = train_data.load(job.data, ChatEncoder(loaded.tokenizer), spec, lambda: stop() and not checkpoint)
    except Stopped:
        return _stopped_early("Stopped before the training began; there is no adapter.")
    log.info("%d rows to learn from, %d held out, %d faults", len(data.train), len(data.held_out), len(data.faults))
    if sharded and data.method != "sft":
        raise UsageError(f"--shard is for the method sft, and these rows are for {data.method}.")
    trainer = _trainer(job, loaded, data, progress, stop, resumed=checkpoint is not None, sharded=sharded)
    if job.start.is_dir() and not checkpoint:
        start.load(trainer.accelerator.unwrap_model(trainer.model), job.start)
    began = time.monotonic()
    stopped = fit(trainer, checkpoint, stop, spec.precision, sharded=sharded)
    seconds = time.monotonic() - began
    _restore_best(job, trainer)
    if not (trainer.accelerator.is_main_process or sharded):
        trainer.accelerator.wait_for_everyone()
        return Result("succeeded")
    how = _judging(job, data, progress, trainer, seconds, stop)
    how = replace(how, agreed=agreed) if sharded else how
    try:
        return _conclude(job, trainer, data, progress, stopped, how, sharded=sharded)
    finally:
        trainer.accelerator.wait_for_everyone()


def _trainer(
    job: JobFolder,
    loaded: train_model.Loaded,
    data: Data,
    progress: Progress,
    stop: Callable[[], bool],
    *,
    resumed: bool,
    sharded: bool,
) -> Trainer:
    """With all that looks on. The processes of a `sharded` base answer nothing between updates: one alone would wait for the others."""
    spec = job.spec()
    sample = sampler(data.held_out, loaded.tokenizer, 0 if sharded else spec.samples)
    watch = Watch(progress, stop, spec.early_stopping, lambda step: _keep_best(job, trainer, step), sample)
    trainer = build(
        loaded,
        data,
        spec,
        job,
        stop=stop,
        watch=watch,
        resumed=resumed,
        earlier=_earlier(job),
        told=_teller(progress, "comparing", lambda: (trainer.state.global_step, trainer.args.max_steps)),
        reports=reports.callbacks(job),
        sharded=sharded,
    )
    reports.name(trainer.args, job)
    return trainer


def broadcast(text: str) -> str:
    """The first process's text, in every process."""
    from accelerate import PartialState
    from accelerate.utils import broadcast_object_list

    PartialState(cpu=not torch.cuda.is_available())  # torchrun does not say so, and alone each would speak to itself
    return str(broadcast_object_list([text])[0])


def fit(
    trainer: Trainer, checkpoint: Path | None, stop: Callable[[], bool], precision: str, *, sharded: bool = False
) -> bool:
    """Returns whether the run was stopped before its end; what it had learnt is in the model and in a checkpoint."""
    model = trainer.accelerator.unwrap_model(trainer.model)
    plain = sharded or model.device.type != "cpu"
    bf16 = not plain and fused.uses_bf16(precision)
    try:
        with contextlib.nullcontext(0) if plain else fused.fused(model, bf16=bf16) as layers:
            log.info("%d layers computed in fewer passes, in bfloat16: %s", layers, bf16)
            trainer.begin()
            with attention.masked(model) if trainer.padded else contextlib.nullcontext():
                trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    except Stopped:
        model.zero_grad()
    stopped = stop() and trainer.state.global_step < trainer.state.max_steps
    stopped = agreed(stopped) if sharded else stopped
    if stopped:
        trainer.checkpoint()
    return stopped


def _judging(
    job: JobFolder, data: Data, progress: Progress, trainer: Trainer, seconds: float, stop: Callable[[], bool]
) -> train_verdict.Judging:
    """How the verdict is made, in the share of the training's time that it may take."""
    spec = job.spec()
    return train_verdict.Judging(
        spec.task,
        data.method,
        labels_of([row.example for row in (*data.train, *data.held_out)]) if data.method != "kto" else (),
        data.doubts,
        math.inf if job.meta().sweep else spec.verdict_share * seconds,  # all of a sweep are judged on the same rows
        stop,
        _teller(progress, "evaluating", lambda: (trainer.state.global_step, trainer.state.max_steps))
        if trainer.accelerator.is_main_process
        else lambda fraction, left: None,
        _earlier(job),
    )


def _earlier(job: JobFolder) -> train_verdict.Shown | None:
    """What the model was before the training, where that is not the bare base."""
    return (lambda model: start.instead(model, job.start)) if job.start.is_dir() else None


def _teller(progress: Progress, phase: str, step: Callable[[], tuple[int, int]]) -> Callable[[float, float], None]:
    """Writes down how far a phase is, once a second."""
    told = 0.0

    def tell(fraction: float, left: float) -> None:
        nonlocal told
        if time.monotonic() - told > 1.0:
            told, (at, of) = time.monotonic(), step()
            progress.write(phase=phase, step=at, of=of, done=round(fraction, 3), eta=round(left, 1))

    return tell


def _conclude(
    job: JobFolder,
    trainer: Trainer,
    data: Data,
    progress: Progress,
    stopped: bool,
    how: train_verdict.Judging,
    *,
    sharded: bool,
) -> Result:
    """Of the first process, which speaks for the job; with a `sharded` base all take part, and the others write nothing."""
    step, first = trainer.state.global_step, trainer.accelerator.is_main_process
    if stopped and not step:
        return _stopped_early("Stopped before the first step was done; there is no adapter.")
    model = trainer.accelerator.unwrap_model(trainer.model)
    if first:
        progress.write(phase="evaluating", step=step, of=trainer.state.max_steps)
        _save(model, job.adapter)
    if sharded:
        trainer.accelerator.wait_for_everyone()
    sequences = [row.encoded for row in data.held_out or data.train]
    acceptance = train_verdict.accept(model, job.adapter, sequences)
    acceptance.require()
    if stopped:
        note = f"Stopped at step {step} of {trainer.state.max_steps}; not judged."
        name = _publish(job, acceptance, {}, note) if first else ""
        return Result("cancelled", "stopped", note, adapter=name, steps=step)
    verdict = train_verdict.judged(model, trainer.processing_class, data.held_out, how).to_dict()
    name = _publish(job, acceptance, verdict) if first else ""
    return Result("succeeded", message=verdict["sentence"], adapter=name, steps=step, verdict=verdict)


def _stopped_early(message: str) -> Result:
    return Result("cancelled", "stopped", message, {"kind": "stopped_early"})


def _publish(job: JobFolder, acceptance: publish.Acceptance, verdict: dict[str, Any], note: str = "") -> str:
    """DoRA stays in the job's folder, as the engines serve plain LoRA only; so do those of a sweep until the best is known."""
    if job.spec().dora or job.meta().sweep:
        publish.write_card(job, acceptance, verdict, note)
        return ""
    return publish.publish(job, acceptance, verdict, note)


def _save(model: Any, folder: Path) -> None:
    """PEFT's two files, under their final name only when whole."""
    aside = folder.with_name(".adapter")
    shutil.rmtree(aside, ignore_errors=True)
    model.save_pretrained(str(aside), selected_adapters=["default"], safe_serialization=True)
    disk.place(aside, folder, over=True)


def _keep_best(job: JobFolder, trainer: Trainer, step: int) -> None:
    if trainer.accelerator.is_main_process:
        _save(trainer.accelerator.unwrap_model(trainer.model), job.path / "best")
        (job.path / "best" / "step").write_text(str(step), "ascii")


def _restore_best(job: JobFolder, trainer: Trainer) -> None:
    """With early stopping, the weights of the best held-out point are the result."""
    best = job.path / "best"
    if not job.spec().early_stopping or not (best / "step").is_file():
        return
    if int((best / "step").read_text("ascii")) > trainer.state.global_step:
        return
    from peft import set_peft_model_state_dict
    from safetensors.torch import load_file

    set_peft_model_state_dict(
        trainer.accelerator.unwrap_model(trainer.model), load_file(best / WEIGHTS), adapter_name="default"
    )
    log.info("the best held-out point is the result: step %s", (best / "step").read_text("ascii"))
