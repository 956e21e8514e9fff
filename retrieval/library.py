"""The library: files in, hits out, everything under its owner.

    library = Library(folder, embedder)
    document = library.add("ada", Path("upload.pdf"), "Contract.pdf")
    hits = library.search("ada", "When does the contract end?")

On disk, below `folder`: `library.db`, or the PostgreSQL at `place`, holds all that matters, `files/` or the `bucket` the originals under random ids, `index/` caches.
"""

import logging
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import BoundedSemaphore, Event

from chatbot.common.bucket.bucket import Bucket
from chatbot.common.database.door import Place
from chatbot.common.errors import NotFound, Stopped, StoreError
from chatbot.common.fingerprint import fingerprint
from chatbot.common.rejected import shown
from retrieval.reading import readers
from retrieval.reading.readers import Limits, Reading, RejectedFile
from retrieval.search.embed import Embedder, Vectors
from retrieval.search.fuse import knows
from retrieval.search.indexes import Indexes
from retrieval.store.indexed import Home, indexed_text
from retrieval.store.kept import Originals
from retrieval.store.originals import Progress, heed, keep
from retrieval.store.store import Store
from retrieval.text.split import SIZE, split
from retrieval.types import Document, Hit, Page, Passage

log = logging.getLogger(__name__)

HEADING = 16
"""Tokens of an embedder's window that are left to a passage's headings and to the model's own marks."""
QUESTION = 4_000
"""Characters of a question that count."""
READERS = 2
"""Files that are read at once; the others wait."""


REEMBEDDED = 256
"""Passages that are embedded anew between two commits."""


class EmbedderChanged(StoreError):
    """The passages were embedded by another embedder. Details: `passages` still to be embedded."""

    kind = code = "embedder_changed"
    status = 409


class Library:
    """Safe to use from any thread. What returns is on disk; what raises has left nothing behind.

    Raises `NotFound` for what is somebody else's as for what does not exist, `StoreFull` and `StoreError`. Without an
    embedder, documents are found by their words alone. `who` may be one whom the owner of a collection lets read it.
    """

    def __init__(
        self,
        folder: Path,
        embedder: Embedder | None,
        *,
        limits: Limits | None = None,
        place: Place | None = None,
        bucket: Bucket | None = None,
    ) -> None:
        self._originals, self._caches = Originals(folder, bucket), folder / "index"
        self._caches.mkdir(parents=True, exist_ok=True)
        self._store = Store(place or folder / "library.db")
        self._store.sweep(self._originals.files, self._caches)
        self._originals.start(self._store.owned)
        self._limits = limits or Limits()
        self._embedder = embedder
        self._embedder_id = (
            self._store.embedder(embedder.fingerprint, embedder.name, embedder.dimension) if embedder else None
        )
        self._size = min(SIZE, embedder.window - HEADING) if embedder else SIZE
        self._embedded = False  # every passage, by this embedder
        known = (self._embedder_id, embedder.dimension) if embedder and self._embedder_id else None
        self._indexes = Indexes(self._store, self._caches, known)
        self._reading = BoundedSemaphore(READERS)
        self.collections = self._store.collections

    def close(self) -> None:
        """Finish writing caches. Nothing is lost without it."""
        self._originals.close()
        self._indexes.close()
        self._store.close()

    # Documents

    def add(
        self,
        owner: str,
        path: Path,
        name: str,
        *,
        collection: str = "",
        progress: Progress | None = None,
        stop: Event | None = None,
    ) -> Document:
        """Index the file at `path`, which people call `name`, into the owner's `collection`. Blocks until it is on disk.

        A file that cannot be read ends as a document whose status is "rejected", with the reason. The same bytes again
        are recognised: the document that is there already is returned, under its own name; a rejected one is tried anew.
        Raises `Stopped` when `stop` was set in time, and `EmbedderChanged`.
        """
        self._require_embedded()
        report = progress or (lambda step, fraction: None)
        id = secrets.token_hex(16)
        original = self._originals.place(id)
        kept = False
        try:
            size, sha256 = keep(path, original, name, report, stop)
            known = self._store.same_file(owner, sha256)
            if known and known.status != "rejected":
                return known
            blank = Document(
                id, owner, shown(name), None, size, sha256, "rejected", created=time.time(), collection=collection
            )
            document = self._index(blank, original, name, report, stop)
            kept = document.id == id and document.status != "rejected"
            return document
        finally:
            if kept:
                self._originals.settle(id)
            else:
                self._originals.abandon(id)

    def remove(self, owner: str, id: str) -> None:
        """Complete: the original, pages, passages, vectors, and every cache that held its words."""
        for file in self._store.remove(owner, id):
            (self._caches / file).unlink(missing_ok=True)
        self._originals.remove(id)
        self._store.purge()
        self._indexes.refresh(owner)

    def rename(self, owner: str, id: str, name: str) -> None:
        self._store.rename(owner, id, shown(name))

    def list(self, owner: str) -> list[Document]:
        """The latest first, the rejected ones too."""
        return self._store.documents(owner)

    def get(self, who: str, id: str) -> Document:
        return self._store.document(who, id)

    def pages(self, who: str, id: str) -> Sequence[Page]:
        return self._store.pages(who, id)

    def passages(self, who: str, id: str) -> Sequence[Passage]:
        return self._store.passages(who, id)

    def original(self, who: str, id: str) -> Path:
        """The uploaded file, byte for byte. Raises `NotFound` also for a rejected one, which is not kept."""
        document = self._store.document(who, id)
        if document.status == "rejected":
            raise NotFound("This file was rejected, so it was not kept. Add it again.", kind="document_rejected")
        return self._originals.path(document)

    # Searching

    def search(
        self, who: str, question: str, *, documents: Sequence[str] | None = None, limit: int = 5
    ) -> Sequence[Hit]:
        """The passages that answer best, best first, out of `documents` (None: all of one's own).

        Raises `NotFound` when one of `documents` is not there, `InputError` where they are several people's, and `EmbedderChanged`.
        """
        self._require_embedded()
        question = question[:QUESTION].encode("utf-8", "replace").decode()  # a lone surrogate is no character
        vector = None
        if self._embedder is not None and knows(self._embedder.languages, question):
            vector = self._embedder.queries([question])[0]
        home = Home(who) if documents is None else self.collections.home(who, documents)
        ranked = self._indexes.of(home).search(question, vector, limit, documents)
        passages = self._store.passages_by_id(who, [found.id for found in ranked])
        return [Hit(passages[r.id], r.score, r.lexical, r.dense) for r in ranked if r.id in passages]

    def mend(self, *, progress: Progress | None = None) -> None:
        """Index those documents anew, from their originals, that are damaged in the database. What cannot be is said to be so."""
        for document in self._store.damaged():
            try:
                original = self._originals.path(document)
            except StoreError as error:  # the bucket is away: it stays, for the next start
                log.error("The original of a damaged document cannot be had: %s", error)
                continue
            try:
                if fingerprint(original) == document.sha256:
                    self.add(document.owner, original, document.name, progress=progress)
            except OSError as error:
                log.error("The original of a damaged document cannot be read: %s", error)
            self._originals.remove(document.id)

    # The embedder

    def unembedded(self) -> int:
        """How many passages, of all owners, still have to be embedded by the embedder in use."""
        return 0 if self._embedder_id is None else self._store.unembedded(self._embedder_id)

    def reembed(self, *, progress: Callable[[int, int], None] | None = None, stop: Event | None = None) -> None:
        """Embed what another embedder has embedded, or none. Broken off, it goes on from there the next time.

        `progress` is called with the passages done and their number. Raises `Stopped`.
        """
        if self._embedder is None or self._embedder_id is None:
            return
        total, done, last = self.unembedded(), 0, 0
        while batch := self._store.next_unembedded(self._embedder_id, last, REEMBEDDED):
            ids, texts = [id for id, _ in batch], [text for _, text in batch]
            so_far = partial(_further, progress, done, total) if progress else None
            self._store.put_vectors(self._embedder_id, ids, self._embedder.passages(texts, progress=so_far, stop=stop))
            last, done = ids[-1], done + len(ids)
        self._indexes.clear()

    def _require_embedded(self) -> None:
        if self._embedded:
            return
        if missing := self.unembedded():
            raise EmbedderChanged(
                f"The embedder was changed: {missing} passages have to be embedded anew before documents can be used. "
                "Wait until that is done, or start with the embedder that was used before.",
                passages=missing,
            )
        self._embedded = True

    # The steps of adding

    def _index(self, blank: Document, original: Path, name: str, report: Progress, stop: Event | None) -> Document:
        try:
            reading = self._read(original, name, report, stop)
        except RejectedFile as error:
            if error.code == "stopped":
                raise Stopped(str(error), kind="indexing_stopped") from error
            return self._store.add(replace(blank, reason=str(error), code=error.code))
        passages = split(reading.pages, self._size)
        flagged = reading.warnings or any(page.warnings for page in reading.pages)
        document = replace(
            blank,
            kind=reading.kind,
            status="indexed_with_warnings" if flagged else "indexed",
            pages=len(reading.pages),
            passages=len(passages),
            warnings=reading.warnings,
        )
        vectors = self._embed(passages, report, stop)
        heed(stop)
        report("save", None)
        self._originals.put(document.id)
        document = self._store.add(document, reading.pages, passages, vectors, original=original)
        self._indexes.refresh(document.owner)
        return document

    def _read(self, original: Path, name: str, report: Progress, stop: Event | None) -> Reading:
        report("read", None)
        while not self._reading.acquire(timeout=0.1):
            heed(stop)
        try:
            return readers.read(
                original,
                name,
                self._limits,
                progress=lambda done, total: report("read", done / total if total else None),
                stop=stop,
            )
        finally:
            self._reading.release()

    def _embed(self, passages: Sequence[Passage], report: Progress, stop: Event | None) -> tuple[int, Vectors] | None:
        if self._embedder is None or self._embedder_id is None:
            return None
        texts = [indexed_text(passage.heading, passage.text) for passage in passages]
        report("embed", 0.0)
        vectors = self._embedder.passages(texts, progress=lambda done, total: report("embed", done / total), stop=stop)
        return self._embedder_id, vectors


def _further(progress: Callable[[int, int], None], before: int, total: int, done: int, _: int) -> None:
    """Of a batch `done`, `before` it others."""
    progress(before + done, max(total, before + done))
