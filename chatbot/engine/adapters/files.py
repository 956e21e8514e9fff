"""Adapters that come and go while the app runs: a folder's files or a zip -> a checked folder, and away again.

What arrives is data from a stranger. A zip is measured before anything of it is written, only the files that an adapter
needs are taken out of it, and under names of our own; the folder appears among the others by one rename, after its check.
"""

import json
import unicodedata
import zipfile
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import IO

from chatbot.common import disk
from chatbot.common.errors import AdapterError
from chatbot.engine.adapters.folders import CARD, NAME, OWNER, check
from chatbot.engine.adapters.format import CONFIG, MAX_JSON, MAX_WEIGHTS, WEIGHTS, read_json, refuse_pickles
from chatbot.types import Adapter, alike

README = "README.md"
TAKEN: Mapping[str, int] = {CONFIG: MAX_JSON, WEIGHTS: MAX_WEIGHTS, CARD: MAX_JSON, README: MAX_JSON}
"""The files of an adapter and how large each may be, in bytes."""

MAX_ENTRIES = 1000
MAX_RATIO = 200  # LoRA matrices hardly compress; a zip of zeros does a thousandfold
BLOCK = 2**20


def install(
    files: Sequence[Path],
    name: str,
    adapters: Path,
    *,
    owner: str = "",
    shared: bool = False,
    fit: Callable[[Adapter], None],
) -> Adapter:
    """Put the adapter that `files` hold (one zip, or the files of a PEFT folder) under `adapters`/`name`.

    `owner` may take it away again, and alone sees it unless it is `shared`. `fit` raises when it does not belong to the model. Raises `AdapterError`;
    nothing is left behind then.
    """
    name = unicodedata.normalize("NFKC", name.strip())
    if not NAME.fullmatch(name):
        raise AdapterError(
            f"{name[:80]!r} cannot be an adapter's name. Use letters, digits, dots, dashes and underscores, 64 at most.",
            kind="adapter_name",
            name=name[:80],
        )
    if adapters.is_dir() and alike(name) in {alike(path.name) for path in adapters.iterdir()}:
        raise taken(name)
    disk.sweep(adapters)
    with disk.scratch(adapters) as bench:
        folder = bench / name
        folder.mkdir()
        if len(files) == 1 and files[0].suffix.lower() == ".zip":
            unpack(files[0], folder)
        else:
            _copy(files, folder)
        (folder / OWNER).write_text(json.dumps({"owner": owner, "shared": shared or not owner}), "utf-8")
        fit(check(folder))
        _appear(folder, adapters / name)
    return check(adapters / name)


def share(adapter: Adapter, shared: bool, groups: Collection[str] = ()) -> None:
    """Let everybody use the adapter, or whoever brought it and those in `groups` alone. Raises `AdapterError`, `StoreError`."""
    folder = Path(str(adapter.path))
    values = read_json(folder, OWNER)
    try:
        disk.write(folder / OWNER, json.dumps(values | {"shared": shared, "groups": sorted(groups)}))
    except OSError as error:
        raise disk.told(error, folder) from error


def remove(adapter: Adapter) -> None:
    """Take the adapter away at once. Answers that use it go on: an engine reads an adapter's files only once."""
    try:
        disk.discard(Path(str(adapter.path)))
    except OSError as error:
        raise AdapterError(
            f"The adapter {adapter.name} cannot be removed ({error.strerror}).",
            kind="adapter_unremoved",
            name=adapter.name,
            reason=error.strerror,
        ) from error


def name_of(files: Sequence[Path]) -> str:
    """A name for the adapter from what it came in: the zip's own, else that of the folder above the files."""
    first = files[0]
    return first.stem if first.suffix.lower() == ".zip" else first.parent.name


def _copy(files: Sequence[Path], folder: Path) -> None:
    known = {path.name: path for path in files}
    refuse_pickles(known)
    _require(known)
    for name, limit in TAKEN.items():
        if name in known:
            with known[name].open("rb") as source:
                _write(source, folder / name, limit)


def unpack(archive: Path, folder: Path, taken: Mapping[str, int] = TAKEN) -> None:
    """Those of the zip's files that are `taken`, each no larger than it says there. Raises `AdapterError`."""
    try:
        with zipfile.ZipFile(archive) as opened:
            for name, info in _wanted(opened, taken).items():
                with opened.open(info) as source:
                    _write(source, folder / name, taken[name])
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise AdapterError(
            f"The zip cannot be read ({error}). Please pack the adapter's folder again.", kind="zip_unreadable"
        ) from error


def _wanted(archive: zipfile.ZipFile, taken: Mapping[str, int]) -> dict[str, zipfile.ZipInfo]:
    """The adapter's files in the archive by their plain names. Raises `AdapterError` for an archive that means harm."""
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    if len(entries) > MAX_ENTRIES:
        raise AdapterError(
            f"The zip holds {len(entries)} files; an adapter has a handful.", kind="zip_entries", count=len(entries)
        )
    for entry in entries:
        path = PurePosixPath(entry.filename.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or ":" in entry.filename:
            raise AdapterError(
                f"The zip holds {entry.filename[:80]!r}, which would leave its folder. It is refused.",
                kind="zip_path",
                path=entry.filename[:80],
            )
        if entry.flag_bits & 1:
            raise AdapterError("The zip is encrypted. Please pack the adapter without a password.", kind="zip_locked")
    configs = [PurePosixPath(e.filename) for e in entries if PurePosixPath(e.filename).name == CONFIG]
    if len(configs) != 1:
        raise AdapterError(
            f"The zip must hold one {CONFIG}; it holds {len(configs)}.", kind="zip_config", count=len(configs)
        )
    found = {
        PurePosixPath(e.filename).name: e for e in entries if PurePosixPath(e.filename).parent == configs[0].parent
    }
    refuse_pickles(found)
    _require(found)
    wanted = {name: found[name] for name in taken if name in found}
    for name, entry in wanted.items():
        if entry.file_size > taken[name] or entry.file_size > MAX_RATIO * max(entry.compress_size, 1024):
            raise AdapterError(
                f"{name} would grow to {entry.file_size:,} bytes. The zip is refused.",
                kind="zip_size",
                name=name,
                size=f"{entry.file_size:,}",
            )
    return wanted


def _require(names: Mapping[str, object]) -> None:
    if missing := [name for name in (CONFIG, WEIGHTS) if name not in names]:
        raise AdapterError(
            f"{' and '.join(missing)} missing. Choose both files of the PEFT folder, or a zip of it.",
            kind="adapter_incomplete",
            names=", ".join(missing),
        )


def _write(source: IO[bytes], target: Path, limit: int) -> None:
    """Copy at most `limit` bytes: an archive's directory may lie about what follows."""
    written = 0
    with target.open("wb") as file:
        while block := source.read(BLOCK):
            written += len(block)
            if written > limit:
                raise AdapterError(
                    f"{target.name} is larger than the {limit:,} bytes that are taken.",
                    kind="adapter_large",
                    name=target.name,
                    limit=f"{limit:,}",
                )
            file.write(block)


def _appear(folder: Path, target: Path) -> None:
    try:
        disk.place(folder, target)
    except OSError as error:
        if target.exists():  # somebody was faster
            raise taken(target.name) from error
        raise disk.told(error, target.parent) from error


def taken(name: str) -> AdapterError:
    return AdapterError(
        f"There is an adapter called {name} already. Choose another name, or remove that one first.",
        kind="adapter_exists",
        name=name,
    )
