"""Tells an address of the web that a training has ended: its own program, or a chat's incoming webhook, which reads `text`."""

import logging
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any

import httpx

from chatbot.common.errors import NotFound
from finetune.jobs.folder import JobFolder

PATIENCE = 10.0  # seconds

log = logging.getLogger(__name__)


def teller(jobs: Path, url: str) -> Callable[[str], None]:
    """For `Jobs(ended=...)`: sends what became of the job in the folder `jobs`, in a thread of its own: neither its
    owner, nor its rows, nor an answer. An address that cannot be reached is logged."""

    def tell(id: str) -> None:
        Thread(target=_send, args=(JobFolder(jobs / id), url), name="notice", daemon=True).start()

    return tell


def _send(job: JobFolder, url: str) -> None:
    try:
        httpx.post(url, json=notice(job), timeout=PATIENCE).raise_for_status()
    except (httpx.HTTPError, NotFound) as error:
        log.warning(
            "The end of job %s could not be told: %s", job.id, type(error).__name__
        )  # the address may be a secret


def notice(job: JobFolder) -> dict[str, Any]:
    """What is sent. Raises `NotFound` when the job was removed meanwhile."""
    name, state, result = job.meta().name, job.state(), job.result()
    said = result.message if result else ""
    return {
        "event": "training_ended",
        "id": job.id,
        "name": name,
        "state": state,
        "adapter": result.adapter if result else "",
        "verdict": result.verdict.get("outcome", "") if result else "",
        "text": f"{name}: {state}. {said}".strip(),
    }
