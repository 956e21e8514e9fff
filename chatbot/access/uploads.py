"""Files that visitors send and fetch: each owner has a folder of their own, and paths into another's are refused.

Gradio keeps what is uploaded under the hash of its content and believes every path into its folder, whoever names it.
"""

import hashlib
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event

from chatbot.common import disk
from chatbot.common.errors import InputError

LONGEST = 6 * 3600.0  # seconds that a file waits to be used: half a day in which a page stands open

EVERY = 600.0  # seconds between two sweeps
STRAY = 60.0  # seconds after which a file that lies in nobody's folder goes: Gradio makes an empty one for each that it is given


class Uploads:
    """The folder of everybody's files on their way, which is Gradio's own, too. Nothing in it outlives the app."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self._coming: dict[Path, int] = {}  # folder -> bytes that were announced for it

    def of(self, owner: str) -> Path:
        """The folder of `owner`, which need not be there."""
        return self.folder / hashlib.sha256(owner.encode("utf-8", "surrogatepass")).hexdigest()[:32]

    def belongs(self, path: str, owner: str) -> bool:
        """Whether `path`, as a client names it, is a file of `owner`."""
        try:
            return Path(path).resolve().is_relative_to(self.of(owner))
        except (OSError, ValueError, RuntimeError):  # no path at all: a null byte, a loop of links
            return False

    def require(self, path: str, owner: str) -> Path:
        """Raises `InputError` for what is no file of `owner`."""
        if not self.belongs(path, owner) or not Path(path).is_file():
            raise InputError("Please upload a file of your own.", kind="no_upload")
        return Path(path)

    def bench(self, owner: str) -> Path:
        """A new folder, in which something is made for `owner` to fetch."""
        made = self.of(owner) / secrets.token_hex(8)
        with disk.writing(self.folder):
            made.mkdir(mode=0o700, parents=True)
        return made

    def new(self, owner: str, name: str, data: bytes) -> str:
        """The path of a file for `owner` to fetch, under that name."""
        path = self.bench(owner) / Path(name).name
        with disk.writing(self.folder):
            path.write_bytes(data)
        return str(path)

    def free(self, *paths: Path) -> None:
        """The work with these files is done. Only what was uploaded goes."""
        for path in paths:
            if path.resolve().is_relative_to(self.folder):
                path.unlink(missing_ok=True)
                with suppress(OSError):  # other files of the same upload are there still
                    path.parent.rmdir()

    @contextmanager
    def once(self, path: Path) -> Iterator[Path]:
        """A file that is used once."""
        try:
            yield path
        finally:
            self.free(path)

    @contextmanager
    def coming(self, owner: str, length: int) -> Iterator[Path]:
        """A new folder of `owner` for so many bytes that are on their way. Where they break off, it goes with what had come."""
        folder = self.bench(owner)
        self._coming[folder] = length
        try:
            yield folder
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        finally:
            del self._coming[folder]

    def size(self, owner: str) -> int:
        """Bytes of all files of `owner`, those on their way as they were announced."""
        own = self.of(owner)
        coming = {folder: length for folder, length in list(self._coming.items()) if folder.parent == own}
        there = (path for path in own.rglob("*") if not coming.keys() & {path, *path.parents})
        return sum(coming.values()) + sum(map(_bytes, there))

    def keep_tidy(self, stop: Event) -> None:
        """Sweep now and then, until `stop` is set."""
        while not stop.wait(EVERY):
            self.sweep()

    def empty(self) -> None:
        """What an earlier run left behind goes."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.sweep(0)

    def sweep(self, age: float = LONGEST) -> None:
        """Remove files that have waited for `age` seconds, and the folders that held them; strays sooner."""
        now, emptied = time.time(), set[Path]()
        for path in sorted(self.folder.rglob("*"), reverse=True):
            with suppress(OSError):  # somebody was faster, or the folder holds something
                stray = path.parent == self.folder and path.is_file()
                if path in emptied or path.lstat().st_mtime <= now - (min(age, STRAY) if stray else age):
                    path.rmdir() if path.is_dir() else path.unlink()
                    emptied.add(path.parent)


def _bytes(path: Path) -> int:
    try:
        return path.stat().st_size if path.is_file() else 0
    except OSError:  # it was used and freed just now
        return 0
