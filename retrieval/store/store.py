"""Documents, pages, passages and their vectors, each document in one transaction under its owner.

Every query names the owner, or whoever wants to read; what they may not see is `NotFound`, as if it did not exist.
A change to an owner's documents raises that owner's generation, by which caches know that they are old.
"""

import math
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from chatbot.common.database.door import Place, opened
from chatbot.common.disk import ASIDE
from chatbot.common.errors import StoreError
from retrieval.store import rows as stored_rows
from retrieval.store.collections import READABLE, Collections, allowed, no_document, still
from retrieval.store.damaged import DAMAGED, set_aside
from retrieval.store.database import SCHEMA
from retrieval.store.indexed import Cache, Home, Stretch, indexed_text, next_generation
from retrieval.store.kept import ABANDONED
from retrieval.types import Document, Page, Passage

Vectors = npt.NDArray[np.float32]

_DOCUMENT = f"SELECT {stored_rows.COLUMNS} FROM documents d WHERE "  # noqa: S608
DOCUMENTS = _DOCUMENT + "owner = ? "
OURS = re.compile(rf"[0-9a-f]{{32}}(\.part)?|{re.escape(ASIDE)}[0-9a-f]{{16}}")  # .part: by earlier versions
_KEPT = "(status != 'rejected' OR code = ?)"  # those with an original
MOST = 500  # ids in one query
_UNINDEXED = READABLE.replace("d.owner", "d.owner || ''").replace("d.collection", "d.collection || ''")
PASSAGES = (
    'SELECT p.page, p.start, p."end", p.text, p.heading, p.position, p.document, p.id, p.tables '  # noqa: S608
    f"FROM passages p JOIN documents d ON d.id = p.document WHERE {_UNINDEXED} "
)
"""The text that is added keeps SQLite from going through all that the owner has: 13 ms of a search among 100,000 passages."""


class Store:
    """The library's tables, by owner; safe to use from any thread. What returns is on disk. Raises as `Database` does."""

    def __init__(self, place: Place) -> None:
        self._database = opened(place, SCHEMA)
        self._read = self._database.read
        self._writing = self._database.writing
        self.collections = Collections(self._database)
        self.purge = self._database.purge
        self.close = self._database.close
        if any(self._database.damaged.values()):
            with self._writing() as database:
                for owner in set_aside(database, self._database.damaged):
                    next_generation(database, owner)

    # Documents

    def documents(self, owner: str) -> list[Document]:
        """The latest first."""
        rows = self._read(DOCUMENTS + "ORDER BY created DESC, id DESC", (owner,))
        return [stored_rows.document(row) for row in rows]

    def document(self, who: str, id: str) -> Document:
        rows = self._read(f"{_DOCUMENT}{READABLE} AND id = ?", (*allowed(who), id))
        if not rows:
            raise no_document()
        return stored_rows.document(rows[0])

    def same_file(self, owner: str, sha256: str) -> Document | None:
        rows = self._read(DOCUMENTS + "AND sha256 = ?", (owner, sha256))
        return stored_rows.document(rows[0]) if rows else None

    def pages(self, who: str, id: str) -> list[Page]:
        """Without their `blocks`, which only the splitter needs."""
        self.document(who, id)
        rows = self._read(
            "SELECT number, label, p.text, p.warnings FROM pages p JOIN documents d ON d.id = p.document WHERE "  # noqa: S608
            + READABLE
            + " AND d.id = ? ORDER BY number",
            (*allowed(who), id),
        )
        return [Page(number, text, label, stored_rows.flags(warnings)) for number, label, text, warnings in rows]

    def passages(self, who: str, id: str) -> list[Passage]:
        self.document(who, id)
        rows = self._read(PASSAGES + "AND d.id = ? ORDER BY p.position", (*allowed(who), id))
        return [stored_rows.passage(row) for row in rows]

    def passages_by_id(self, who: str, ids: Sequence[int]) -> dict[int, Passage]:
        """Those of `ids` that one may read, and that are still there."""
        named = f"AND p.id IN ({', '.join('?' * len(ids)) or 'NULL'})"
        rows = self._read(PASSAGES + named, (*allowed(who), *ids))
        return {int(row[7]): stored_rows.passage(row) for row in rows}

    def add(
        self,
        document: Document,
        pages: Iterable[Page] = (),
        passages: Sequence[Passage] = (),
        vectors: tuple[int, Vectors] | None = None,
        *,
        original: Path | None = None,
    ) -> Document:
        """Everything of one document, or nothing. `vectors` are the embedder's id and float32 [passages, dimension].

        Where the owner has the same file already, that document is returned and nothing is added. A rejected one gives
        way. Raises `StoreError` when the `original` has vanished.
        """
        with self._writing() as database:
            known = database.execute(DOCUMENTS + "AND sha256 = ?", (document.owner, document.sha256)).fetchone()
            if known and stored_rows.document(known).status != "rejected":
                return stored_rows.document(known)
            if known:
                database.execute(
                    "DELETE FROM documents WHERE owner = ? AND sha256 = ?", (document.owner, document.sha256)
                )
            if original is not None and not original.is_file():
                raise StoreError(
                    "The file vanished while it was being indexed. Please add it again.", kind="file_vanished"
                )
            document = replace(document, collection=still(database, document.owner, document.collection))
            stored_rows.insert(database, document, pages, passages, vectors)
            next_generation(database, document.owner)
        return document

    def rename(self, owner: str, id: str, name: str) -> None:
        with self._writing() as database:
            changed = database.execute("UPDATE documents SET name = ? WHERE owner = ? AND id = ?", (name, owner, id))
            if not changed.rowcount:
                raise no_document()

    def remove(self, owner: str, id: str) -> list[str]:
        """Delete a document, and forget the owner's caches, which hold its words. Returns the caches' files."""
        with self._writing() as database:
            if not database.execute("DELETE FROM documents WHERE owner = ? AND id = ?", (owner, id)).rowcount:
                raise no_document()
            files = database.execute("DELETE FROM caches WHERE owner = ? RETURNING file", (owner,)).fetchall()
            next_generation(database, owner)
        return [file for (file,) in files]

    def damaged(self) -> list[Document]:
        """Of all owners, those that were set aside when the database was opened: their originals are there still."""
        rows = self._read(DOCUMENTS.replace("owner = ?", "code = ?"), (DAMAGED,))
        return [stored_rows.document(row) for row in rows]

    # What indexes are made of

    def generation(self, owner: str) -> int:
        rows = self._read("SELECT generation FROM owners WHERE owner = ?", (owner,))
        return int(rows[0][0]) if rows else 0

    def stretches(self, home: Home) -> tuple[int, dict[str, Stretch]]:
        """The owner's generation, and where the passages of each document stand, in order of their ids."""
        generation = self.generation(home.owner)
        within = "AND d.collection = ? " if home.collection else ""
        rows = self._read(
            "SELECT o.generation, d.id, min(p.id), count(*) FROM owners o JOIN documents d ON d.owner = o.owner "  # noqa: S608
            "JOIN passages p ON p.document = d.id WHERE o.owner = ? "
            + within
            + "GROUP BY o.generation, d.id ORDER BY min(p.id)",
            (home.owner, home.collection) if within else (home.owner,),
        )
        return (rows[0][0] if rows else generation), {id: Stretch(at, n) for _, id, at, n in rows}

    def contents(self, owner: str, stretch: Stretch, embedder: int | None) -> tuple[list[str], Vectors | None] | None:
        """What is indexed of the passages there: their texts, and float32 [passages, dimension] if `embedder` is given.

        None when the document was removed meanwhile. Raises `StoreError` unless every vector is the embedder's.
        """
        rows = self._read(
            "SELECT p.heading, p.text, v.vector FROM passages p JOIN documents d ON d.id = p.document "
            "LEFT JOIN vectors v ON v.passage = p.id AND v.embedder = ? "
            "WHERE d.owner = ? AND p.id BETWEEN ? AND ? ORDER BY p.id",
            (embedder, owner, stretch.first, stretch.first + stretch.count - 1),
        )
        if len(rows) != stretch.count:
            return None
        texts = [indexed_text(heading, text) for heading, text, _ in rows]
        if embedder is None:
            return texts, None
        if any(row[2] is None for row in rows):
            raise StoreError(
                "Some passages have no vector of the embedder in use. Restart Banyan to embed them again.",
                kind="vectors_missing",
            )
        return texts, np.frombuffer(b"".join(row[2] for row in rows), "<f4").reshape(len(rows), -1)

    def embedder(self, fingerprint: str, name: str, dimension: int) -> int:
        """The id under which this embedder's vectors are kept."""
        with self._writing() as database:
            database.execute(
                "INSERT INTO embedders (fingerprint, name, dimension) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                (fingerprint, name, dimension),
            )
            found = database.execute("SELECT id FROM embedders WHERE fingerprint = ?", (fingerprint,)).fetchone()
        return int(found[0])

    def unembedded(self, embedder: int) -> int:
        """How many passages, of all owners, have no vector of this embedder."""
        rows = self._read(
            "SELECT count(*) FROM passages WHERE id NOT IN (SELECT passage FROM vectors WHERE embedder = ?)",
            (embedder,),
        )
        return int(rows[0][0])

    def next_unembedded(self, embedder: int, after: int, limit: int) -> list[tuple[int, str]]:
        """(id, what is embedded) of passages above `after` that have no vector of this embedder, of all owners."""
        rows = self._read(
            "SELECT p.id, p.heading, p.text FROM passages p LEFT JOIN vectors v ON v.passage = p.id "
            "WHERE p.id > ? AND (v.embedder IS NULL OR v.embedder <> ?) ORDER BY p.id LIMIT ?",
            (after, embedder, limit),
        )
        return [(id, indexed_text(heading, text)) for id, heading, text in rows]

    def put_vectors(self, embedder: int, ids: Sequence[int], vectors: Vectors) -> None:
        """In place of those of another embedder. Passages that were removed meanwhile are passed over."""
        with self._writing() as database:
            database.executemany(
                "INSERT INTO vectors SELECT id, ?, ? FROM passages WHERE id = ? "
                "ON CONFLICT (passage) DO UPDATE SET embedder = excluded.embedder, vector = excluded.vector",
                [(embedder, v.astype("<f4").tobytes(), id) for id, v in zip(ids, vectors, strict=True)],
            )

    # Caches

    def caches(self, owner: str) -> dict[str, Cache]:
        rows = self._read("SELECT part, file, generation, rows, sha256, embedder FROM caches WHERE owner = ?", (owner,))
        return {row[0]: Cache(*row[1:]) for row in rows}

    def set_caches(self, owner: str, caches: Mapping[str, Cache]) -> bool:
        """Remember the caches, unless the owner's documents have changed since; says whether it did."""
        with self._writing() as database:
            row = database.execute("SELECT generation FROM owners WHERE owner = ?", (owner,)).fetchone()
            if not row or any(cache.generation != row[0] for cache in caches.values()):
                return False
            database.execute("DELETE FROM caches WHERE owner = ?", (owner,))
            for part, c in caches.items():
                database.execute(
                    "INSERT INTO caches VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (owner, part, c.file, c.generation, c.rows, c.sha256, c.embedder),
                )
        return True

    def owned(self, ids: Collection[str]) -> set[str]:
        """Those of `ids` that are documents whose original is kept."""
        known = list(ids)
        found: set[str] = set()
        for at in range(0, len(known), MOST):
            some = known[at : at + MOST]
            marks = ", ".join("?" * len(some))
            rows = self._read(f"SELECT id FROM documents WHERE {_KEPT} AND id IN ({marks})", (DAMAGED, *some))  # noqa: S608
            found |= {id for (id,) in rows}
        return found

    def sweep(self, files: Path, index: Path) -> None:
        """Delete files of ours that no document and no cache owns: what a killed process left. No other process can commit
        meanwhile; where others work on the same files, what is younger than `ABANDONED` may become theirs."""
        before = self._database.now() - ABANDONED if self._database.shared else math.inf
        with self._writing() as database:
            kept = {
                row[0]
                for row in database.execute(f"SELECT id FROM documents WHERE {_KEPT}", (DAMAGED,))  # noqa: S608
            }
            kept |= {row[0] for row in database.execute("SELECT file FROM caches")}
            for path in [*files.iterdir(), *index.iterdir()]:
                if path.name not in kept and OURS.fullmatch(path.name) and path.stat().st_mtime < before:
                    path.unlink()
