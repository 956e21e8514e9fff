"""Collections: documents of one owner that belong together, whom else their owner lets read them, and who may read what.

Whoever may read a collection may look at its documents and ask them, and change nothing. What somebody may not read is
`NotFound`, as if it did not exist.
"""

import secrets
from collections.abc import Collection as Some
from collections.abc import Iterable, Sequence
from dataclasses import replace

from chatbot.common.database.base import Database, Transaction
from chatbot.common.errors import InputError, NotFound
from chatbot.common.rejected import shown
from retrieval.store import rows
from retrieval.store.indexed import Home, next_generation
from retrieval.types import EVERYBODY, Collection, Document

MOST = 100
"""Collections of one owner: more than fit into a menu that is read, and few enough that none is needed to find one."""
SIGNED_IN = "user:"  # begins the owners who have signed in: see `chatbot.access.owner`
READABLE = "(d.owner = ? OR d.collection IN (SELECT collection FROM readers WHERE reader IN (?, ?)))"
"""Of a document `d`: whether the one that `allowed` was asked for may read it."""
_MAY = "(c.owner = ? OR c.id IN (SELECT collection FROM readers WHERE reader IN (?, ?)))"
_COUNTED = "(SELECT count(*) FROM documents d WHERE d.collection = c.id)"
_COLLECTIONS = f"SELECT c.id, c.owner, c.name, {_COUNTED}, c.created FROM collections c WHERE {_MAY} "  # noqa: S608
_READERS = "SELECT collection, reader FROM readers WHERE collection IN (SELECT id FROM collections WHERE owner = ?) ORDER BY reader"
_DOCUMENTS = f"SELECT {rows.COLUMNS} FROM documents d WHERE {READABLE} AND collection = ? "  # noqa: S608


def allowed(who: str) -> tuple[str, str, str]:
    """The values of `READABLE`."""
    return who, who, EVERYBODY if who.startswith(SIGNED_IN) else who


class Collections:
    """Safe to use from any thread. What returns is on disk. Raises as `Database` does."""

    def __init__(self, database: Database) -> None:
        self._read, self._writing = database.read, database.writing
        self._now = database.now

    def of(self, who: str) -> list[Collection]:
        """One's own, then those that others let one read, each by name."""
        readers: dict[str, list[str]] = {}
        for id, reader in self._read(_READERS, (who,)):
            readers.setdefault(id, []).append(reader)
        found = [
            Collection(id, owner, name, count, tuple(readers.get(id, ())), created)
            for id, owner, name, count, created in self._read(_COLLECTIONS, allowed(who))
        ]
        return sorted(found, key=lambda one: (one.owner != who, one.name.casefold(), one.id))

    def named(self, who: str, name: str) -> Collection:
        """By its id, or by the name of one of one's own. Raises `NotFound`."""
        known = self.of(who)
        for one in known:
            if one.id == name or (one.owner == who and one.name == name):
                return one
        raise _missing()

    def made(self, owner: str, name: str) -> Collection:
        """The owner's collection of that id or name, which is made where there is none."""
        own = (one for one in self.of(owner) if one.owner == owner and name in (one.id, one.name))
        return next(own, None) or self.create(owner, name)

    def owned(self, owner: str, id: str) -> Collection:
        """Raises `NotFound`."""
        for one in self.of(owner):
            if one.id == id and one.owner == owner:
                return one
        raise _missing()

    def documents(self, who: str, id: str) -> list[Document]:
        """What is in it, the latest first. Raises `NotFound`."""
        if not self._read(_COLLECTIONS + "AND c.id = ?", (*allowed(who), id)):
            raise _missing()
        found = self._read(_DOCUMENTS + "ORDER BY created DESC, id DESC", (*allowed(who), id))
        return [rows.document(row) for row in found]

    def home(self, who: str, documents: Sequence[str]) -> Home:
        """The index that holds all of these. Raises `NotFound`, and `InputError` for documents of several people."""
        ids = dict.fromkeys(documents)
        marks = ", ".join("?" * len(ids)) or "NULL"
        found = self._read(
            f"SELECT d.owner, d.collection FROM documents d WHERE {READABLE} AND d.id IN ({marks})",  # noqa: S608
            (*allowed(who), *ids),
        )
        if len(found) < len(ids):
            raise no_document()
        homes = {Home(who) if owner == who else Home(owner, collection) for owner, collection in found} or {Home(who)}
        if len(homes) > 1:
            raise InputError(
                "Ask your own documents or one collection of somebody else's at a time.", kind="mixed_documents"
            )
        return homes.pop()

    def create(self, owner: str, name: str) -> Collection:
        """Raises `InputError` for a name that is none, or is taken, and where there are `MOST` already."""
        made = Collection(secrets.token_hex(16), owner, _named(name), created=self._now())
        with self._writing() as database:
            (count,) = database.execute("SELECT count(*) FROM collections WHERE owner = ?", (owner,)).fetchone()
            if count >= MOST:
                raise InputError(
                    f"There are {MOST} collections already. Remove one first.", kind="collections_full", most=MOST
                )
            _require_free(database, made)
            database.execute("INSERT INTO collections VALUES (?, ?, ?, ?)", (made.id, owner, made.name, made.created))
        return made

    def rename(self, owner: str, id: str, name: str) -> None:
        with self._writing() as database:
            one = _own(database, owner, id)
            _require_free(database, replace(one, name=_named(name)))
            database.execute("UPDATE collections SET name = ? WHERE owner = ? AND id = ?", (_named(name), owner, id))

    def remove(self, owner: str, id: str) -> None:
        """Its documents stay, in none."""
        with self._writing() as database:
            _own(database, owner, id)
            database.execute("UPDATE documents SET collection = NULL WHERE owner = ? AND collection = ?", (owner, id))
            database.execute("DELETE FROM collections WHERE owner = ? AND id = ?", (owner, id))
            next_generation(database, owner)

    def share(self, owner: str, id: str, readers: Some[str]) -> None:
        """Let these read it and nobody else: owners, or `EVERYBODY` who signs in."""
        with self._writing() as database:
            _own(database, owner, id)
            database.execute("DELETE FROM readers WHERE collection = ?", (id,))
            database.executemany("INSERT INTO readers VALUES (?, ?)", _pairs(id, readers))

    def put(self, owner: str, document: str, id: str) -> None:
        """Move the document into the collection; out of any where `id` is empty. Raises `NotFound`."""
        with self._writing() as database:
            if id:
                _own(database, owner, id)
            moved = database.execute(
                "UPDATE documents SET collection = ? WHERE owner = ? AND id = ?", (id or None, owner, document)
            )
            if not moved.rowcount:
                raise no_document()
            next_generation(database, owner)


def still(database: Transaction, owner: str, id: str) -> str:
    """The id, as long as there is such a collection of the owner's; empty when it has gone meanwhile."""
    found = database.execute("SELECT id FROM collections WHERE owner = ? AND id = ?", (owner, id)).fetchone()
    return str(found[0]) if found else ""


def _pairs(id: str, readers: Iterable[str]) -> list[tuple[str, str]]:
    return [(id, reader) for reader in sorted(set(readers))]


def _own(database: Transaction, owner: str, id: str) -> Collection:
    row = database.execute("SELECT name, created FROM collections WHERE owner = ? AND id = ?", (owner, id)).fetchone()
    if not row:
        raise _missing()
    return Collection(id, owner, row[0], created=row[1])


def _require_free(database: Transaction, one: Collection) -> None:
    taken = "SELECT 1 FROM collections WHERE owner = ? AND name = ? AND id <> ?"
    if database.execute(taken, (one.owner, one.name, one.id)).fetchone():
        raise InputError(f"There is a collection named {one.name} already.", kind="collection_taken", name=one.name)


def _named(name: str) -> str:
    if not name.strip():
        raise InputError("A collection needs a name.", kind="collection_name")
    return shown(name)


def _missing() -> NotFound:
    return NotFound(
        "There is no such collection. It may have been removed, or is no longer shared with you.", kind="no_collection"
    )


def no_document() -> NotFound:
    return NotFound("There is no such document. It may have been removed in another window.", kind="no_document")
