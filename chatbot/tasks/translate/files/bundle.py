"""Several files as one: a zip archive that is unpacked, and one that is made."""

import io
import zipfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from chatbot.common.errors import InputError

MOST = 20  # files of one archive: as many translations as are kept of an owner
LARGEST = 200 << 20  # bytes of all of them, unpacked


def is_bundle(path: Path) -> bool:
    """An archive, and none of the formats that are archives themselves."""
    return path.suffix.lower() == ".zip" and zipfile.is_zipfile(path)


def unpacked(path: Path, folder: Path) -> list[Path]:
    """Its files in `folder`, each in one of its own; a name inside is no path. Raises `InputError`."""
    with zipfile.ZipFile(path) as archive:
        entries = [entry for entry in archive.infolist() if not entry.is_dir() and not _is_hidden(entry.filename)]
        if not entries or len(entries) > MOST or sum(entry.file_size for entry in entries) > LARGEST:
            raise InputError(
                f"{path.name} holds {len(entries)} files; 1 to {MOST} of together {LARGEST >> 20} MB are taken.",
                kind="bundle",
                name=path.name,
                count=len(entries),
                most=MOST,
                limit=f"{LARGEST >> 20} MB",
            )
        return [_written(archive, entry, folder / str(number)) for number, entry in enumerate(entries)]


def _written(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, folder: Path) -> Path:
    folder.mkdir()
    made = folder / (PurePosixPath(entry.filename.replace("\\", "/")).name or "file")
    try:
        with archive.open(entry) as source:
            made.write_bytes(source.read(entry.file_size + 1)[: entry.file_size])
    except (RuntimeError, zipfile.BadZipFile, NotImplementedError) as error:  # a password, damage, an unknown method
        raise InputError(
            f"{entry.filename[:80]} cannot be unpacked.", kind="bundle_entry", name=entry.filename[:80]
        ) from error
    return made


def packed(files: Iterable[tuple[str, bytes]]) -> bytes:
    """Names that are there already get a number."""
    target = io.BytesIO()
    taken: set[str] = set()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files:
            path = PurePosixPath(name)
            names = (name, *(f"{path.stem} ({number}){path.suffix}" for number in range(2, MOST + 2)))
            free = next(one for one in names if one not in taken)
            taken.add(free)
            archive.writestr(free, data)
    return target.getvalue()


def _is_hidden(name: str) -> bool:
    """What systems put beside the files of a person."""
    parts = (part for part in PurePosixPath(name).parts if part != "..")
    return any(part.startswith((".", "__MACOSX")) for part in parts)
