"""progress.jsonl: one line a logged step, appended by the child, read by anybody.

    {"step", "of", "epoch", "loss", "lr", "grad_norm", "tokens", "tokens_per_second", "memory", "eta", "at"}
    {"step", "of", "epoch", "eval_loss", "at"}
    {"step", "of", "samples": [{"row", "prompt", "reference", "answer"}], "at"}
    {"phase": "evaluating", "step", "of", "done", "eta", "at"}

`loss` is nats per trained token of the update, `eval_loss` the same over all held-out rows; `memory` is the peak in bytes,
`eta` seconds to the end of the training or the verdict, `done` the fraction of the verdict, `tokens` (since the first attempt) and `tokens_per_second` count every token of the
examples and no padding.
"""

import json
import math
import time
from typing import Any

from chatbot.common import disk
from finetune.jobs.folder import JobFolder


class Progress:
    """Appends lines; a run that goes on from a checkpoint first drops the lines after it."""

    def __init__(self, job: JobFolder, *, resumed_at: int = 0) -> None:
        self._path = job.progress
        lines = job.read_progress()
        self.lines = [line for line in lines if "phase" not in line and line["step"] <= resumed_at]
        if job.progress.exists():
            disk.write(self._path, "".join(json.dumps(line) + "\n" for line in self.lines))

    def write(self, **values: Any) -> None:
        """Numbers that are not finite become null, which JSON can say."""
        line = {name: _plain(value) for name, value in values.items()} | {"at": round(time.time(), 3)}
        self.lines.append(line)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
