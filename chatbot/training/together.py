"""Several files of one data set as one."""

import zipfile
from collections.abc import Sequence
from pathlib import Path, PurePath

from chatbot.common import disk
from chatbot.common.errors import InputError
from finetune.data.rows.archive import TABLES, TEXTS
from finetune.data.rows.recognise import PACKED

PACKS = {".zip", ".tar", ".tgz"}


def together(files: Sequence[Path], target: Path, *, judging: Path | None = None) -> Path:
    """A ZIP file at `target`, which is read as one data set: what is called after a split belongs to it. With `judging` the rows of
    that file validate, and all others teach, whatever they are called.

    Raises `InputError` where a part of it would not be read: a ZIP file, or texts beside tables; `StoreFull` or `StoreError`.
    """
    every = [*files, *([judging] if judging else [])]
    if any({suffix.lower() for suffix in path.suffixes[-2:]} & PACKS for path in every):
        raise InputError("A ZIP or TAR file cannot be put together with others. Unpack it first.", kind="zip_in_zip")
    kinds = {_ending(path) in TEXTS for path in every if _ending(path) in (*TABLES, *TEXTS)}
    if len(kinds) > 1:
        raise InputError("Texts and tables cannot be put together. Drop files of one kind.", kind="mixed_files")
    with disk.writing(target.parent), zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for number, path in enumerate(every, 1):
            side = "validation" if path is judging else "train" if judging else ""
            name = f"{path.name}/{side}{''.join(path.suffixes[-2:])}" if side else path.name
            archive.write(path, f"{number}/{name}")
    return target


def _ending(path: Path) -> str:
    plain = PurePath(path.name.lower())
    return PurePath(plain.stem).suffix if plain.suffix in PACKED else plain.suffix
