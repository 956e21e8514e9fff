"""What a bucket answers when it does not do what it was asked: what may pass, and what a person is told of the rest.

StoreUnavailable      it did not answer in time, however often it was asked
StoreError            it refuses: wrong credentials, no right, no such bucket
├── Gone              there is nothing under that key
└── Taken             there is something already, and a new one was wanted
"""

import logging
from pathlib import Path
from typing import Any

from chatbot.common import disk
from chatbot.common.errors import StoreError, StoreUnavailable

PASSING = frozenset(
    {"SlowDown", "RequestTimeout", "ConditionalRequestConflict", "OperationAborted"}
)  # besides each status from 500 on
TAKEN = "PreconditionFailed"

log = logging.getLogger(__name__)


class Gone(StoreError):
    """Nothing is there under that key."""


class Taken(StoreError):
    """Something is there under that key."""


def faults() -> tuple[type[Exception], ...]:
    """What s3fs lets through of the libraries below it."""
    from aiohttp import ClientError as Connection
    from botocore.exceptions import BotoCoreError, ClientError

    return OSError, BotoCoreError, ClientError, Connection


def passing(error: BaseException) -> bool:
    """Whether the same request may succeed in a moment."""
    from botocore.exceptions import BotoCoreError, HTTPClientError
    from botocore.exceptions import ConnectionError as Unreached

    if answer := _answer(error):
        return _status(answer) >= 500 or _code(answer) in PASSING
    if isinstance(error, BotoCoreError):
        return isinstance(error, Unreached | HTTPClientError)
    return not isinstance(error, OSError) or isinstance(error, TimeoutError | ConnectionError)


def away(error: BaseException) -> StoreUnavailable:
    reason = f"status {_status(answer)}" if (answer := _answer(error)) else "no answer in time"
    return StoreUnavailable(
        f"The bucket that keeps the files does not answer ({reason}). What was saved is safe; try again in a moment.",
        kind="bucket_away",
        reason=reason,
    )


def told(error: BaseException, where: str, folder: Path | None) -> StoreError:
    """`where` stands in the log only; `folder` is what was written into, of which the error may be, too."""
    code = _code(answer) if (answer := _answer(error)) else type(error).__name__
    if answer is None and isinstance(error, OSError) and folder:
        return disk.told(error, folder)
    if code == TAKEN or isinstance(error, FileExistsError):
        return Taken("There is such a file in the bucket already.", kind="bucket_taken")
    if code in ("NoSuchKey", "404") or (isinstance(error, FileNotFoundError) and code != "NoSuchBucket"):
        return Gone("The file is not in the bucket any more.", kind="bucket_gone")
    log.error("The bucket %s refuses: %s", where, error)
    return StoreError(
        f"The bucket that keeps the files refuses access ({code}). Whoever runs this server has to look at its name, its rights and "
        "the credentials.",
        kind="bucket_denied",
        reason=code,
    )


def _answer(error: BaseException) -> dict[str, Any] | None:
    """The server's, which s3fs keeps as the cause of what it makes of it."""
    found = getattr(error, "response", None) or getattr(error.__cause__, "response", None)
    return found if isinstance(found, dict) else None


def _status(answer: dict[str, Any]) -> int:
    return int(answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _code(answer: dict[str, Any]) -> str:
    return str(answer.get("Error", {}).get("Code", ""))
