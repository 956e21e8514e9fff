"""The tables behind the store: conversations, settings and results. Migrations are only ever appended."""

from chatbot.common.database.base import Database, Schema
from chatbot.types import alike

SCHEMA = Schema(
    "banyan",
    (
        """
    CREATE TABLE conversations (
        id TEXT PRIMARY KEY, owner TEXT NOT NULL, title TEXT NOT NULL, system_prompt TEXT NOT NULL,
        adapter TEXT, created REAL NOT NULL, updated REAL NOT NULL
    ) STRICT;
    CREATE INDEX conversations_of_owner ON conversations (owner, updated DESC);
    CREATE TABLE messages (
        conversation TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
        position INTEGER NOT NULL, role TEXT NOT NULL, content TEXT NOT NULL, created REAL NOT NULL,
        PRIMARY KEY (conversation, position)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE settings (
        owner TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (owner, name)
    ) STRICT, WITHOUT ROWID;
    """,
        """
    CREATE TABLE results (
        id TEXT PRIMARY KEY, owner TEXT NOT NULL, task TEXT NOT NULL, title TEXT NOT NULL, result TEXT NOT NULL,
        created REAL NOT NULL
    ) STRICT;
    CREATE INDEX results_of_owner ON results (owner, task, created DESC);
    """,
        """
    ALTER TABLE messages ADD COLUMN finish TEXT;
    """,
        """
    CREATE TABLE turns (
        id INTEGER PRIMARY KEY AUTOINCREMENT, conversation TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
        parent INTEGER, role TEXT NOT NULL, content TEXT NOT NULL, created REAL NOT NULL, finish TEXT,
        model TEXT, adapter TEXT, tokens INTEGER, seconds REAL, liked INTEGER, better TEXT
    ) STRICT;
    INSERT INTO turns (conversation, role, content, created, finish)
        SELECT conversation, role, content, created, finish FROM messages ORDER BY conversation, position;
    CREATE INDEX turns_of_conversation ON turns (conversation);
    UPDATE turns SET parent =
        (SELECT max(id) FROM turns AS earlier WHERE earlier.conversation = turns.conversation AND earlier.id < turns.id);
    CREATE INDEX turns_of_parent ON turns (conversation, parent);
    DROP TABLE messages;
    ALTER TABLE conversations ADD COLUMN leaf INTEGER;
    UPDATE conversations SET leaf = (SELECT max(id) FROM turns WHERE conversation = conversations.id);
    ALTER TABLE conversations ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE conversations ADD COLUMN deleted REAL;
    """,
        """
    ALTER TABLE conversations ADD COLUMN folded TEXT;
    ALTER TABLE turns ADD COLUMN folded TEXT;
    """,
        """
    CREATE TABLE prompts (
        id TEXT PRIMARY KEY, owner TEXT NOT NULL, name TEXT NOT NULL, words TEXT NOT NULL, UNIQUE (owner, name)
    ) STRICT;
    """,
        """
    ALTER TABLE conversations ADD COLUMN folder TEXT NOT NULL DEFAULT '';
    """,
        """
    CREATE TABLE stops (
        owner TEXT NOT NULL, run TEXT NOT NULL, at REAL NOT NULL, PRIMARY KEY (owner, run)
    ) STRICT, WITHOUT ROWID;
    """,
    ),
    sealed=("turns",),
)

FOLDED = 500  # rows that are folded between two commits


def fold(database: Database) -> None:
    """What is searched in rows of before there was a column for it: titles and turns, as `alike` makes them."""
    for table, column in (("conversations", "title"), ("turns", "content")):
        while rows := database.read(
            f"SELECT id, {column} FROM {table} WHERE folded IS NULL LIMIT ?",  # noqa: S608
            (FOLDED,),
        ):
            with database.writing() as transaction:
                for id, text in rows:
                    transaction.execute(f"UPDATE {table} SET folded = ? WHERE id = ?", (alike(text), id))  # noqa: S608
