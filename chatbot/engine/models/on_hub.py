"""Single GGUF files of the Hugging Face hub: `owner/name:file.gguf`, `owner/name:Q4_K_M`, `owner/name-GGUF`.

A fetch that was stopped or broke goes on the next time.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from chatbot.common import hub
from chatbot.common.errors import ModelNotFound
from chatbot.common.step import Progress, Step

USUAL = "Q4_K_M"  # the format that llama.cpp's own `-hf` takes where none is named
_PIECE = re.compile(r"-\d{5}-of-\d{5}\.gguf$", re.IGNORECASE)  # of a model that was cut into several files


@dataclass(frozen=True, slots=True)
class Wanted:
    """`file` is a path in the repository `id` that ends in .gguf, or the name of a format."""

    id: str
    file: str


def parse(reference: str) -> Wanted | None:
    """What a reference names on the hub; None where it names no GGUF file."""
    id, colon, file = reference.partition(":")
    if not hub.is_id(id) or not (colon or id.lower().endswith("-gguf")):
        return None
    return Wanted(id, file or USUAL)


def pick(files: Iterable[str], wanted: str) -> str | None:
    """The file of that name, or the shortest that is called after the format; none that is a piece of a model."""
    whole = sorted((name for name in files if name.endswith(".gguf")), key=lambda name: (len(name), name))
    if wanted.endswith(".gguf"):
        return wanted if wanted in whole else None
    called = re.compile(rf"(^|[-./]){re.escape(wanted)}\.gguf$", re.IGNORECASE)
    return next((name for name in whole if called.search(name) and not _PIECE.search(name)), None)


def there(wanted: Wanted, models: Path) -> Path | None:
    """The file, if an earlier fetch brought it."""
    start = local(wanted.id, "")
    names = [path.name.removeprefix(start) for path in models.glob(f"{start}*.gguf")]
    found = pick(names, wanted.file.replace("/", "--"))
    return models / local(wanted.id, found) if found else None


def fetch(wanted: Wanted, models: Path, progress: Progress, stop: Event | None = None) -> Path:
    """The file in `models`; once it is there, the network is not looked at.

    Raises `ModelNotFound`, `HubUnavailable`, `StoreError` or `Stopped`.
    """
    if found := there(wanted, models):
        return found
    progress(Step("fetching_hub", name=wanted.id), None)
    files = hub.files_of(wanted.id)
    file = pick(files, wanted.file)
    if file is None:
        raise _missing(wanted, files)
    return hub.fetch_file(wanted.id, file, models / local(wanted.id, file), progress, stop)


def _missing(wanted: Wanted, files: Iterable[str]) -> ModelNotFound:
    """There is none, and which there are."""
    whole = sorted(name for name in files if name.endswith(".gguf") and not _PIECE.search(name))
    return ModelNotFound(
        f"{wanted.id} on the hub has no file {wanted.file}. It has: {', '.join(whole[:12]) or 'no GGUF file in one piece'}.",
        kind="hub_no_file",
        name=wanted.id,
        file=wanted.file,
        files=", ".join(whole[:12]) or "-",
    )


def local(id: str, file: str) -> str:
    """What a file of the hub is called here."""
    return f"{id.replace('/', '--')}--{file.replace('/', '--')}"
