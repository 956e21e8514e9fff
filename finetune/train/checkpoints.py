"""Checkpoints that are whole or not there."""

import json
import logging
import shutil
from pathlib import Path

from chatbot.common import disk
from finetune.jobs.folder import COMPLETE, JobFolder

KEPT = 2  # complete checkpoints: the newest, and one before it in case the disk harms that

log = logging.getLogger("finetune")


def step_of(checkpoint: Path) -> int:
    return int(checkpoint.name.removeprefix("step-"))


def newest_whole(job: JobFolder) -> Path | None:
    """The newest checkpoint whose files have the sizes that were noted when it was complete."""
    for path in sorted(job.checkpoints.glob("step-*"), reverse=True):
        if (path / COMPLETE).is_file():
            sizes = json.loads((path / COMPLETE).read_text("utf-8"))
            if all((path / name).is_file() and (path / name).stat().st_size == size for name, size in sizes.items()):
                return path
            log.warning("%s is damaged and left out", path.name)
    return None


def keep(aside: Path, checkpoints: Path, step: int) -> None:
    """Mark `aside`, bring it to disk, give it its name, and drop the oldest. Raises `OSError`."""
    sizes = {path.name: path.stat().st_size for path in sorted(aside.iterdir())}
    (aside / COMPLETE).write_text(json.dumps(sizes), "utf-8")
    disk.place(aside, checkpoints / f"step-{step:08d}", over=True)  # one there is of a run before the last resume
    whole = sorted(path for path in checkpoints.glob("step-*") if (path / COMPLETE).is_file())
    for old in whole[:-KEPT]:
        (old / COMPLETE).unlink()
        shutil.rmtree(old, ignore_errors=True)
