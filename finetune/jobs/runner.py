"""Starts the next job of the queue, one on each device, and sees to it that those told to stop do.

Several on one folder, on one machine or on many that share it, are equal: a device is one's who has locked it, a job the
child's that has locked it. The locks are flock's, which NFS 4 and CephFS carry from machine to machine.
"""

import logging
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from chatbot.common import disk
from chatbot.common.child import child_environment
from chatbot.common.errors import BanyanError
from chatbot.common.system import locks, processes
from finetune.jobs.folder import JobFolder, JobState, here
from finetune.jobs.queue import all_jobs, waiting
from finetune.jobs.records import Result
from finetune.jobs.sweeps import settle
from finetune.spec.reports import READS

HOME = Path(__file__).resolve().parents[2]

log = logging.getLogger(__name__)


class Runner:
    """A thread over the jobs in `folder`. Of several on one machine, one starts jobs on a device.

    With `takes_over`, jobs whose child died with its machine go on here, from their last checkpoint. `threads`, `grace` and `ended` are those of `finetune.jobs.jobs.Jobs`; `poll` is in seconds.
    """

    def __init__(
        self,
        folder: Path,
        *,
        devices: Sequence[str],
        threads: int,
        grace: float,
        poll: float,
        ended: Callable[[str], None] | None = None,
        takes_over: bool = False,
    ) -> None:
        self._folder, self._devices, self._threads = folder, tuple(devices), threads
        self._grace, self._poll, self._ended = grace, poll, ended
        self._takes_over = takes_over
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._closed, self._wake = False, threading.Event()
        self._thread: threading.Thread | None = None
        self._held: dict[str, int] = {}  # device -> its lock
        self._turn = threading.Lock()  # held while jobs are begun: a job between two workers looks like nobody's

    def wake(self) -> None:
        """There may be something to do."""
        self._wake.set()

    def start(self) -> None:
        """Begin to run what waits, in a thread of its own."""
        if self._thread is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._thread = threading.Thread(target=self._run, name="finetune-jobs", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Start no more jobs. Those that run go on by themselves. Idempotent."""
        self._closed = True
        self._wake.set()
        if self._thread:
            self._thread.join()
        while self._held:
            os.close(self._held.popitem()[1])

    def _run(self) -> None:
        seen: dict[str, JobState] = {job.id: job.state() for job in all_jobs(self._folder)}
        while not self._closed:
            self._wake.wait(self._poll)
            self._wake.clear()
            try:
                self._reap()
                states = {job.id: job.state() for job in all_jobs(self._folder)}
                for id, state in states.items():
                    if state not in ("queued", "running") and seen.get(id) in (None, "queued", "running"):
                        self._tell(id)
                seen = states
                if not self._closed and self.may_run():
                    with self._turn:
                        self._tick()
            except (BanyanError, OSError):  # the disk is full, or the folder out of reach: the next round may do better
                log.exception("jobs under %s cannot be looked after now", self._folder)

    def _tick(self) -> None:
        running = [job for job in all_jobs(self._folder) if job.is_locked() and job.is_here]
        for job in running:
            if job.is_stuck(self._grace):
                log.warning("job %s was told to stop and has shown no life for %g s", job.id, self._grace)
                signal_group(job, processes.kill_group)
        for job in all_jobs(self._folder):
            if job.state() == "cancelled" and job.result() is None and job.started():
                job.finish(_ended_hard(job))
        busy = {job.started().get("device") for job in running}
        free = [device for device in self._held if device not in busy]
        for job, device in zip(self.next(), free, strict=False):
            self._spawn(job, device)

    def next(self) -> list[JobFolder]:
        """What is to be started, in this order."""
        dead = [job for job in all_jobs(self._folder) if job.can_be_taken_over] if self._takes_over else []
        return [job for job in (*dead, *waiting(self._folder)) if job.id not in self._children]

    def works(self) -> bool:
        """Whether anything runs on this machine."""
        return any(job.is_locked() and job.is_here for job in all_jobs(self._folder))

    def is_done(self) -> bool:
        """Whether nothing is left to start, and nothing runs on this machine."""
        with self._turn:
            return not self.next() and not self.works()

    def _spawn(self, job: JobFolder, device: str) -> None:
        """The lock is taken here and inherited, so that there is no moment at which the job seems to be dead.

        Where nothing can be inherited the child takes it itself; until then the job still waits, and is known as begun by its child.
        """
        held = job.lock(patience=1.0)
        if held is None:
            return
        try:
            if job.state() != "running" or job.asked_to_stop:  # it ended while the queue was read
                return
            if job.started():
                log.warning("job %s goes on here: its child on %s died", job.id, job.started().get("machine"))
            if processes.INHERITS:
                job.begin(device)
            with job.log.open("ab") as output:
                self._children[job.id] = subprocess.Popen(
                    [sys.executable, "-m", "finetune.train", str(job.path.resolve()), *_given(held)],
                    cwd=HOME,
                    env=child_environment(os.environ, device, self._threads) | _told(job),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    pass_fds=[held] if processes.INHERITS else (),
                )
        finally:
            os.close(held)

    def _reap(self) -> None:
        for id, child in list(self._children.items()):
            if child.poll() is not None:
                del self._children[id]

    def may_run(self) -> bool:
        """Whether this process starts jobs: it holds one of the devices at least. The first that asks has it until it ends."""
        for device in self._devices:
            if device not in self._held and (lock := self._locked(device)) is not None:
                self._held[device] = lock
                disk.sweep(self._folder)
        return bool(self._held)

    def _locked(self, device: str) -> int | None:
        name = f".runner-{re.sub(r'[^A-Za-z0-9.-]', '_', here())}-{device}"
        descriptor = os.open(self._folder / name, os.O_RDWR | os.O_CREAT, 0o600)
        if locks.take(descriptor):
            return descriptor
        os.close(descriptor)
        return None

    def _tell(self, id: str) -> None:
        try:
            if sweep := JobFolder(self._folder / id).meta().sweep:
                settle(self._folder, sweep)
            if self._ended:
                self._ended(id)
        except Exception:  # whoever listens must not end the thread that runs everybody's jobs
            log.exception("what follows the end of job %s failed", id)


def _ended_hard(job: JobFolder) -> Result:
    """The last word of a child that could not say one."""
    newest = job.newest_checkpoint()
    kept = f"What it had learnt by {newest.name} is kept: resume it." if newest else "It had saved nothing yet."
    return Result("cancelled", "stopped", f"It did not stop by itself and was ended. {kept}", {"kind": "stopped_hard"})


def _told(job: JobFolder) -> dict[str, str]:
    """The secrets that its reports are sent with."""
    names = READS.get(job.meta().report, ())
    return {name: os.environ[name] for name in names if name in os.environ}


def _given(held: int) -> list[str]:
    return ["--lock", str(held)] if processes.INHERITS else []


def signal_group(job: JobFolder, how: Callable[[int], None]) -> None:
    """`processes.ask_group` or `kill_group`, to the whole process group of a living child on this machine: it leads a session of
    its own. Elsewhere it finds `cancel`."""
    pid = int(job.started().get("pid", 0))
    if pid > 1 and job.is_here and job.is_locked():
        try:
            how(pid)
        except PermissionError:
            log.warning("job %s belongs to another user of this machine and cannot be stopped", job.id)
