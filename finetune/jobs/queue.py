"""All job folders under one: which there are, which wait, and how a new one comes to be."""

import json
import logging
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from chatbot.common import disk, summed
from chatbot.common.errors import InputError, NotFound
from finetune.jobs import start as starts
from finetune.jobs.damage import JobUnreadable
from finetune.jobs.folder import JobFolder
from finetune.jobs.records import Meta
from finetune.spec.spec import TrainingSpec

log = logging.getLogger(__name__)

ID = re.compile(r"[0-9a-f]{24}")


def all_jobs(folder: Path) -> Iterator[JobFolder]:
    """Jobs of everybody, in no order; those that cannot be read are left out, and told in the log."""
    if not folder.is_dir():
        return
    for path in folder.iterdir():
        if ID.fullmatch(path.name) and _is_whole(job := JobFolder(path)):
            yield job


def _is_whole(job: JobFolder) -> bool:
    """Whether all that is read of it with every look can be read. What is being removed is."""
    try:
        job.result(), job.meta(), job.spec()
    except JobUnreadable as error:
        log.error("%s (%s)", error, error.__cause__)
        return False
    except NotFound:
        pass
    return True


def waiting(folder: Path) -> list[JobFolder]:
    """Queued jobs of everybody, the next one first."""
    queued = [job for job in all_jobs(folder) if job.state() == "queued"]
    return sorted(queued, key=lambda job: (job.queued_at, job.id))


def new_folder(
    folder: Path,
    meta: Meta,
    spec: TrainingSpec,
    examples: Iterable[Mapping[str, Any]],
    *,
    start: Path | None = None,
    locked: bool = False,
) -> JobFolder:
    """Write a whole job folder under a random id, with a copy of the adapter at `start`, which the job is to go on from.
    With `locked` the caller's process holds its lock from the beginning.

    Raises `InputError` when there are no examples, `StoreFull` or `StoreError`.
    """
    id = secrets.token_hex(12)
    try:
        with disk.aside_folder(folder / id, mode=0o700) as made:
            job = JobFolder(made)
            if not _write_examples(job.data, examples):
                raise InputError("There is nothing to train on: the data set has no usable row.", kind="data_no_rows")
            if start:
                starts.keep(start, job.start)
            (made / "spec.json").write_text(spec.to_json(), "utf-8")
            (made / "meta.json").write_text(meta_text(meta), "utf-8")
            job.enqueue()
            if locked:
                job.lock()
    except OSError as error:
        raise disk.told(error, folder) from error
    return JobFolder(folder / id)


def meta_text(meta: Meta) -> str:
    return summed.text(asdict(meta))


def _write_examples(path: Path, examples: Iterable[Mapping[str, Any]]) -> int:
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for example in examples:
            file.write(json.dumps(dict(example), ensure_ascii=False) + "\n")
            count += 1
    return count
