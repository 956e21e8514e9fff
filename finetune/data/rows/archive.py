"""Several files at once, in a ZIP or TAR file or a folder: the rows of each, one after another."""

import contextlib
import re
import shutil
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path, PurePosixPath

from chatbot.common.errors import InputError
from finetune.data.examples import Fault, Format, Row, Split
from finetune.data.rows.documents import SPLITS
from finetune.data.rows.recognise import PACKED, recognised
from finetune.data.rows.source import Damaged, opened
from finetune.data.rows.tables import require_size

TABLES = (".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".parquet", ".arrow", ".xlsx")
TEXTS = (".txt", ".md")  # counted only where there is no table: else they tell about it
ABOUT = (
    "dataset_info.json",
    "dataset_infos.json",
    "dataset_dict.json",
    "state.json",
)  # what `datasets` writes beside its tables
MOST_FILES = 200
Read = Callable[[Path, Format], Iterator[Row | Fault]]


def read_archive(path: Path, read: Read) -> Iterator[Row | Fault]:
    """Rows are counted over all files; a fault names its file and the row in it. A file that is called after a split belongs to
    it. Raises `InputError` when no file is a data set."""
    number = 0
    with _members(path) as members:
        chosen = _chosen(list(members))
        if not chosen:
            raise InputError("None of the files in it is a data set.", kind="archive_empty")
        for name in chosen:
            with members[name]() as file:
                found = recognised(file, name)
                for item in read(file, found):
                    number += 1
                    if isinstance(item, Fault):
                        yield Fault(number, item.code, f"{name}, row {item.row}: {item.reason}", item.text)
                    else:
                        yield replace(item, number=number, split=item.split or split_in(name))


def split_in(name: str) -> Split:
    """What the words in a file's name and folders say: `data/train-00000-of-00002.parquet` is for training."""
    words = [word for part in PurePosixPath(name.lower()).parts for word in re.split(r"[^a-z]+", part)]
    return next((SPLITS[word] for word in reversed(words) if word in SPLITS), "")


def _chosen(names: list[str]) -> list[str]:
    def ending(name: str) -> str:
        path = PurePosixPath(name.lower())
        return PurePosixPath(path.stem).suffix if path.suffix in PACKED else path.suffix

    shown = [
        name for name in sorted(names) if not any(part.startswith((".", "__")) for part in PurePosixPath(name).parts)
    ]
    tables = [name for name in shown if ending(name) in TABLES]
    tables = [name for name in tables if PurePosixPath(name).name not in ABOUT] or tables
    return (tables or [name for name in shown if ending(name) in TEXTS])[:MOST_FILES]


@contextmanager
def _members(path: Path) -> Iterator[dict[str, Callable[[], AbstractContextManager[Path]]]]:
    if path.is_dir():
        files = [file for file in path.rglob("*") if file.is_file() and not file.is_symlink()]
        yield {file.relative_to(path).as_posix(): lambda file=file: _there(file) for file in files}  # type: ignore[misc]
        return
    if not zipfile.is_zipfile(path):
        with tempfile.TemporaryDirectory() as folder:
            yield _untarred(path, Path(folder))
        return
    with zipfile.ZipFile(path) as packed:
        infos = [info for info in packed.infolist() if not info.is_dir()]
        require_size(sum(info.file_size for info in infos))
        yield {info.filename: lambda info=info: _unpacked(packed, info) for info in infos}  # type: ignore[misc]


def _untarred(path: Path, folder: Path) -> dict[str, Callable[[], AbstractContextManager[Path]]]:
    """The files of a TAR, which can only be read one after another, under numbers in `folder`: a name in it is never a path. What
    follows a damage is left out. Raises `InputError` where it unpacks to too much."""
    found: dict[str, Callable[[], AbstractContextManager[Path]]] = {}
    with (
        opened(path) as source,
        contextlib.suppress(tarfile.TarError, Damaged),
        tarfile.open(fileobj=source.file, mode="r|") as packed,
    ):
        for number, info in enumerate(packed):
            data = packed.extractfile(info) if info.isfile() else None
            if data is not None:
                file = folder / str(number)
                with file.open("wb") as copy:
                    shutil.copyfileobj(data, copy)
                found[info.name] = lambda file=file: _there(file)  # type: ignore[misc]
    return found


@contextmanager
def _there(file: Path) -> Iterator[Path]:
    yield file


@contextmanager
def _unpacked(packed: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[Path]:
    """The member in a file of its own; its name is never a path. What it unpacks to beyond what it says is refused."""
    with tempfile.NamedTemporaryFile() as file:
        try:
            with packed.open(info) as source:
                shutil.copyfileobj(source, file)
                require_size(file.tell())
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, OSError) as error:
            raise InputError(
                f"{info.filename[:80]} cannot be unpacked: {error}.", kind="archive_unreadable", name=info.filename[:80]
            ) from error
        file.flush()
        yield Path(file.name)
