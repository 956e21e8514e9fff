"""Where originals lie: in `files/` under the ids of their documents; or in a bucket, with copies here of those that are in use.

With a bucket `files/` holds what is being added, `fetched/` the copies. An original is in the bucket before its document is
committed, and taken out after it was removed; what a kill leaves there is swept. Nobody is served from a copy alone: whoever
asks was asked for by the database first.
"""

import logging
import os
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path
from threading import Event, Lock, Thread

from chatbot.common import disk
from chatbot.common.bucket.bucket import Bucket
from chatbot.common.errors import BanyanError, StoreError
from chatbot.common.fingerprint import fingerprint
from retrieval.types import Document

KEYS = "files/"
ROUND = 20.0  # seconds between two looks at what is to go
SWEPT = 3600.0  # seconds between two looks through the whole bucket
UNUSED = 24 * 3600.0  # seconds after which a copy that nobody used goes
ABANDONED = 24 * 3600.0
"""Seconds after which nobody is still adding a file: four times as long as an upload may wait to be used."""

Owned = Callable[[Collection[str]], set[str]]
"""Those of the ids that a document has."""

log = logging.getLogger(__name__)


class Originals:
    """Safe from any thread."""

    def __init__(self, folder: Path, bucket: Bucket | None) -> None:
        self.files, self._copies, self._bucket = folder / "files", folder / "fetched", bucket
        for needed in (self.files, self._copies) if bucket else (self.files,):
            needed.mkdir(parents=True, exist_ok=True)
        self._lock = Lock()
        self._sent: set[str] = set()  # put, and of no document yet
        self._owed: set[str] = set()  # removed, and in the bucket as far as is known
        self._closed = Event()

    def place(self, id: str) -> Path:
        """Where the file is written first."""
        return self.files / id

    def put(self, id: str) -> None:
        """What every document needs before it is committed. Raises `StoreUnavailable` or `StoreError`."""
        if self._bucket:
            with self._lock:
                self._sent.add(id)
            self._bucket.put(self.place(id), KEYS + id)

    def settle(self, id: str) -> None:
        """Its document is committed."""
        if self._bucket:
            with self._lock:
                self._sent.discard(id)
            with suppress(OSError):  # else it is found where it is, and moved later
                self.place(id).replace(self._copies / id)

    def abandon(self, id: str) -> None:
        """It has become no document."""
        self.place(id).unlink(missing_ok=True)
        with self._lock:
            sent = id in self._sent
            self._sent.discard(id)
        if sent:
            self._owe(id)

    def remove(self, id: str) -> None:
        """Its document is gone. A bucket that does not answer is asked again until it does."""
        self.place(id).unlink(missing_ok=True)
        if self._bucket:
            (self._copies / id).unlink(missing_ok=True)
            self._owe(id)

    def path(self, document: Document) -> Path:
        """The file, byte for byte. Raises `StoreUnavailable` or `StoreError`."""
        here = self.place(document.id)
        if self._bucket is None or here.exists():
            return here
        copy = self._copies / document.id
        try:
            os.utime(copy)  # in use
        except FileNotFoundError:
            self._bucket.fetch(KEYS + document.id, copy, document.size)
            if fingerprint(copy) != document.sha256:
                copy.unlink(missing_ok=True)
                raise StoreError(
                    "The original of this document was changed in the bucket. Remove the document and add it again.",
                    kind="original_changed",
                ) from None
        return copy

    def start(self, owned: Owned) -> None:
        """Take away what is to go, in the background, until `close`."""
        if self._bucket:
            Thread(target=self._keep, args=(self._bucket, owned), name="originals", daemon=True).start()

    def close(self) -> None:
        self._closed.set()

    def _owe(self, id: str) -> None:
        with self._lock:
            self._owed.add(id)
        try:
            self._pay()
        except BanyanError as error:
            log.warning(
                "An original that was removed is still in the bucket, and is taken away when it answers: %s", error
            )

    def _pay(self) -> None:
        assert self._bucket
        for id in tuple(self._owed):
            self._bucket.remove(KEYS + id, patient=False)
            with self._lock:
                self._owed.discard(id)

    def _keep(self, bucket: Bucket, owned: Owned) -> None:
        swept = -SWEPT
        while True:
            try:
                self._pay()
                self.tidy(owned)
                if time.monotonic() - swept >= SWEPT:
                    self.move_in(bucket, owned)
                    sweep(bucket, owned)
                    swept = time.monotonic()
            except (BanyanError, OSError) as error:
                log.warning("The originals are looked after in a moment: %s", error)
            if self._closed.wait(ROUND):
                return

    def tidy(self, owned: Owned) -> None:
        """Copies go whose document was removed, by whichever Banyan, or that nobody used for a day."""
        disk.sweep(self._copies)
        copies = {path.name: path for path in self._copies.iterdir() if not path.name.startswith(disk.ASIDE)}
        there = owned(copies.keys())
        for name, path in copies.items():
            if name not in there or time.time() - path.stat().st_mtime > UNUSED:
                path.unlink(missing_ok=True)

    def move_in(self, bucket: Bucket, owned: Owned) -> None:
        """What lies here of documents, from before there was a bucket or by a kill, is put there."""
        here = owned([path.name for path in self.files.iterdir()])
        for id in sorted(here - bucket.listed(KEYS).keys()):
            bucket.put(self.place(id), KEYS + id)
        for id in here:
            self.settle(id)


def sweep(bucket: Bucket, owned: Owned) -> None:
    """What nobody owns and nobody can still be adding is taken out of the bucket."""
    now = time.time()
    old = [id for id, held in bucket.listed(KEYS).items() if now - held.since > ABANDONED]
    for id in sorted(set(old) - owned(old)):
        bucket.remove(KEYS + id)
