"""The rows that one document becomes in the database, and back."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt

from chatbot.common.database.base import Transaction
from retrieval.types import Document, Flag, Page, Passage, Row, Table

COLUMNS = "id, owner, name, kind, size, sha256, status, pages, passages, warnings, reason, code, created, collection"
"""Of a document, in the order of the type."""


def insert(
    database: Transaction,
    document: Document,
    pages: Iterable[Page],
    passages: Sequence[Passage],
    vectors: tuple[int, npt.NDArray[np.float32]] | None,
) -> None:
    """The document with everything of it. `vectors` are the embedder's id and float32 [passages, dimension]."""
    database.execute(
        f"INSERT INTO documents ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
        _row(document),
    )
    database.executemany(
        "INSERT INTO pages VALUES (?, ?, ?, ?, ?)",
        [(document.id, page.number, page.label, page.text, _json(page.warnings)) for page in pages],
    )
    database.executemany(
        'INSERT INTO passages (document, position, page, start, "end", text, heading, tables) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
        [
            (document.id, n, p.page, p.start, p.end, p.text, p.heading, _tables(p.tables))
            for n, p in enumerate(passages)
        ],
    )
    if vectors is not None and passages:
        (first,) = database.execute(
            "SELECT id FROM passages WHERE document = ? AND position = 0", (document.id,)
        ).fetchone()
        embedder, rows = vectors
        database.executemany(
            "INSERT INTO vectors VALUES (?, ?, ?)",
            [(first + n, embedder, row.astype("<f4").tobytes()) for n, row in enumerate(rows)],
        )


def document(row: Sequence[Any]) -> Document:
    """Of `COLUMNS`."""
    id, owner, name, kind, size, sha256, status, pages, passages, warnings, reason, code, created, collection = row
    told, within = flags(warnings), collection or ""
    return Document(id, owner, name, kind, size, sha256, status, pages, passages, told, reason, code, created, within)


def passage(row: Sequence[Any]) -> Passage:
    """Of the columns in the order of the type."""
    page, start, end, text, heading, position, document, id, tables = row
    read = tuple(_table(columns, rows) for columns, rows in json.loads(tables))
    return Passage(page, start, end, text, heading, position, document, id, read)


def _table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Table:
    return Table(tuple(columns), tuple(Row(start, end, tuple(cells), under) for start, end, cells, under in rows))


def _tables(tables: Iterable[Table]) -> str:
    made = [(table.columns, [(row.start, row.end, row.cells, row.under) for row in table.rows]) for table in tables]
    return json.dumps(made, ensure_ascii=False, separators=(",", ":"))


def _row(d: Document) -> tuple[object, ...]:
    facts = (d.id, d.owner, d.name, d.kind, d.size, d.sha256, d.status, d.pages, d.passages)
    return (*facts, _json(d.warnings), d.reason, d.code, d.created, d.collection or None)


def _json(found: Iterable[Flag]) -> str:
    return json.dumps([asdict(flag) for flag in found])


def flags(text: str) -> tuple[Flag, ...]:
    return tuple(Flag(**flag) for flag in json.loads(text))
