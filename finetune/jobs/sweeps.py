"""The end of a sweep: when all of its runs have ended, the best is published under the name of them all."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from chatbot.common.system import locks
from finetune.jobs.folder import FINAL, JobFolder
from finetune.jobs.queue import all_jobs
from finetune.publish.publish import place
from finetune.verdict.scores import LOW_IS_GOOD

log = logging.getLogger(__name__)


def members(folder: Path, sweep: str) -> list[JobFolder]:
    """The jobs of a sweep, in the order of its values."""
    found = [job for job in all_jobs(folder) if sweep and job.meta().sweep == sweep]
    return sorted(found, key=lambda job: (job.meta().created, job.id))


def settle(folder: Path, sweep: str) -> str:
    """Publish the best of the sweep under `folder`, if all have ended and none was published; returns its adapter's name, "" for
    nothing done. Whoever sees a run end may call it. Raises `AdapterError`, `StoreFull` or `StoreError`."""
    with locks.turn(folder / f".sweep-{sweep}"):  # the last two may end at once
        return _settled(members(folder, sweep))


def _settled(jobs: list[JobFolder]) -> str:
    results = [(job, job.result()) for job in jobs]
    if any(job.state() not in FINAL for job in jobs) or any(result and result.adapter for _, result in results):
        return ""
    judged = [(job, found) for job, found in results if found and found.state == "succeeded" and not job.spec().dora]
    best = max(judged, key=lambda one: standing(one[1].verdict), default=None)
    if best is None:
        return ""
    job, result = best
    name = place(job)
    job.finish(replace(result, adapter=name))
    log.info("the best of the sweep is %s, published as %s", job.meta().variant, name)
    return name


def standing(verdict: Mapping[str, Any]) -> tuple[bool, float]:
    """What the runs of a sweep are compared by: the score that decided, higher is better, and before that that it is not stuck."""
    score = next((one for one in verdict.get("scores", ()) if one["name"] == verdict.get("decided_by")), None)
    if score is None:
        return False, float("-inf")
    after = float(score["after"])
    return not verdict.get("stuck"), -after if score["name"] in LOW_IS_GOOD else after
