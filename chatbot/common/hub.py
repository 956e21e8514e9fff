"""Whole repositories of the Hugging Face hub -> folders on disk, by their id `owner/name`."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

from chatbot.common import disk
from chatbot.common.errors import HubUnavailable, ModelNotFound
from chatbot.common.step import Progress, Step

_ID = re.compile(r"[\w][\w.-]*/[\w][\w.-]*", re.ASCII)


def is_id(reference: str) -> bool:
    return _ID.fullmatch(reference) is not None


def fetch(
    id: str,
    models: Path,
    files: Sequence[str],
    progress: Progress,
    *,
    kind: Literal["model", "embedder"] = "model",
    but: Sequence[str] = (),
    check: Callable[[Path], object] = lambda folder: None,
) -> Path:
    """The folder in `models` with those of the repository's `files` (patterns) that are not among `but`; once it is there,
    the network is not looked at. `check` raises what is wrong with it before it gets its name.

    Raises `ModelNotFound`, or `HubUnavailable` when a download is needed and fails; the next try goes on from there.
    """
    target = models / id.replace("/", "--")
    if not target.is_dir():
        progress(Step("fetching", name=id), None)
        partial = target.with_name(target.name + ".partial")
        _snapshot(id, partial, files, but, kind)
        check(partial)
        disk.place(partial, target)
    return target


def _snapshot(id: str, folder: Path, files: Sequence[str], but: Sequence[str], kind: str) -> None:
    import huggingface_hub
    from huggingface_hub import errors

    try:
        huggingface_hub.snapshot_download(id, local_dir=folder, allow_patterns=list(files), ignore_patterns=list(but))
    except (errors.HFValidationError, errors.GatedRepoError, errors.RepositoryNotFoundError) as error:
        raise ModelNotFound(
            f"The hub has no {kind} {id} that you may read. Check the name and your token.",
            kind="hub_no_model",
            name=id,
        ) from error
    except Exception as error:  # many kinds of network trouble, by the HTTP library in use
        cause = (str(error) or type(error).__name__).partition("\n")[0][:200]
        raise HubUnavailable(
            f"The {kind} {id} could not be fetched: {cause} Check the network, or name a folder on this machine.",
            kind="hub_unfetched",
            name=id,
            cause=cause,
        ) from error
