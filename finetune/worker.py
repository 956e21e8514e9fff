"""Runs fine-tunes on a machine of their own, for apps that share its folder.

    python -m finetune.worker DATA [--devices 0,1] [--threads 8] [--name ID] [--once]

DATA is the apps' data folder, under the same path on every machine, on a file system that carries flock between them (NFS 4,
CephFS, Lustre mounted with `flock`; no bucket that is mounted). What waits is begun here, one job on each device; what died with another worker goes on from its last
checkpoint. What is to be seen of a job stands in its folder, so the page of every app shows it. Ends with SIGTERM or Ctrl-C: jobs
that run then go on by themselves, as far as whoever sent the signal lets them. With `--once` it ends when nothing is left to do.
"""

import argparse
import logging
import os
import re
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from chatbot.common.errors import UsageError
from chatbot.common.system import processes
from finetune.jobs.folder import MACHINE, here
from finetune.jobs.runner import Runner

GRACE = 180.0  # seconds, as in `finetune.jobs.jobs`
POLL = 2.0  # seconds between two looks at the folder, which may be far away
DEVICE = r"(\d{1,3}|(GPU|MIG)-[\w-]{1,60})"
DEVICES = re.compile(rf"cpu|{DEVICE}(,{DEVICE})*")  # as CUDA_VISIBLE_DEVICES has them

log = logging.getLogger("worker")


def main(arguments: Sequence[str]) -> int:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", datefmt="%H:%M:%S")
    options = _parser().parse_args(arguments)
    try:
        runner = _runner(options)
    except UsageError as error:
        print(f"worker: {error}", file=sys.stderr)
        return 2
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    runner.start()
    while not stop.wait(POLL) and not (options.once and runner.is_done()):
        pass
    runner.close()
    return 0


def _runner(options: argparse.Namespace) -> Runner:
    """Raises `UsageError`."""
    if not options.data.is_dir():
        raise UsageError(
            f"There is no folder {options.data}. Give the data folder of the app, under the same path as there."
        )
    if options.name:
        os.environ[MACHINE] = options.name  # its children are told, too
    if not DEVICES.fullmatch(options.devices):
        raise UsageError(f"--devices is cpu or the numbers of GPUs, such as 0,1, not {options.devices!r}.")
    devices = options.devices.split(",")
    log.info("Fine-tunes of %s run at %s on: %s", options.data, here(), ", ".join(devices))
    return Runner(
        options.data / "jobs", devices=devices, threads=options.threads, grace=GRACE, poll=POLL, takes_over=True
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m finetune.worker", description="Run the fine-tunes of a shared folder."
    )
    parser.add_argument("data", type=Path, help="the data folder that the apps share")
    parser.add_argument(
        "--devices",
        default=os.environ.get("CUDA_VISIBLE_DEVICES") or "cpu",
        help="GPUs such as 0,1, a job on each, or cpu [CUDA_VISIBLE_DEVICES, else cpu]",
    )
    parser.add_argument("--threads", type=int, default=processes.cores(), help="compute threads of a job")
    parser.add_argument("--name", help="where a scheduler hides other GPUs under the same numbers: its job's id")
    parser.add_argument("--once", action="store_true", help="end when nothing is left to do")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
