"""The folder of adapters, kept the same as a bucket's, for Banyans that share no folder.

An engine reads adapters from a disk, so each Banyan has them all in its own folder. In the bucket an adapter is one object,
`adapters/NAME.zip`: it is there as a whole or not at all, and of two that would have the same name one is first. What was last
seen equal stands in each folder's `bucket.json`, and tells which side has changed since:

    here only             it goes up; with a note, it was removed elsewhere and goes here
    there only            it comes down
    both, there changed   it comes down, as what was decided first for all
    both, here changed    it goes up
    both, no note         equal, or of the same fine-tune, which goes up; else the one here makes way with another name

So a fine-tune only publishes into the folder, and holds no credentials. What a person does here is in the bucket, or undone, before
they are told.
"""

import filecmp
import json
import logging
import secrets
import zipfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any

from chatbot.common import disk
from chatbot.common.bucket.bucket import Bucket, Gone, Held, Taken
from chatbot.common.errors import AdapterError, BanyanError, StoreError
from chatbot.common.system import locks
from chatbot.engine.adapters import files
from chatbot.engine.adapters.folders import NAME, OWNER, check
from chatbot.engine.adapters.format import CONFIG, MAX_JSON, read_json
from chatbot.types import Adapter

KEYS, ENDING = "adapters/", ".zip"
NOTE = "bucket.json"
TAKEN: Mapping[str, int] = {**files.TAKEN, OWNER: MAX_JSON}
ROUND = 3.0  # seconds between two looks at the bucket
LONGEST = 60.0  # seconds between two looks at one that does not answer

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Note:
    """What an adapter's folder was when it was last the same as in the bucket `url`: the object's version, and its files' stamps."""

    url: str
    version: str
    stamps: Mapping[str, Sequence[int]]


class Mirror:
    """Safe from any thread. Without a bucket it only does to the folder what it is asked."""

    def __init__(self, folder: Path | None = None, bucket: Bucket | None = None) -> None:
        self._folder, self._bucket = folder or Path(), bucket
        self._lock = Lock()
        self._seen: Mapping[str, Any] = {}
        self._declined: dict[str, object] = {}  # name -> version or stamps of what is no adapter

    # What a person does

    def install(
        self,
        given: Sequence[Path],
        name: str,
        folder: Path,
        *,
        owner: str,
        shared: bool,
        fit: Callable[[Adapter], None],
    ) -> Adapter:
        """As `files.install`. Raises `StoreError`, too."""
        with self._alone():
            adapter = files.install(given, name, folder, owner=owner, shared=shared, fit=fit)
            try:
                self._put(adapter.name, new=True)
            except Taken as error:
                files.remove(adapter)
                raise files.taken(adapter.name) from error
            except StoreError:
                files.remove(adapter)
                raise
        return adapter

    def share(self, adapter: Adapter, shared: bool, groups: Collection[str] = ()) -> None:
        """As `files.share`."""
        with self._alone():
            path = Path(str(adapter.path)) / OWNER
            before = _bytes(path)
            files.share(adapter, shared, groups)
            try:
                self._put(adapter.name)
            except StoreError:
                disk.write(path, before)
                raise

    def remove(self, adapter: Adapter) -> None:
        """As `files.remove`. Raises `StoreError`, too."""
        with self._alone():
            if self._bucket:
                self._bucket.remove(_key(adapter.name))
            files.remove(adapter)

    # What happens by itself

    def start(self, stop: Event, changed: Callable[[], None]) -> None:
        """Until `stop`, in the background; `changed` is called when the folder is another than before."""
        if self._bucket:
            Thread(target=self._keep, args=(stop, changed), name="adapters", daemon=True).start()

    def _keep(self, stop: Event, changed: Callable[[], None]) -> None:
        wait = ROUND
        while True:
            try:
                if self.settle():
                    with suppress(BanyanError):  # a model that is still loading sees them by itself
                        changed()
                wait = ROUND
            except (BanyanError, OSError) as error:
                log.warning("Adapters are not up to date: %s", error)
                wait = min(2 * wait, LONGEST)
            if stop.wait(wait):
                return

    def settle(self) -> bool:
        """One round; whether the folder is another than after the last one. Raises `StoreError`."""
        assert self._bucket
        with self._alone():
            disk.sweep(self._folder)
            listed = self._bucket.listed(KEYS, patient=False)
            there = {key.removesuffix(ENDING): held for key, held in listed.items() if key.endswith(ENDING)}
            here = {config.parent.name for config in self._folder.glob(f"*/{CONFIG}")}
            for name in sorted(filter(NAME.fullmatch, there.keys() | here)):
                try:
                    self._settle(name, there.get(name), here=name in here)
                except Taken:  # at this very moment: they meet in the next round
                    pass
                except AdapterError as error:
                    log.warning("The adapter %s stays as it is: %s", name, error)
                except OSError as error:
                    raise disk.told(error, self._folder) from error
            before, self._seen = self._seen, {path.name: _stamps(path) for path in self._folder.glob("[!.]*")}
            return before != self._seen

    def _settle(self, name: str, held: Held | None, *, here: bool) -> None:
        folder = self._folder / name
        note = _note(folder, str(self._bucket.address)) if self._bucket and here else None
        if held is None:
            if note:
                log.info("The adapter %s was removed by another Banyan", name)
                disk.discard(folder)
            elif self._is_usable(name):
                self._put(name, new=True)
        elif not here:
            self._fetch(name, held)
        elif note is None:
            self._meet(name, held)
        elif note.version != held.version:
            self._fetch(name, held)
        elif note.stamps != _stamps(folder):
            self._put(name)

    def _is_usable(self, name: str) -> bool:
        """Whether to send it. Raises `AdapterError` the first time that it is none."""
        stamps = _stamps(self._folder / name)
        if self._declined.get(name) == stamps:
            return False
        try:
            check(self._folder / name)
        except AdapterError:
            self._declined[name] = stamps
            raise
        return True

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Of all threads, and of all Banyans where they share the folder after all."""
        with self._lock:
            if self._bucket is None:
                yield
                return
            self._folder.mkdir(parents=True, exist_ok=True)
            with locks.turn(self._folder / ".turn"):
                yield

    def _put(self, name: str, *, new: bool = False) -> None:
        if not self._bucket:
            return
        folder = self._folder / name
        stamps = _stamps(folder)
        with disk.scratch(self._folder) as bench:
            packed = _packed(folder, bench / f"{name}{ENDING}")
            version = self._bucket.put(packed, _key(name), new=new)
        disk.write(folder / NOTE, _written(str(self._bucket.address), version, stamps))

    def _fetch(self, name: str, held: Held) -> None:
        if self._declined.get(name) == held.version:
            return
        with disk.scratch(self._folder) as bench:
            try:
                made = self._received(name, held, bench)
            except AdapterError:
                self._declined[name] = held.version
                raise
            if made:
                disk.place(made, self._folder / name, over=True)
                log.info("The adapter %s has come from the bucket", name)

    def _meet(self, name: str, held: Held) -> None:
        """The one here has the name of one there."""
        folder = self._folder / name
        with disk.scratch(self._folder) as bench:
            made = self._received(name, held, bench)
            if made is None:
                return
            if filecmp.cmpfiles(made, folder, TAKEN, shallow=False)[0] == list(_stamps(made)):
                disk.place(made, folder, over=True)
                return
            if (job := _job(folder)) and job == _job(made):
                self._put(name)
                return
            other = self._folder / f"{name[:55]}-{secrets.token_hex(4)}"
            log.warning(
                "Another Banyan has brought an adapter %s; the one of this disk is called %s now", name, other.name
            )
            disk.place(folder, other)
            disk.place(made, folder)

    def _received(self, name: str, held: Held, bench: Path) -> Path | None:
        """The adapter as a checked folder with its note; None when it has just been removed. Raises `AdapterError`."""
        assert self._bucket
        made = bench / name
        made.mkdir()
        try:
            self._bucket.fetch(_key(name), bench / "packed", held.size)
        except Gone:
            return None
        files.unpack(bench / "packed", made, TAKEN)
        check(made)
        (made / NOTE).write_text(_written(str(self._bucket.address), held.version, _stamps(made)), "utf-8")
        return made


def _key(name: str) -> str:
    return f"{KEYS}{name}{ENDING}"


def _packed(folder: Path, target: Path) -> Path:
    """A zip of what belongs to the adapter; weights do not compress, so nothing is."""
    with disk.writing(folder.parent), zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name in TAKEN:
            if (folder / name).is_file():
                archive.write(folder / name, name)
    return target


def _stamps(folder: Path) -> dict[str, list[int]]:
    """Of each of its files how large it is and when it was written, in nanoseconds."""
    found = {name: path.stat() for name in TAKEN if (path := folder / name).is_file()}
    return {name: [stat.st_size, stat.st_mtime_ns] for name, stat in found.items()}


def _note(folder: Path, url: str) -> Note | None:
    """What was noted of that bucket; None where nothing was, or it cannot be read."""
    try:
        note = Note(**json.loads((folder / NOTE).read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return note if note.url == url else None


def _written(url: str, version: str, stamps: Mapping[str, Sequence[int]]) -> str:
    return json.dumps({"url": url, "version": version, "stamps": stamps})


def _job(folder: Path) -> str:
    return str(read_json(folder, OWNER).get("job") or "") if (folder / OWNER).is_file() else ""


def _bytes(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b""
