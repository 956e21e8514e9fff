"""Files of a job that cannot be read: a disk has damaged them, or another version of Banyan has written them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from chatbot.common.errors import InputError, NotFound, StoreError


class JobUnreadable(StoreError):
    """Something of it is not as this version of Banyan writes it."""


class JobDamaged(JobUnreadable):
    kind = code = "job_damaged"


class JobOfAnotherVersion(JobUnreadable):
    kind = code = "job_other_version"


@contextmanager
def whole(id: str) -> Iterator[None]:
    """Raises `JobDamaged` for a file of the job `id` that is none of ours, `JobOfAnotherVersion` for a whole one with fields or values
    that this version does not know, and `NotFound` for one that is not there."""
    try:
        yield
    except FileNotFoundError as error:
        raise NotFound("There is no such job. It may have been removed.", kind="no_job") from error
    except InputError as error:
        raise (_damaged(id) if isinstance(error.__cause__, ValueError) else _foreign(id)) from error
    except (ValueError, AttributeError) as error:
        raise _damaged(id) from error
    except (TypeError, KeyError) as error:
        raise _foreign(id) from error


def _damaged(id: str) -> JobDamaged:
    return JobDamaged(f"The files of the job {id} are damaged on the disk. Remove its folder and train again.", id=id)


def _foreign(id: str) -> JobOfAnotherVersion:
    return JobOfAnotherVersion(
        f"Another version of Banyan has made the job {id}, and this one cannot read it. Train again, or go back to that version.",
        id=id,
    )


def lines(text: str) -> list[dict[str, Any]]:
    """The records of a file with one a line, but for one that is being written and those that are damaged."""
    return [found for line in text.splitlines(keepends=True) if (found := _parsed(line))]


def _parsed(line: str) -> dict[str, Any] | None:
    try:
        found = json.loads(line) if line.endswith("\n") else None
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
