"""Minutes of the quick preset for data sets of several sizes, extrapolated from the first updates of each.

    python -m tests.bench.finetune.quick ROWS.jsonl --base FOLDER [--rows 50,200,1000] [--updates 20] [--threads 2]

Each size trains in a process of its own, as the app starts it, and is stopped when so many updates are done. What an update and a
point of the held-out curve take is measured from the second on, since the first warms up; the verdict is counted with the share of
the training that it may take at most.
"""

import argparse
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from chatbot.common.child import child_environment
from finetune.jobs.folder import JobFolder

HOME = Path(__file__).resolve().parents[3]


@dataclass(frozen=True, slots=True)
class Cost:
    """Of the whole run, from its beginning: seconds to the first update, of one, of a point of the curve; how many of both."""

    start: float
    update: float
    point: float
    updates: int
    points: int

    @property
    def training(self) -> float:
        return self.updates * self.update + self.points * self.point

    def minutes(self, share: float) -> float:
        return (self.start + self.training * (1 + share)) / 60


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--base", type=Path, required=True, help="a transformers folder")
    parser.add_argument("--rows", default="50,200,1000")
    parser.add_argument("--updates", type=int, default=20)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    print("rows  tokens  updates  s/update  s/point  minutes")
    for count in map(int, options.rows.split(",")):
        with tempfile.TemporaryDirectory() as made, started(options, Path(made), count) as job:
            lines = measured(job, options.updates)
            cost = cost_of(lines, job.started()["at"])
            tokens = max(line.get("tokens", 0) for line in lines) / max(1, lines[-1]["step"])
            print(
                f"{count:4}  {tokens:6.0f}  {cost.updates:7}  {cost.update:8.2f}  {cost.point:7.2f}  "
                f"{cost.minutes(job.spec().verdict_share):7.1f}",
                flush=True,
            )


@contextmanager
def started(options: argparse.Namespace, folder: Path, count: int) -> Iterator[JobFolder]:
    """A job under way on the first rows of the file; it ends with the block."""
    rows = folder / "rows.jsonl"
    with options.data.open(encoding="utf-8") as source, rows.open("w", encoding="utf-8") as some:
        some.writelines(line for _, line in zip(range(count), source, strict=False))
    command = [sys.executable, "-m", "finetune.train", "--data", rows, "--name", "quick", "--preset", "quick"]
    command += ["--base", options.base.resolve(), "--folder", folder]
    environment = child_environment(os.environ, "cpu", options.threads)
    child = subprocess.Popen(list(map(str, command)), cwd=HOME, env=environment, stderr=subprocess.DEVNULL)
    try:
        while not (found := [path.parent for path in (folder / "jobs").glob("*/started")]):
            assert child.poll() is None, "it ended before it began"
            time.sleep(0.2)
        yield JobFolder(found[0])
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
        shutil.rmtree(folder / "jobs", ignore_errors=True)


def measured(job: JobFolder, updates: int) -> list[dict[str, Any]]:
    """The progress once so many updates are done, or all of them."""
    while True:
        lines = [line for line in job.read_progress() if "phase" not in line]
        steps = [line for line in lines if "loss" in line]
        if steps and (len(steps) >= updates or steps[-1]["step"] >= steps[-1]["of"]):
            return lines
        assert job.state() == "running", job.result()
        time.sleep(0.5)


def cost_of(lines: list[dict[str, Any]], began: float) -> Cost:
    """A line is written when what it tells of is done; a point is its loss and the sample answers after it."""
    spans = [(after, after["at"] - before["at"]) for before, after in pairwise(lines)]
    updates = [seconds for line, seconds in spans if "loss" in line and "eval_loss" not in line]
    points = [seconds for line, seconds in spans if "eval_loss" in line or "samples" in line]
    held = sum("eval_loss" in line for line in lines[1:])
    of = lines[-1]["of"]
    return Cost(
        lines[0]["at"] - began,
        statistics.median(updates),
        sum(points) / held if held else 0.0,
        of,
        of // max(1, of // 10) + 1,
    )


if __name__ == "__main__":
    main()
