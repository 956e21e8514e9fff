"""A command that is given again goes on with what it began, where that was interrupted, stopped or ran out of something."""

import filecmp
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace

from finetune.jobs.folder import RECIPE, JobFolder
from finetune.jobs.sweeps import members

HOPELESS = ("diverged", "rejected")  # causes of a failure that would come again


def goes_on(job: JobFolder) -> JobFolder:
    """The job that was left unfinished and is the same as this new one, which is taken away then; else the new one."""
    for earlier in _unfinished(job):
        if (checkpoint := earlier.newest_checkpoint()) and earlier.lock() is not None:
            if (job.path / RECIPE).is_file():  # what it says for the card may have changed
                (job.path / RECIPE).replace(earlier.path / RECIPE)
            shutil.rmtree(job.path)
            earlier.enqueue()
            told = f"train: going on with {earlier.path} from {checkpoint.name}; --anew would start over"
            print(told, file=sys.stderr)
            return earlier
    return job


def sweep_goes_on(jobs: Sequence[JobFolder]) -> list[JobFolder]:
    """As `goes_on`, of all runs of a sweep: those of an earlier one that are not done, if it published nothing yet."""
    for earlier in _earlier_sweeps(jobs):
        left = [job for job in earlier if not _is_done(job)]
        if all(job.lock() is not None for job in left):
            for job in jobs:
                shutil.rmtree(job.path)
            for job in left:
                job.enqueue()
            print(f"train: going on with {len(left)} runs of a sweep; --anew would start over", file=sys.stderr)
            return left
    return list(jobs)


def _earlier_sweeps(jobs: Sequence[JobFolder]) -> Iterator[list[JobFolder]]:
    """Sweeps of the same values that have published nothing."""
    own, folder = jobs[0].meta().sweep, jobs[0].path.parent
    others = [JobFolder(path.parent) for path in folder.glob("[!.]*/meta.json")]
    for sweep in {other.meta().sweep for other in others} - {"", own}:
        found = members(folder, sweep)
        published = any(result.adapter for job in found if (result := job.result()))
        if not published and len(found) == len(jobs) and all(any(_same(a, b) for b in found) for a in jobs):
            yield found


def _is_done(job: JobFolder) -> bool:
    result = job.result()
    return result is not None and (result.state == "succeeded" or result.cause in HOPELESS)


def _unfinished(job: JobFolder) -> Iterator[JobFolder]:
    """Jobs of the same name, base, start, settings and data that came to no end, the newest first."""
    others = [JobFolder(path.parent) for path in job.path.parent.glob("[!.]*/meta.json") if path.parent != job.path]
    for other in sorted(others, key=lambda other: -other.meta().created):
        if not _is_done(other) and other.state() != "queued" and _same(job, other):
            yield other


def _same(job: JobFolder, other: JobFolder) -> bool:
    """But for the moment they were made."""
    meta = replace(other.meta(), created=job.meta().created)
    if meta.sweep and job.meta().sweep:
        meta = replace(meta, sweep=job.meta().sweep)
    files = ("spec.json", "data.jsonl")
    return meta == job.meta() and all(filecmp.cmp(job.path / name, other.path / name, shallow=False) for name in files)
