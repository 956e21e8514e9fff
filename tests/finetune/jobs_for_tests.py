"""Small real jobs: a tiny random model, some rows, and ways to wait for a child."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from finetune.jobs.folder import JobFolder
from finetune.jobs.jobs import Jobs, new_folder
from finetune.jobs.records import Base, Meta
from finetune.spec.spec import TrainingSpec

ROWS = [
    {
        "messages": [
            {"role": "user", "content": f"How many trunks have {n} trees?"},
            {"role": "assistant", "content": f"The {n} trees have {3 * n} trunks." + " Many!" * (n % 7)},
        ]
    }
    for n in range(48)
]
PAIRS = [{**row, "rejected": {"role": "assistant", "content": "No idea, go away!"}} for row in ROWS[:24]]
QUICK: dict[str, Any] = {
    "steps": 12,
    "epochs": None,
    "batch_size": 4,
    "rank": 4,
    "save_steps": 5,
    "learning_rate": 5e-3,
    "samples": 0,
    "precision": "fp32",  # losses are compared to the fourth digit, which bf16, the default on some CPUs, does not keep
}


def spec(**changes: object) -> TrainingSpec:
    return TrainingSpec().changed(QUICK | changes)


def make_job(
    folder: Path,
    model: Path,
    settings: TrainingSpec,
    *,
    owner: str = "ada",
    name: str = "trunks",
    rows: list[dict[str, Any]] = ROWS,
    start: Path | None = None,
) -> JobFolder:
    meta = Meta(owner, name, time.time(), Base(str(model), "tiny-llama", "f00d"), str(folder / "adapters"))
    return new_folder(folder / "jobs", meta, settings, rows, start=start)


def wait_for(what: Callable[[], bool], seconds: float = 180.0) -> None:
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.02)


def wait_for_end(jobs: Jobs, owner: str, id: str, seconds: float = 180.0) -> None:
    wait_for(lambda: jobs.get(owner, id).state not in ("queued", "running"), seconds)
