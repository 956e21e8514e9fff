"""What becomes of documents with rows that the disk has damaged."""

import logging
from collections.abc import Mapping, Sequence

from chatbot.common.database.base import Transaction
from chatbot.common.rejected import REASONS

DAMAGED = "damaged_here"  # a key of `REASONS`
WHOSE = {
    "documents": "SELECT id FROM documents WHERE rowid = ?",
    "pages": "SELECT document FROM pages WHERE rowid = ?",
    "passages": "SELECT document FROM passages WHERE rowid = ?",
    "vectors": "SELECT document FROM passages WHERE id = ?",
}
"""The document of a damaged row, of each table that is sealed."""

log = logging.getLogger(__name__)


def set_aside(database: Transaction, damaged: Mapping[str, Sequence[int]]) -> list[str]:
    """Reject the documents of these rows, so that nothing is answered from them. Returns their owners."""
    rows = [(table, row) for table, found in damaged.items() for row in found]
    ids = {id for table, row in rows for (id,) in database.execute(WHOSE[table], (row,)).fetchall()}
    return [owner for id in sorted(ids) for owner in _rejected(database, id)]


def _rejected(database: Transaction, id: str) -> list[str]:
    """Its owner; none where the document's own row is no more."""
    log.error("The document %s is damaged in the database", id)
    for table in ("pages", "passages"):
        database.execute(f"DELETE FROM {table} WHERE document = ?", (id,))  # noqa: S608
    found = database.execute("SELECT name, owner FROM documents WHERE id = ?", (id,)).fetchall()
    for name, _ in found:
        database.execute(
            "UPDATE documents SET status = 'rejected', pages = 0, passages = 0, warnings = '[]', reason = ?, code = ? "
            "WHERE id = ?",
            (REASONS[DAMAGED].format(name=name), DAMAGED, id),
        )
    return [owner for _, owner in found]
