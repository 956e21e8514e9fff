"""What is seen of a run while it goes on: its progress, its end when somebody asks for it, its best point."""

import sys
import time
from collections.abc import Callable
from typing import Any

import psutil
import torch
from transformers import TrainerCallback

from chatbot.common.system.heap import give_back
from finetune.jobs.estimate import SAMPLING
from finetune.train.progress import Progress
from finetune.train.samples import Sampled


class Watch(TrainerCallback):  # type: ignore[misc]
    """Writes the progress and what the model answers at each point of the curve, ends the run when asked to, or when the held-out loss
    has not fallen for `patience` points."""

    def __init__(
        self,
        progress: Progress,
        stop: Callable[[], bool],
        patience: int,
        best: Callable[[int], None],
        sample: Callable[[Any], Sampled] = lambda model: [],
    ) -> None:
        self._progress, self._stop, self._patience, self._best = progress, stop, patience, best
        self._sample, self._sampling = sample, 0.0  # seconds that samples took
        self._step_ended, self._seconds, self._tokens, self._steps = time.perf_counter(), 0.0, 0, 0
        self._before = max((line.get("tokens", 0) for line in progress.lines), default=0)
        self.trainer: Any = None

    def on_step_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self._step_ended = time.perf_counter()
        self._tokens_before = self.trainer.seen_tokens

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        give_back()
        self._seconds += time.perf_counter() - self._step_ended
        self._tokens += (self.trainer.seen_tokens - self._tokens_before) * args.world_size
        self._steps += 1
        stop = self._stop()
        if args.world_size > 1:  # all processes must leave at the same step
            flag = torch.tensor(int(stop), device=args.device)
            stop = bool(self.trainer.accelerator.reduce(flag, "sum") > 0)
        if stop:
            control.should_training_stop = True

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, float], **_: Any) -> None:
        if not state.is_world_process_zero:
            return
        common = {"step": state.global_step, "of": state.max_steps, "epoch": round(state.epoch or 0.0, 4)}
        if "eval_loss" in logs:
            self._progress.write(**common, eval_loss=logs["eval_loss"])
        elif "loss" in logs:
            pace = self._seconds / max(1, self._steps)
            self._progress.write(
                **common,
                loss=logs["loss"],
                lr=logs.get("learning_rate"),
                grad_norm=logs.get("grad_norm"),
                tokens=self._before + self._tokens,
                tokens_per_second=round(self._tokens / max(1e-9, self._seconds), 1),
                memory=peak_memory(),
                eta=round(pace * (state.max_steps - state.global_step), 1),
            )

    def on_evaluate(self, args: Any, state: Any, control: Any, metrics: dict[str, float], **_: Any) -> None:
        if state.is_world_process_zero and self._sampling <= SAMPLING * self._seconds and not self._stop():
            self._take_samples(state)
        if not self._patience:
            return
        curve = [line["eval_loss"] for line in self._progress.lines if line.get("eval_loss") is not None]
        best = min(range(len(curve)), key=curve.__getitem__, default=0)
        if best == len(curve) - 1:
            self._best(state.global_step)
        if len(curve) - 1 - best >= self._patience:
            control.should_training_stop = True

    def _take_samples(self, state: Any) -> None:
        began, model = time.perf_counter(), self.trainer.accelerator.unwrap_model(self.trainer.model)
        if found := self._sample(model):
            model.train()  # as the evaluation leaves it
            self._progress.write(step=state.global_step, of=state.max_steps, samples=found)
        self._sampling += time.perf_counter() - began


def peak_memory() -> int:
    """Bytes: of the GPU when there is one, else of this process."""
    if torch.cuda.is_available():
        return int(torch.cuda.max_memory_allocated())
    try:
        import resource
    except ImportError:  # Windows
        return int(psutil.Process().memory_info().peak_wset)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
