"""The library's tables, by numbered migrations, which are only ever appended."""

from chatbot.common.database.base import Schema

SCHEMA = Schema(
    "library",
    (
        """
    CREATE TABLE owners (owner TEXT PRIMARY KEY, generation INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE documents (
        id TEXT PRIMARY KEY, owner TEXT NOT NULL, name TEXT NOT NULL, kind TEXT, size INTEGER NOT NULL,
        sha256 TEXT NOT NULL, status TEXT NOT NULL, pages INTEGER NOT NULL, passages INTEGER NOT NULL,
        warnings TEXT NOT NULL, reason TEXT NOT NULL, code TEXT NOT NULL, created REAL NOT NULL,
        UNIQUE (owner, sha256)
    ) STRICT;
    CREATE TABLE pages (
        document TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
        number INTEGER NOT NULL, label TEXT NOT NULL, text TEXT NOT NULL, warnings TEXT NOT NULL,
        PRIMARY KEY (document, number)
    ) STRICT;
    CREATE TABLE passages (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        document TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
        position INTEGER NOT NULL, page INTEGER NOT NULL, start INTEGER NOT NULL, "end" INTEGER NOT NULL,
        text TEXT NOT NULL, heading TEXT NOT NULL,
        UNIQUE (document, position)
    ) STRICT;
    CREATE TABLE embedders (
        id INTEGER PRIMARY KEY, fingerprint TEXT NOT NULL UNIQUE, name TEXT NOT NULL, dimension INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE vectors (
        passage INTEGER PRIMARY KEY REFERENCES passages (id) ON DELETE CASCADE,
        embedder INTEGER NOT NULL REFERENCES embedders (id), vector BLOB NOT NULL
    ) STRICT;
    CREATE INDEX vectors_of_embedder ON vectors (embedder);
    CREATE TABLE caches (
        owner TEXT NOT NULL, part TEXT NOT NULL, file TEXT NOT NULL, generation INTEGER NOT NULL,
        rows INTEGER NOT NULL, sha256 TEXT NOT NULL, embedder INTEGER,
        PRIMARY KEY (owner, part)
    ) STRICT, WITHOUT ROWID;
    """,
        "ALTER TABLE passages ADD COLUMN tables TEXT NOT NULL DEFAULT '[]';",
        """
    CREATE TABLE collections (
        id TEXT PRIMARY KEY, owner TEXT NOT NULL, name TEXT NOT NULL, created REAL NOT NULL, UNIQUE (owner, name)
    ) STRICT;
    CREATE TABLE readers (
        collection TEXT NOT NULL REFERENCES collections (id) ON DELETE CASCADE, reader TEXT NOT NULL,
        PRIMARY KEY (collection, reader)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX collections_of_reader ON readers (reader);
    ALTER TABLE documents ADD COLUMN collection TEXT REFERENCES collections (id);
    CREATE INDEX documents_of_collection ON documents (collection);
    """,
    ),
    sealed=("documents", "pages", "passages", "vectors"),
)
