"""A job's folder, and what it says: the state of a job is read from its files and its lock, never remembered.

    meta.json       owner, name, base model; written once
    spec.json       `TrainingSpec`
    recipe.yaml     the recipe it follows, where there is one
    data.jsonl      the examples, {"messages": [...]} or {"text": ...}
    start/          the adapter it goes on from, where there is one
    queue           when the job took its place in the queue, by the clock of the disk, which all machines have in common
    started         the child's process id, machine and device; there from the first attempt until the job is queued again
    lock            held (flock) while the child lives: the kernel lets go of it, however the child dies
    cancel          somebody asked the child to stop
    alive           touched by the child between two pieces of its work
    progress.jsonl  one line a logged step
    log.txt         what the child printed
    checkpoints/    step-<n>/, whole when it holds COMPLETE
    result.json     how it ended; the child's last word
    adapter/        the trained adapter, PEFT's layout

Locks and process groups are POSIX: on Windows, jobs run under WSL.
"""

import contextlib
import json
import os
import platform
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from chatbot.common import disk, summed
from chatbot.common.errors import NotFound
from chatbot.common.system import locks
from finetune.jobs.damage import lines, whole
from finetune.jobs.records import Base, Meta, Result, Start
from finetune.spec.spec import TrainingSpec

JobState = Literal["queued", "running", "succeeded", "failed", "cancelled", "interrupted"]
FINAL = ("succeeded", "failed", "cancelled")
COMPLETE = "COMPLETE"
RECIPE = "recipe.yaml"
MOST_ATTEMPTS = 3  # that begin at the same step: a job that ends its machine each time is left to people
MACHINE = "FINETUNE_MACHINE"  # in the environment: what a scheduler calls the part of a machine that is ours
RESUME = "resume the job; its checkpoints are safe"  # what to do after a full disk has space again


@dataclass(frozen=True, slots=True)
class JobFolder:
    """One job on disk. Reading it needs no lock."""

    path: Path

    @property
    def id(self) -> str:
        return self.path.name

    @property
    def data(self) -> Path:
        return self.path / "data.jsonl"

    @property
    def log(self) -> Path:
        return self.path / "log.txt"

    @property
    def progress(self) -> Path:
        return self.path / "progress.jsonl"

    @property
    def checkpoints(self) -> Path:
        return self.path / "checkpoints"

    @property
    def start(self) -> Path:
        return self.path / "start"

    @property
    def adapter(self) -> Path:
        return self.path / "adapter"

    def meta(self) -> Meta:
        """Raises `NotFound` when the folder is no job's, or is being removed."""
        with whole(self.id):
            values = self._json("meta.json")
            if values is None:
                raise NotFound("There is no such job. It may have been removed.", kind="no_job")
            start = Start(**values["start"]) if values.get("start") else None
            return Meta(**(values | {"base": Base(**values["base"]), "start": start}))

    def spec(self) -> TrainingSpec:
        with whole(self.id):
            return TrainingSpec.from_json((self.path / "spec.json").read_text("utf-8"))

    def result(self) -> Result | None:
        with whole(self.id):
            values = self._json("result.json")
            return None if values is None else Result(**values)

    def started(self) -> dict[str, Any]:
        """{"pid", "device", "machine", "at", "step", "attempt"} of the latest attempt; empty before the first."""
        return self._json("started") or {}

    def state(self) -> JobState:
        result = self.result()
        if result is None:
            if self.is_locked():
                return "running"
            result = self.result()  # it may have ended while the lock was looked at
        if result is not None:
            return result.state
        if self.asked_to_stop:
            return "cancelled"
        return "interrupted" if (self.path / "started").exists() else "queued"

    @property
    def can_go_on(self) -> bool:
        """Whether it came to an end that is not its last."""
        return self.state() in ("interrupted", "cancelled", "failed")

    @property
    def queued_at(self) -> float:
        try:
            return float((self.path / "queue").read_text("ascii"))
        except (OSError, ValueError):
            return 0.0

    @property
    def asked_to_stop(self) -> bool:
        return (self.path / "cancel").exists()

    def lock(self, patience: float = 0.0) -> int | None:
        """Take the job: a descriptor that holds the lock until it and its copies are closed. None when another has it.

        With `patience` (seconds) it tries again: somebody who looks at a lock holds it for an instant.
        """
        descriptor = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        until = time.monotonic() + patience
        while True:
            if locks.take(descriptor):
                return descriptor
            if time.monotonic() >= until:
                os.close(descriptor)
                return None
            time.sleep(0.01)

    def is_locked(self) -> bool:
        try:
            descriptor = os.open(self.path / "lock", os.O_RDWR)
        except FileNotFoundError:
            return False
        try:
            return locks.is_taken(descriptor)
        finally:
            os.close(descriptor)

    def enqueue(self) -> None:
        """Back to the end of the queue. The last file taken away is what turns the state."""
        write(self.path / "queue", f"{disk.clock(self.path):.6f}")
        for name in ("cancel", "started", "result.json"):
            (self.path / name).unlink(missing_ok=True)

    @property
    def is_here(self) -> bool:
        """Whether its child is, or was, on this machine."""
        return str(self.started().get("machine", here())) == here()

    @property
    def can_be_taken_over(self) -> bool:
        """Whether its child died without a word, and another attempt may come further."""
        if self.state() != "interrupted":
            return False
        started = self.started()
        return started.get("attempt", 0) < MOST_ATTEMPTS or started.get("step") != self._saved

    @property
    def _saved(self) -> str:
        newest = self.newest_checkpoint()
        return newest.name if newest else ""

    def begin(self, device: str, pid: int = 0) -> None:
        """An attempt starts; `pid` is 0 until the child itself says it. Attempts that begin at the same step are counted."""
        before, step = self.started(), self._saved
        earlier = before.get("attempt", 0) if before.get("step") == step else 0
        attempt = earlier + (not pid or before.get("pid") != 0)
        facts = {"pid": pid, "device": device, "machine": here(), "at": time.time(), "step": step, "attempt": attempt}
        write(self.path / "started", json.dumps(facts))

    def finish(self, result: Result) -> None:
        write(self.path / "result.json", summed.text(asdict(result)))

    def ask_to_stop(self) -> None:
        write(self.path / "cancel", f"{time.time():.6f}")

    def live(self) -> None:
        """The child gets on with its work."""
        with contextlib.suppress(OSError):  # a full disk is told where something is lost by it
            (self.path / "alive").touch()

    def is_stuck(self, patience: float) -> bool:
        """Whether it was asked to stop, and neither worked nor wrote anything for `patience` seconds since. What has begun to
        be kept is never called so: from then on it ends by itself."""
        if not self.asked_to_stop or self.adapter.exists():
            return False
        return disk.clock(self.path.parent) - self._last_sign() > patience

    def _last_sign(self) -> float:
        """When anything in the folder, or in a checkpoint that is being written, changed last."""
        newest = 0.0
        for path in (*self.path.iterdir(), *self.checkpoints.glob(".aside/**/*"), *self.path.glob(".adapter/*")):
            with contextlib.suppress(FileNotFoundError):  # renamed at this very moment
                newest = max(newest, path.stat().st_mtime)
        return newest

    def newest_checkpoint(self) -> Path | None:
        """The complete checkpoint of the highest step."""
        found = [p for p in self.checkpoints.glob("step-*") if (p / COMPLETE).is_file()]
        return max(found, key=lambda path: path.name, default=None)

    def read_progress(self) -> list[dict[str, Any]]:
        """Every whole line; one that is being written is left for the next look."""
        try:
            text = self.progress.read_text("utf-8")
        except FileNotFoundError:
            return []
        return lines(text)

    def _json(self, name: str) -> Any:
        try:
            return summed.record((self.path / name).read_text("utf-8"))
        except (FileNotFoundError, NotADirectoryError):
            return None


def here() -> str:
    """This machine, where process ids mean something."""
    return os.environ.get(MACHINE) or platform.node() or "localhost"


def write(path: Path, text: str) -> None:
    """`path` holds `text`, or what it held before. Raises `StoreFull` or `StoreError`."""
    try:
        disk.write(path, text)
    except OSError as error:
        raise disk.told(error, path.parent, RESUME) from error
