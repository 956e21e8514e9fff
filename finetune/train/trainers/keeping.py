"""What every trainer of ours keeps: whole checkpoints, fp32 adapters, a stop between two pieces of the work."""

import math
import shutil
from collections.abc import Callable
from typing import Any

from torch import Tensor
from transformers import Trainer

from chatbot.common.errors import Stopped
from finetune.jobs.folder import JobFolder
from finetune.train.checkpoints import keep, step_of


class Diverged(Exception):
    """The loss is no number any more."""


class Keeping(Trainer):  # type: ignore[misc]
    """To be inherited from before one of TRL's trainers.

    `stop` is asked before every piece; a single process leaves at once with `Stopped`, and the adapter is as
    the last whole update left it.
    """

    padded = False
    """Whether rows lie side by side, which needs transformers' own attention."""

    def __init__(self, *, job: JobFolder, stop: Callable[[], bool], **settings: Any) -> None:
        super().__init__(**settings)
        for weight in self.model.parameters():
            if weight.requires_grad:  # TRL makes those on a quantised model bfloat16, in which small updates are lost
                weight.data = weight.data.float()
        self._job, self._stop = job, stop
        self.seen_tokens = 0

    def begin(self) -> None:
        """What is computed once before the first update. Raises `Stopped`."""

    def leave_if_asked(self) -> None:
        """Raises `Stopped`; several processes leave together, at the end of a step."""
        if self._stop() and self.accelerator.num_processes == 1:
            raise Stopped("It was stopped.")

    def require_finite(self, loss: Tensor) -> Tensor:
        """Raises `Diverged`."""
        if not math.isfinite(float(loss)):
            raise Diverged
        return loss

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
        """To the callbacks only: what TRL adds is over logits that are not computed here, or is told by the verdict."""
        logs["epoch"] = self.state.epoch or 0.0
        self.state.log_history.append({**logs, "step": self.state.global_step})
        self.control: Any = self.callback_handler.on_log(self.args, self.state, self.control, logs)
