"""A disk that fills up somewhere in a fine-tune, from its first byte to the published adapter: told by its cause, and it goes on with room.

    python -m tests.bench.finetune.full_disk [--from 40 --to 1400 --step 40]

Needs to mount a tmpfs, as root may. A run on a tiny model with checkpoints, points, samples and early stopping is given so many
kilobytes beside its folder, more each time, until it needs no more.
"""

import argparse
import shutil
import tempfile
from collections import Counter
from pathlib import Path

from chatbot.common.errors import StoreFull
from finetune.jobs.folder import JobFolder
from finetune.train.command import run
from tests.bench.attacks.full_disk import ROOM, disk, sized
from tests.finetune.jobs_for_tests import make_job, spec
from tests.tiny import make_model

SETTINGS = spec(steps=6, save_steps=2, eval_steps=3, early_stopping=2, samples=2)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--from", dest="first", type=int, default=40)
    parser.add_argument("--to", type=int, default=1400)
    parser.add_argument("--step", type=int, default=40)
    options = parser.parse_args()
    ends, faults = Counter[str](), list[str]()
    with tempfile.TemporaryDirectory() as made, disk() as folder:
        model = make_model(Path(made) / "tiny", "llama")
        for room in range(options.first, options.to, options.step):
            end, wrong = one(folder / str(room), model, room)
            ends[end] += 1
            faults += [f"{room} KB: {what}" for what in wrong]
    print("\n".join(faults))
    print(f"{ends.total()} runs, {len(faults)} faults: {dict(ends)}")


def one(folder: Path, model: Path, room: int) -> tuple[str, list[str]]:
    """How the run ended, and what was wrong with that."""
    job = make_job(folder, model, SETTINGS)
    disk_of = folder.parent
    sized(disk_of, f"size={shutil.disk_usage(disk_of).used // 1024 + room}k")
    end = ended(job)
    sized(disk_of, f"size={ROOM}k")
    wrong = [] if end in ("disk_full", "succeeded", "interrupted") else [f"it ended as {end}"]
    if end != "succeeded":
        job.enqueue()
        again = ended(job)
        wrong += [] if again == "succeeded" else [f"with room again it ended as {again}"]
    left = [path.name for path in job.path.parent.parent.rglob(".aside-*")]
    shutil.rmtree(folder)
    return end, wrong + [f"{name} lies aside" for name in left]


def ended(job: JobFolder) -> str:
    """The state, or the cause of a failure. "interrupted": there was no room for the last word either."""
    try:
        result = run(job, device="cpu")
    except StoreFull:
        return job.state()
    return result.cause or result.state


if __name__ == "__main__":
    main()
