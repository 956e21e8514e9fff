"""One fine-tune, from a job's folder or from a data file to a checked adapter. The child process of `finetune.jobs`.

    python -m finetune.train JOB_FOLDER
    python -m finetune.train --data x.jsonl --name my-bot --base MODEL_FOLDER [--preset balanced] [--set rank=8]
    python -m finetune.train --recipe sentiment --data FOLDER_OF_ITS_FILES --base MODEL_FOLDER
    accelerate launch --num_processes 2 -m finetune.train --data ...

Ends with 0 when an adapter was published, 3 when it was stopped, 1 when it failed; `result.json` says it in words.
"""

import argparse
import json
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType

from chatbot.errors import BanyanError, InputError
from finetune.folder import RECIPE, Base, JobFolder, Meta, Result
from finetune.presets import PRESETS
from finetune.spec import TrainingSpec

EXIT = {"succeeded": 0, "cancelled": 3, "failed": 1}
RESERVE = 1 << 18  # bytes kept back so that a full disk can still be reported

log = logging.getLogger("finetune")


def main(arguments: Sequence[str]) -> int:
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", datefmt="%H:%M:%S")
    try:
        job = _job(options)
    except BanyanError as error:
        print(f"train: {error}", file=sys.stderr)
        return 2
    first = is_first()
    if first:
        if options.lock is not None:
            os.set_inheritable(options.lock, False)  # nothing that this process starts may keep the job locked
            os.nice(19)  # chats come first
        elif options.job and job.lock(patience=2.0) is None:
            print("train: this job is running already.", file=sys.stderr)
            return 2
    result = run(job, device=os.environ.get("CUDA_VISIBLE_DEVICES") or "cpu", first=first)
    if first and not options.lock:
        print(json.dumps({"job": str(job.path), "state": result.state, "message": result.message}, ensure_ascii=False))
    return EXIT[result.state]


def run(job: JobFolder, *, device: str, first: bool = True) -> Result:
    """Train and write `result.json`; the caller holds the job's lock. Whatever goes wrong becomes a `Result`."""
    began = time.time()
    stop = _listen(job)
    if first:
        job.begin(device, os.getpid())
        _reserve(job)
    try:
        from finetune import train_run

        result = train_run.train(job, stop)
    except BaseException as error:
        log.exception("the training ended early")
        from finetune import train_faults

        result = train_faults.explain(error, job)
    result = replace(result, seconds=round(time.time() - began, 1))
    if first:
        (job.path / "reserve").unlink(missing_ok=True)
        job.finish(result)
    return result


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
        now = time.monotonic()
        if not self._event.is_set() and now - self._looked > 1.0:
            self._looked = now
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


def _job(options: argparse.Namespace) -> JobFolder:
    if options.job is not None:
        job = JobFolder(options.job)
        job.meta()
        return job
    if not (options.data and options.base and (options.name or options.recipe)):
        raise InputError("Give either a job's folder, or --data and --base with --name or --recipe.")
    if is_first():
        job = _new_job(options)
        return _shared(str(job.path))
    return _shared("")


def _new_job(options: argparse.Namespace) -> JobFolder:
    from finetune.jobs import new_folder
    from finetune.publish import check_name, fingerprint_model

    base = Path(options.base)
    if not (base / "config.json").is_file():
        raise InputError(f"{base} is no model's folder: it has no config.json.")
    made = _from_recipe(options, base) if options.recipe else _from_file(options, base)
    meta = Meta(
        owner="",
        name=check_name(options.name or made.name),
        created=time.time(),
        base=Base(str(base.resolve()), options.base_name or made.base_name, fingerprint_model(base)),
        adapters=str((options.folder / "adapters").resolve()),
        source=made.source,
    )
    job = new_folder(options.folder / "jobs", meta, made.spec, made.examples, locked=True)
    if made.recipe:
        (job.path / RECIPE).write_text(made.recipe, "utf-8")
    return job


@dataclass(frozen=True, slots=True)
class _Made:
    name: str
    base_name: str
    source: str
    spec: TrainingSpec
    examples: list[dict[str, object]]
    recipe: str = ""


def _from_recipe(options: argparse.Namespace, base: Path) -> _Made:
    from finetune import recipe as recipes

    recipe = recipes.load(options.recipe)
    recipes.check_base(recipe, base)
    spec = recipe.spec.changed(_changes(options))
    rows = recipes.examples(recipe, options.data)
    return _Made(recipe.name, recipe.base_name, f"recipe {recipe.name}", spec, rows, recipe.text)


def _from_file(options: argparse.Namespace, base: Path) -> _Made:
    from finetune.examples import Example
    from finetune.formats import detect, read_examples

    if not options.data.is_file():
        raise InputError(f"There is no file {options.data}.")
    format = detect(options.data, options.data.name)
    rows = [item.to_dict() for item in read_examples(options.data, format) if isinstance(item, Example)]
    return _Made(options.name, base.name, options.data.name, _spec(options, rows), rows)


def _spec(options: argparse.Namespace, examples: Sequence[dict[str, object]]) -> TrainingSpec:
    from finetune.presets import preset

    rows = len(examples)
    tokens = sum(len(json.dumps(example)) for example in examples) // 4  # good enough to choose a preset by
    spec = preset(options.preset, rows, tokens) if options.preset and rows else TrainingSpec()
    return spec.changed(_changes(options))


def _changes(options: argparse.Namespace) -> dict[str, object]:
    changes: dict[str, object] = {}
    for item in options.set:
        name, _, value = item.partition("=")
        try:
            changes[name] = json.loads(value)
        except ValueError:
            changes[name] = value
    return changes


def _shared(path: str) -> JobFolder:
    """The first process tells the others which folder it made."""
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        from finetune.train_run import broadcast

        path = broadcast(path)
    return JobFolder(Path(path))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m finetune.train", description="Train a LoRA adapter.")
    parser.add_argument("job", nargs="?", type=Path, help="a job's folder")
    parser.add_argument("--data", type=Path, help="examples: JSONL, JSON, CSV, TSV, Parquet or text")
    parser.add_argument("--recipe", help="make a shipped adapter again; --data is then the folder of its files")
    parser.add_argument("--name", help="the adapter's name")
    parser.add_argument("--base", help="the base model's transformers folder")
    parser.add_argument("--base-name", help="what the base model is called; default: its folder's name")
    parser.add_argument("--preset", choices=PRESETS, default="balanced")
    parser.add_argument("--set", action="append", default=[], metavar="KNOB=VALUE", help="one setting; may be repeated")
    parser.add_argument("--folder", type=Path, default=Path("data"), help="where jobs/ and adapters/ are")
    parser.add_argument("--lock", type=int, help=argparse.SUPPRESS)
    return parser


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
