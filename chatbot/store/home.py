"""The data folder: one app's at a time, and no other account's."""

import json
import logging
import os
import time
from pathlib import Path
from typing import IO

from chatbot.common import disk
from chatbot.common.errors import StoreError
from chatbot.common.system import locks

LOCK = "lock"
PRIVATE = 0o077  # what others may not

log = logging.getLogger(__name__)


def hold(folder: Path, *, shared: bool = False) -> IO[str]:
    """Keep other apps off the folder, which is made if need be, until the file that is returned is closed or the process ends,
    however it ends: the kernel lets go of the lock then. Those who share a database share the folder, too.

    Raises `StoreError`, which names the process that holds it.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _make_private(folder)
        file = os.fdopen(os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600), "r+")
    except OSError as error:
        raise disk.told(error, folder) from error
    if not locks.take(file.fileno(), shared=shared):
        who = _holder(file.read())
        file.close()
        raise StoreError(
            f"Another Banyan ({who}) uses the folder {folder}. Stop it, or choose another folder with --data.",
            kind="folder_held",
            folder=str(folder),
            who=who,
        )
    file.truncate(0)
    json.dump({"process": os.getpid(), "since": time.strftime("%Y-%m-%d %H:%M:%S")}, file)
    file.flush()
    return file


def _holder(text: str) -> str:
    try:
        return "process {process}, since {since}".format(**json.loads(text))
    except (ValueError, KeyError, TypeError):  # it has the lock, and is just writing who it is
        return "starting"


def _make_private(folder: Path) -> None:
    """What an earlier version, or another tool, made readable for others is so no more."""
    if not folder.stat().st_mode & PRIVATE:
        return
    for place, folders, files in os.walk(folder):
        for path in (Path(place), *(Path(place, name) for name in (*folders, *files))):
            if not path.is_symlink() and (mode := path.stat().st_mode) & PRIVATE:
                _close_off(path, mode)


def _close_off(path: Path, mode: int) -> None:
    try:
        path.chmod(mode & 0o7777 & ~PRIVATE)
    except PermissionError:
        log.warning("%s belongs to another account, which others may read, too.", path)
