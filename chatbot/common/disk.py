"""Files and folders that are whole or not there, whatever is killed, whenever.

What is made stands under a name of ours beside its place until it is on disk, then one rename gives it its own. All three are
needed: after a power cut a name may stand for a file without its bytes, or be gone with the folder that was not brought to
disk (fsync(2); Pillai et al., OSDI 2014). What a kill leaves begins with `ASIDE`, and `sweep` removes it.

    sync            a file's bytes, or a folder's names
    write, create   a file whose content is at hand; `create` only where there is none
    aside           a file that somebody writes bit by bit
    aside_folder    a folder; `scratch` where the name is not known before
    place           what lies there already, such as a download that can go on
    discard         away in one step, too
    clock           the time by which what lies there is dated

All of them raise `OSError`; `told` makes an error for people of it, whose path stands in the log only.
"""

import contextlib
import errno
import logging
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from chatbot.common.errors import StoreError, StoreFull

log = logging.getLogger(__name__)

ASIDE = ".aside-"
LEFT = (f"{ASIDE}*", ".new-*", ".old-*", ".removed-*")  # the last three: by earlier versions
HOUR = 3600.0  # seconds: what is older nobody makes any more


def sync(path: Path) -> None:
    """The bytes of a file, or the names in a folder, are on disk when it returns."""
    if os.name == "nt" and path.is_dir():
        return  # names in a folder are Windows' own affair: it opens none
    descriptor = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def place(made: Path, target: Path, *, over: bool = False) -> None:
    """Give the file or folder `made`, on the same disk, the name `target`. A file there gives way, a folder that holds
    something only with `over`, and that in two steps: a kill between them leaves none."""
    for path in (made, *made.rglob("*")):
        sync(path)
    away = _beside(target)
    if over and target.is_dir():
        target.rename(away)
    made.replace(target)
    sync(target.parent)
    if away.is_dir():
        shutil.rmtree(away, ignore_errors=True)


@contextlib.contextmanager
def aside(target: Path, mode: int = 0o666) -> Iterator[Path]:
    """An empty file to write into, which becomes `target` when the block ends well, and is gone when not.

    `mode` is what the umask leaves of it.
    """
    made = _new_beside(target, mode)
    try:
        yield made
        place(made, target)
    finally:
        made.unlink(missing_ok=True)


def write(path: Path, data: bytes | str, mode: int = 0o666) -> None:
    """`path` holds `data` (text as UTF-8), or what it held before."""
    with aside(path, mode) as made:
        made.write_bytes(_bytes(data))


def create(path: Path, data: bytes | str, mode: int = 0o666) -> None:
    """`path` holds `data`, or what another process wrote first: a link, unlike a rename, takes no name that is taken."""
    made = _new_beside(path, mode)
    try:
        made.write_bytes(_bytes(data))
        sync(made)
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(made)
        sync(path.parent)
    finally:
        made.unlink()


@contextlib.contextmanager
def scratch(folder: Path) -> Iterator[Path]:
    """A folder in `folder` (made if need be) for what is not whole yet; gone at the end with all that is still in it."""
    made = folder / f"{ASIDE}{secrets.token_hex(8)}"
    made.mkdir(parents=True)
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


@contextlib.contextmanager
def aside_folder(target: Path, mode: int = 0o777) -> Iterator[Path]:
    """A new folder to fill, called as `target` is, which becomes `target` when the block ends well, and is gone when not.

    Where there is a folder `target` with something in it, it stays, and the end raises `OSError`.
    """
    with scratch(target.parent) as bench:
        made = bench / target.name
        made.mkdir(mode)
        yield made
        place(made, target)


def discard(folder: Path) -> None:
    """Nobody sees half of it, and it does not come back; raises when it cannot be renamed."""
    away = _beside(folder)
    folder.rename(away)
    sync(folder.parent)
    shutil.rmtree(away, ignore_errors=True)


def sweep(folder: Path, age: float = HOUR) -> None:
    """Remove what lies aside in `folder` (if there is one) since `age` seconds: a kill left it half made or half removed."""
    for path in [path for pattern in LEFT for path in folder.glob(pattern)]:
        with contextlib.suppress(FileNotFoundError):  # whoever made it has just ended
            if time.time() - path.stat().st_mtime < age:
                continue
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink()


def clock(folder: Path) -> float:
    """Seconds since 1970 as the file system of `folder` has it, which may be another machine's. Where it agrees with ours to the
    second ours is told, since files are dated to some milliseconds only."""
    with tempfile.TemporaryFile(dir=folder) as probe:
        there, here = os.fstat(probe.fileno()).st_mtime, time.time()
    return here if abs(there - here) < 1 else there


def is_full(error: BaseException) -> bool:
    """Whether it says that the disk, or what this account may use of it, is full."""
    return getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT)


def full(folder: Path, then: str = "try again; what was saved is safe") -> StoreFull:
    """`then` is what to do once there is space."""
    log.warning("The disk with %s is full.", folder)
    return StoreFull(
        f"The disk with the folder {folder.name} is full. Free some space and {then}.",
        kind="disk_full",
        folder=folder.name,
    )


@contextlib.contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Whatever the system says of a write in `folder` is said as `told` has it. Raises `StoreFull` or `StoreError`."""
    try:
        yield
    except OSError as error:
        raise told(error, folder) from error


def told(error: OSError, folder: Path, then: str = "try again; what was saved is safe") -> StoreError:
    """The system's error as one that says what to do."""
    if is_full(error):
        return full(folder, then)
    log.warning("%s cannot be written: %s", folder, error.strerror)
    return StoreError(
        f"The folder {folder.name} cannot be written ({error.strerror}). Check its permissions and the disk.",
        kind="folder_unwritable",
        folder=folder.name,
        reason=error.strerror,
    )


def _beside(path: Path) -> Path:
    return path.with_name(f"{ASIDE}{secrets.token_hex(8)}")


def _new_beside(path: Path, mode: int) -> Path:
    made = _beside(path)
    os.close(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode))
    return made


def _bytes(data: bytes | str) -> bytes:
    return data.encode() if isinstance(data, str) else data
