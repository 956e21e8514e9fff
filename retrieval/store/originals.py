"""An upload becomes an original of the library: copied whole, on disk before anything speaks of it."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Literal

from chatbot.common import disk
from chatbot.common.errors import Stopped, StoreError, StoreFull
from chatbot.common.rejected import RejectedFile, shown

Step = Literal["fetch", "keep", "read", "embed", "save"]
Progress = Callable[[Step, float | None], None]
"""Called with the step under way and the fraction of it that is done (None: unknown)."""


def keep(path: Path, original: Path, name: str, report: Progress, stop: Event | None) -> tuple[int, str]:
    """Copy the upload to `original`, on disk before anything speaks of it: its size and SHA-256."""
    report("keep", None)
    digest, size = hashlib.sha256(), 0
    try:
        with disk.aside(original) as made, path.open("rb") as source, made.open("wb") as sink:
            while block := source.read(1 << 20):
                heed(stop)
                digest.update(block)
                size += sink.write(block)
    except FileNotFoundError as error:
        raise RejectedFile("missing", name=shown(name)) from error
    except OSError as error:
        if disk.is_full(error):
            raise StoreFull(
                "The disk is full. Free some space and try again; what was saved is safe.",
                kind="disk_full",
                folder=str(original.parent),
            ) from error
        raise StoreError(
            f"{shown(name)} cannot be kept ({error.strerror}). Check the data folder.",
            kind="document_unkept",
            name=shown(name),
            reason=error.strerror,
        ) from error
    return size, digest.hexdigest()


def heed(stop: Event | None) -> None:
    if stop is not None and stop.is_set():
        raise Stopped("Indexing was stopped. Nothing was kept of this document.", kind="indexing_stopped")
