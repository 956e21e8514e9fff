"""What lies in the folder of models, by the reference that brings it: listed with its bytes, and taken away.

Nothing that a person types becomes a path: a reference is a name of the catalogue or of the hub, and the functions that
fetch it say where that lies.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from chatbot.common import disk, hub
from chatbot.common.errors import ModelError, ModelNotFound
from chatbot.common.wheels import Bundle
from chatbot.engine.models import on_hub
from chatbot.engine.models.catalogue import CATALOGUE, Known

_FILE = re.compile(r"[\w.+()/ -]+", re.ASCII)  # what a file of the hub may be called here
_UNFINISHED = (".partial", ".parts", ".etag")  # beside what is being fetched
_DIGEST = "-" + "[0-9a-f]" * 12  # ends the name of a file's weights for training


@dataclass(frozen=True, slots=True)
class Installed:
    """`bytes` on disk of a model and what was made of it; `whole`: it is all there, and not only begun."""

    reference: str
    bytes: int
    whole: bool


def asked(typed: str) -> str:
    """The reference that a person means. Raises `ModelNotFound` for what is no name of the catalogue or of the hub, or
    could be taken for something on this machine."""
    reference = typed.strip().removeprefix("https://huggingface.co/").rstrip("/")
    if not is_name(reference) or (reference not in CATALOGUE and Path(reference).exists()):
        raise ModelNotFound(
            f"“{typed[:80]}” is no model of the hub. Type owner/name:file.gguf, owner/name-GGUF or owner/name.",
            kind="model_no_reference",
            name=typed[:80],
        )
    return reference


def is_name(reference: str) -> bool:
    """Whether it may be one of the catalogue or of the hub."""
    wanted = on_hub.parse(reference)
    named = bool(_FILE.fullmatch(wanted.file)) if wanted else hub.is_id(reference)
    return named or reference in CATALOGUE


def installed(models: Path) -> list[Installed]:
    """The known models of which there is anything, and those that were fetched from the hub by name."""
    found = []
    for reference in (*CATALOGUE, *sorted({*_hub_files(models), *_hub_folders(models)})):
        if size := sum(map(_size, lying(reference, models))):
            found.append(Installed(reference, size, is_whole(reference, models)))
    return found


def is_whole(reference: str, models: Path) -> bool:
    """Whether all of it is there: what is fetched gets its name only then. Opens no file, unlike `resolve.is_there`."""
    if known := CATALOGUE.get(reference):
        return (models / known.served).is_file()
    return any(path.suffix not in _UNFINISHED for path in lying(reference, models))


def lying(reference: str, models: Path) -> list[Path]:
    """Everything in `models` that belongs to a model, whole, half fetched or made of it; none for what is no reference."""
    names: Iterable[str]
    if known := CATALOGUE.get(reference):
        names = _names_of_known(known)
    elif wanted := on_hub.parse(reference):
        names = _names_of_file(wanted, models)
    else:
        names = [hub.folder_of(reference)] if hub.is_id(reference) else []
    found = [models / f"{name}{end}" for name in names for end in ("", *_UNFINISHED)]
    found += [folder for name in names if name.endswith(".gguf") for folder in models.glob(_trained(name))]
    return [path for path in found if path.exists()]


def remove(reference: str, models: Path, in_use: Iterable[str]) -> None:
    """Take a model away with all that belongs to it. `in_use` are references, files or folders that must stay.

    Raises `ModelNotFound` where there is nothing of it, `ModelError` while it is used, `StoreError`.
    """
    if reference not in [one.reference for one in installed(models)]:
        raise ModelNotFound(f"There is nothing of {reference} to remove.", kind="model_nothing", name=reference)
    found = lying(reference, models)
    used = {path.resolve() for other in in_use for path in (*lying(other, models), Path(other).expanduser())}
    if used & {path.resolve() for path in found}:
        raise ModelError(
            f"{reference} is in use or on its way. Use another model first, or wait for what runs.",
            kind="model_in_use",
            name=reference,
        )
    try:
        for path in found:
            disk.discard(path) if path.is_dir() else path.unlink()
    except OSError as error:
        raise disk.told(error, models) from error


def _names_of_known(known: Known) -> list[str]:
    """As it is served and as it arrives, and its weights for training."""
    shipped = list(known.wheels.files) if isinstance(known.wheels, Bundle) else []
    published = [on_hub.local(*known.hub)] if known.hub else []
    return [known.served, *shipped, *published, known.folder]


def _names_of_file(wanted: on_hub.Wanted, models: Path) -> list[str]:
    """The file that is meant among those that are there or begun."""
    start = on_hub.local(wanted.id, "")
    there = {path.name.removesuffix(".partial") for path in models.glob(f"{start}*.gguf*")}
    found = on_hub.pick((name.removeprefix(start) for name in there), wanted.file.replace("/", "--"))
    return [start + found] if found else []


def _hub_files(models: Path) -> Iterator[str]:
    ours = {on_hub.local(*known.hub) for known in CATALOGUE.values() if known.hub}
    for path in models.glob("*--*--*.gguf*"):
        name = path.name.removesuffix(".partial")
        if name.endswith(".gguf") and name not in ours:
            owner, repository, file = name.split("--", 2)
            yield f"{owner}/{repository}:{file}"


def _hub_folders(models: Path) -> Iterator[str]:
    """An embedder is such a folder, too, and names its modules."""
    for path in models.glob("*--*"):
        name = path.name.removesuffix(".partial")
        if name.count("--") == 1 and (path / "config.json").is_file() and not (path / "modules.json").exists():
            yield name.replace("--", "/")


def _trained(name: str) -> str:
    return name.removesuffix(".gguf") + _DIGEST


def _size(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())
