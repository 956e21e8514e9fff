"""One fine-tune, from a job's folder or from a data file to a checked adapter. The child process of `finetune.jobs.jobs`.

    python -m finetune.train JOB_FOLDER
    python -m finetune.train --data x.jsonl --name my-bot [--base MODEL_FOLDER] [--preset balanced] [--set rank=8]
    python -m finetune.train --recipe sentiment --data FOLDER_OF_ITS_FILES
    torchrun --nproc_per_node 2 -m finetune.train --data ...       (or accelerate launch; --shard for a base that fits no GPU)

Ends with 0 when an adapter was published, 3 when it was stopped, 1 when it failed; `result.json` says it in words. The same
command again goes on with what was stopped or interrupted; `--anew` starts over.
"""

import argparse
import contextlib
import json
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import FrameType

from chatbot.common.child import WAITING
from chatbot.common.errors import BanyanError, UsageError
from chatbot.common.system import processes
from finetune.jobs.folder import JobFolder
from finetune.jobs.records import Result
from finetune.jobs.sweeps import settle
from finetune.spec.presets import PRESETS
from finetune.spec.reports import REPORTS

EXIT = {"succeeded": 0, "cancelled": 3, "failed": 1}
RESERVE = 1 << 18  # bytes kept back so that a full disk can still be reported
log = logging.getLogger("finetune")


def main(arguments: Sequence[str]) -> int:
    options = _parser().parse_args(arguments)
    for name, value in WAITING.items():  # before torch is imported
        os.environ.setdefault(name, value)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", datefmt="%H:%M:%S")
    try:
        jobs = _jobs(options)
    except BanyanError as error:
        print(f"train: {error}", file=sys.stderr)
        return 2
    first = is_first()
    if first:
        if options.lock is not None:
            os.set_inheritable(options.lock, False)  # nothing that this process starts may keep the job locked
            give_way()
        elif options.job and not _taken(jobs[0]):
            print("train: this job is running already.", file=sys.stderr)
            return 2
    return _run_all(jobs, first=first, told=first and not options.lock, sharded=options.shard)


def _run_all(jobs: Sequence[JobFolder], *, first: bool, told: bool, sharded: bool) -> int:
    """One after another, until one is stopped."""
    codes = [0]
    for job in jobs:
        device = os.environ.get("CUDA_VISIBLE_DEVICES") or "cpu"
        result = run(job, device=device, first=first, sharded=sharded)
        if told:
            ended = {"job": str(job.path), "state": result.state, "message": result.message}
            print(json.dumps(ended, ensure_ascii=False))
        codes.append(EXIT[result.state])
        if result.state == "cancelled":
            return EXIT["cancelled"]
    return max(codes)


def _taken(job: JobFolder) -> bool:
    """Lock a job that somebody named. One that was stopped or broke off goes on: that it was to stop is taken back."""
    goes_on = job.can_go_on
    if job.lock(patience=2.0) is None:
        return False
    if goes_on:
        job.enqueue()
    return True


def run(job: JobFolder, *, device: str, first: bool = True, sharded: bool = False) -> Result:
    """Train and write `result.json`; the caller holds the job's lock. Whatever goes wrong becomes a `Result`."""
    began = time.time()
    stop = _listen(job)
    if first:
        job.begin(device, os.getpid())
    from finetune.train import faults  # now: when the memory is short it is too late

    try:
        if first:
            _reserve(job)
        from finetune.train import run as train_run

        result = train_run.train(job, stop, sharded=sharded)
    except BaseException as error:
        log.exception("the training ended early")
        result = faults.explain(error, job)
    result = replace(result, seconds=round(time.time() - began, 1))
    if first:
        (job.path / "reserve").unlink(missing_ok=True)
        job.finish(result)
        _settle(job)
    return result


def _settle(job: JobFolder) -> None:
    """What is true of the run is written; a sweep that cannot be published now is, when the app sees the run's end."""
    try:
        if sweep := job.meta().sweep:
            settle(job.path.parent, sweep)
    except BanyanError:
        log.exception("the best of the sweep could not be published")


def give_way() -> None:
    """Come after chats. Where Linux shares the processor among sessions first, niceness counts only within one, and the job has
    a session of its own: then that is told too (sched(7), "The autogroup feature")."""
    processes.give_way()
    with contextlib.suppress(OSError):
        Path("/proc/self/autogroup").write_text("5", "ascii")  # a third of another's share: held back, not starved


def is_first() -> bool:
    """Whether this process speaks for the job: the only one, or rank 0 of several."""
    return os.environ.get("RANK", "0") == "0"


class StopFlag:
    """Set by SIGTERM or SIGINT, or by the job's `cancel` file, which is looked for once a second."""

    def __init__(self, job: JobFolder) -> None:
        self._job, self._event, self._looked = job, threading.Event(), 0.0

    def set(self) -> None:
        self._event.set()

    def __call__(self) -> bool:
        """Asked between two pieces of the work, which says too that it gets on."""
        now = time.monotonic()
        if now - self._looked > 1.0:
            self._looked = now
            self._job.live()
            if self._job.asked_to_stop:
                self._event.set()
        return self._event.is_set()


def _listen(job: JobFolder) -> StopFlag:
    flag = StopFlag(job)

    def ask(number: int, frame: FrameType | None) -> None:
        flag.set()

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, ask)
        signal.signal(signal.SIGINT, ask)
    return flag


def _reserve(job: JobFolder) -> None:
    (job.path / "reserve").write_bytes(os.urandom(RESERVE))


def _jobs(options: argparse.Namespace) -> list[JobFolder]:
    if options.job is not None:
        job = JobFolder(options.job)
        job.meta()
        return [job]
    if not (options.data and (options.name or options.recipe)):
        raise UsageError("Give either a job's folder, or --data with --name or --recipe.")
    if is_first():
        from finetune.jobs.new import jobs_for

        return _shared([str(job.path) for job in jobs_for(options)])
    return _shared([])


def _shared(paths: Sequence[str]) -> list[JobFolder]:
    """The first process tells the others which folders it made."""
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        from finetune.train.run import broadcast

        paths = json.loads(broadcast(json.dumps(paths)))
    return [JobFolder(Path(path)) for path in paths]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m finetune.train", description="Train a LoRA adapter.")
    parser.add_argument("job", nargs="?", type=Path, help="a job's folder")
    parser.add_argument(
        "--data",
        type=Path,
        help="examples: JSONL, JSON, CSV, TSV, Excel, Parquet, Arrow or text; a ZIP or folder of them",
    )
    parser.add_argument("--recipe", help="make a shipped adapter again; --data is then the folder of its files")
    parser.add_argument("--name", help="the adapter's name")
    parser.add_argument("--prompt", default="", help="template over the columns of a table, such as 'Translate: {en}'")
    parser.add_argument("--completion", default="", help="template of the answer to learn, such as '{de}'")
    parser.add_argument("--base", help="the base model's transformers folder; default: the one in FOLDER/models")
    parser.add_argument("--base-name", help="what the base model is called; default: its folder's name")
    parser.add_argument("--start-from", metavar="ADAPTER", help="go on from this one, by its name or its folder")
    parser.add_argument("--preset", choices=PRESETS, default="balanced")
    parser.add_argument("--set", action="append", default=[], metavar="KNOB=VALUE", help="one setting; may be repeated")
    parser.add_argument(
        "--sweep",
        default="",
        metavar="KNOB=A,B",
        help="one run for each value, judged on the same held-out rows; the best is published",
    )
    parser.add_argument(
        "--report", choices=REPORTS, default="", help="also report the curves there; nowhere by default"
    )
    parser.add_argument("--folder", type=Path, default=Path("data"), help="where jobs/, adapters/ and models/ are")
    parser.add_argument("--anew", action="store_true", help="start over what the same command began and did not finish")
    parser.add_argument(
        "--shard", action="store_true", help="share the base's layers out among the processes of torchrun (FSDP)"
    )
    parser.add_argument("--lock", type=int, help=argparse.SUPPRESS)
    return parser
