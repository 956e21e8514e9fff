"""What a disk has made of the files of a job."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from chatbot.common.errors import InputError, NotFound, StoreError


class JobDamaged(StoreError):
    kind = code = "job_damaged"


@contextmanager
def whole(id: str) -> Iterator[None]:
    """Raises `JobDamaged` for a file of the job `id` that is not as we write it, and `NotFound` for one that is not there."""
    try:
        yield
    except FileNotFoundError as error:
        raise NotFound("There is no such job. It may have been removed.", kind="no_job") from error
    except (ValueError, TypeError, KeyError, AttributeError, InputError) as error:
        raise JobDamaged(
            f"The files of the job {id} are damaged on the disk. Remove its folder and train again.", id=id
        ) from error


def lines(text: str) -> list[dict[str, Any]]:
    """The records of a file with one a line, but for one that is being written and those that are damaged."""
    return [found for line in text.splitlines(keepends=True) if (found := _parsed(line))]


def _parsed(line: str) -> dict[str, Any] | None:
    try:
        found = json.loads(line) if line.endswith("\n") else None
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
