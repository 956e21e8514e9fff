"""A fine-tune in a shared folder and two workers beside it, of which the one that runs it is killed: for `tests.bench.replicas`."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from finetune.jobs.folder import JobFolder
from finetune.jobs.queue import all_jobs
from tests.finetune.jobs_for_tests import make_job, spec, wait_for
from tests.running import ROOT
from tests.tiny import make_model

STEPS, SAVED, LEFT = 100_000, 20, 200  # so many that it lasts until its worker is killed; so many it has then left
END = 600.0  # seconds that the fine-tune may take beside the visitors


class Training:
    """A fine-tune of `owner`'s on a tiny model, as a machine with two workers that tell themselves apart has it."""

    def __init__(self, data: Path, owner: str) -> None:
        model = make_model(data / "tiny", "llama")
        self.job = make_job(data, model, spec(steps=STEPS, save_steps=SAVED), owner=owner, name="trunks")
        command = [sys.executable, "-m", "finetune.worker", str(data), "--threads", "1"]
        self.workers = {
            name: subprocess.Popen([*command, "--name", name], cwd=ROOT) for name in ("node-1", "node-2")
        }  # of one device by name each, so that either may take it

    def lose(self) -> float:
        """Kill the worker that has begun, with what it trains; returns the seconds until the other one trains."""
        wait_for(lambda: self.job.newest_checkpoint() is not None, END)
        began = self.job.started()
        there = self.job.read_progress()[-1]["step"]
        self.job.path.joinpath("spec.json").write_text(self.job.spec().changed({"steps": there + LEFT}).to_json())
        worker = self.workers[began["machine"]]
        worker.kill()
        os.killpg(began["pid"], signal.SIGKILL)
        worker.wait()
        at = time.monotonic()
        wait_for(lambda: self.job.state() == "running" and self.job.started()["machine"] != began["machine"], END)
        return time.monotonic() - at

    def end(self) -> None:
        wait_for(lambda: self.job.state() not in ("running", "interrupted"), END)
        assert self.job.state() == "succeeded", self.job.log.read_text()


@contextmanager
def training(data: Path, owner: str) -> Iterator[Training]:
    """No process of it outlives the block."""
    made = Training(data, owner)
    try:
        yield made
    finally:
        for worker in made.workers.values():
            worker.kill()
            worker.wait()
        for job in all_jobs(data / "jobs"):
            _end(job)


def _end(job: JobFolder) -> None:
    if job.is_locked():
        os.killpg(job.started()["pid"], signal.SIGKILL)
