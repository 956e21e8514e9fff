"""What went wrong in a training -> a `Result` that says the cause and what to change."""

import torch

from chatbot.common import disk
from chatbot.common.errors import AdapterError, BanyanError, StoreFull
from finetune.jobs.folder import RESUME, JobFolder
from finetune.jobs.records import Result
from finetune.spec.spec import TrainingSpec
from finetune.train.trainers.keeping import Diverged

_NO_MEMORY = (
    "out of memory",
    "can't allocate memory",
    "cannot allocate memory",
    "bad_alloc",
    "not enough memory",
    "can't start new thread",
)
_DISK_FULL = (
    "no space left on device",
    "disk quota exceeded",
    "file write failed",
    "disk full",
    "inline_container",
    "iostream error",
)  # the last two: torch.save, which writes through a stream that says no more


def explain(error: BaseException, job: JobFolder) -> Result:
    """A failed `Result` for whatever ended the run."""
    text = _chain(error)
    if isinstance(error, MemoryError | torch.OutOfMemoryError) or any(sign in text for sign in _NO_MEMORY):
        return _out_of_memory(job.spec())
    if isinstance(error, StoreFull) or disk.is_full(error) or any(sign in text for sign in _DISK_FULL):
        return Result("failed", "disk_full", str(disk.full(job.path.parent, RESUME)))
    if isinstance(error, Diverged):
        rate = job.spec().learning_rate / 4
        message = f"The loss became infinite: the learning rate is too high. Train again with {rate:.2g}."
        return Result("failed", "diverged", message, retry={"learning_rate": rate})
    if isinstance(error, AdapterError):
        return Result("failed", "rejected", str(error), _kept(error))
    if isinstance(error, BanyanError):
        return Result("failed", "error", str(error), _kept(error))
    return Result("failed", "error", f"The training failed: {type(error).__name__}: {error}. The log has the details.")


def _out_of_memory(spec: TrainingSpec) -> Result:
    """Changes that need less memory, first those that compute the same updates."""
    if spec.batch_size > 1:
        batch = spec.batch_size // 2
        retry: dict[str, object] = {"batch_size": batch, "accumulation": -(-spec.effective_batch // batch)}
        advice = f"a batch of {batch}, accumulated {retry['accumulation']} times: the same total"
    elif not spec.gradient_checkpointing:
        retry = {"gradient_checkpointing": True}
        advice = "gradient checkpointing: the same result, about a third slower"
    else:
        retry = {"max_length": max(16, spec.max_length // 2)}
        advice = f"examples cut at {retry['max_length']} tokens"
    return Result("failed", "out_of_memory", f"The memory was not enough. Try again with {advice}.", retry=retry)


def _kept(error: BanyanError) -> dict[str, object]:
    return {"kind": error.kind, **error.figures}


def _chain(error: BaseException | None) -> str:
    parts = []
    while error is not None:
        parts.append(str(error).lower())
        error = error.__cause__ or error.__context__
    return "\n".join(parts)
