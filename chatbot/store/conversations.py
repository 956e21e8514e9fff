"""Conversations: trees of turns, of which one path is open.

Editing and regenerating grow a branch and destroy nothing; the other branches are reached by `step`.
"""

import secrets

from chatbot.common.database.base import Transaction
from chatbot.common.database.door import Place, opened
from chatbot.common.errors import NotFound, StoreError
from chatbot.store.database import SCHEMA, fold
from chatbot.store.values import By, Conversation, Heading, Turn
from chatbot.types import FinishReason, Message, Role, alike

MOST = 1000  # conversations that are listed
UNDO = 600.0  # seconds in which what was deleted can be brought back; then it is gone
_AROUND = 40  # characters before and behind what was searched for

_PATH = """
    WITH RECURSIVE path (id, parent, depth) AS (
        SELECT turns.id, parent, 0 FROM turns JOIN conversations ON turns.conversation = conversations.id
            WHERE turns.id = coalesce(?, leaf) AND turns.conversation = ? AND owner = ? AND deleted IS NULL
        UNION ALL SELECT turns.id, turns.parent, depth + 1 FROM turns JOIN path ON turns.id = path.parent
    )
"""  # the end of the path (None: of the open one), the conversation, the owner
_BESIDE = (
    "other.conversation = t.conversation AND (other.parent = t.parent OR (other.parent IS NULL AND t.parent IS NULL))"
)
_SIBLINGS = f"FROM turns AS other WHERE {_BESIDE}"
_TURNS = f"""{_PATH}
    SELECT t.id, role, content, finish, model, adapter, tokens, seconds, liked, better,
        (SELECT count(*) {_SIBLINGS} AND other.id <= t.id), (SELECT count(*) {_SIBLINGS})
    FROM path JOIN turns AS t ON t.id = path.id ORDER BY depth DESC
"""  # noqa: S608

DAMAGED = "⚠ The disk has damaged what stood here. 此处的内容在磁盘上已损坏。 El disco ha dañado lo que había aquí."
"""In place of a message: it is read in whatever language the page has then."""


class Conversations:
    """Safe to use from any thread. What returns is on disk. Raises as `Database` does.

    Every query names the owner; what belongs to somebody else is `NotFound`, as if it did not exist.
    """

    def __init__(self, place: Place) -> None:
        self._database = opened(place, SCHEMA)
        for row in self._database.damaged.get("turns", ()):
            with self._database.writing() as database:
                database.execute(
                    "UPDATE turns SET content = ?, better = NULL, liked = NULL WHERE id = ?", (DAMAGED, row)
                )
        self._read, self._writing, self._now = self._database.read, self._database.writing, self._database.now
        self.close = self._database.close
        fold(self._database)
        self.purge()

    def conversations(self, owner: str, limit: int = MOST, *, folder: str = "") -> list[Heading]:
        """The owner's conversations, only those of `folder` where one is named, the latest first."""
        rows = self._read(
            "SELECT id, title, updated, pinned, folder FROM conversations WHERE owner = ? AND deleted IS NULL "
            "AND folder = coalesce(nullif(?, ''), folder) ORDER BY updated DESC, id DESC LIMIT ?",
            (owner, folder, limit),
        )
        return [Heading(id, title, at, bool(pinned), folder=of) for id, title, at, pinned, of in rows]

    def folders(self, owner: str) -> dict[str, int]:
        """The owner's folders by name, with how many conversations each has. One without any is none."""
        rows = self._read(
            "SELECT folder, count(*) FROM conversations WHERE owner = ? AND deleted IS NULL AND folder <> '' GROUP BY folder",
            (owner,),
        )
        return dict(sorted(rows, key=lambda row: alike(row[0])))

    def count(self, owner: str) -> int:
        """How many of them there are."""
        ((count,),) = self._read("SELECT count(*) FROM conversations WHERE owner = ? AND deleted IS NULL", (owner,))
        return int(count)

    def find(self, owner: str, words: str, limit: int = 100) -> list[Heading]:
        """The owner's conversations with these words in the title or in anything that was said, the latest first."""
        wanted = alike(words)
        rows = self._read(
            "SELECT id, title, updated, pinned, said, folder FROM (SELECT id, title, updated, pinned, folder, folded, "
            "(SELECT content FROM turns WHERE conversation = c.id AND replace(folded, ?, '') <> folded "
            "ORDER BY turns.id LIMIT 1) AS said FROM conversations AS c WHERE owner = ? AND deleted IS NULL) AS own "
            "WHERE said IS NOT NULL OR replace(folded, ?, '') <> folded ORDER BY updated DESC, id DESC LIMIT ?",
            (wanted, owner, wanted, limit),
        )
        return [
            Heading(id, title, at, bool(pinned), _around(said or "", wanted), of)
            for id, title, at, pinned, said, of in rows
        ]

    def conversation(self, owner: str, id: str) -> Conversation:
        rows = self._read(
            "SELECT id, title, system_prompt, adapter, created, updated, folder FROM conversations "
            "WHERE owner = ? AND id = ? AND deleted IS NULL",
            (owner, id),
        )
        if not rows:
            raise _missing()
        id, title, system_prompt, adapter, created, updated, folder = rows[0]
        return Conversation(id, title, system_prompt, adapter, created, updated, self._turns(owner, id), folder)

    def _turns(self, owner: str, id: str, end: int | None = None) -> tuple[Turn, ...]:
        return tuple(_turn(*row) for row in self._read(_TURNS, (end, id, owner)))

    def create(
        self, owner: str, *, title: str, system_prompt: str = "", adapter: str | None = None, folder: str = ""
    ) -> str:
        """Begin a conversation and return its id."""
        id, now = secrets.token_urlsafe(12), self._now()
        with self._writing() as database:
            database.execute(
                "INSERT INTO conversations (id, owner, title, folded, system_prompt, adapter, created, updated, folder) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (id, owner, title, alike(title), system_prompt, adapter, now, now, folder),
            )
        return id

    def append(
        self,
        owner: str,
        id: str,
        message: Message,
        *,
        at: int,
        finish: FinishReason | None = None,
        by: By | None = None,
    ) -> None:
        """Put `message` at position `at` of the open path. What stood there, and what followed it, becomes another branch.

        `finish` says why an answer ended, where it came to its end. Raises `StoreError` when the conversation is shorter than `at`.
        """
        by, now = by or By(), self._now()
        with self._writing() as database:
            path = _path(database, owner, id)
            if at > len(path):
                raise StoreError(
                    "This conversation was changed in another window. Open it again from the list.",
                    kind="conversation_changed",
                )
            said = (message.role, message.content, alike(message.content), now, finish)
            (leaf,) = database.execute(
                "INSERT INTO turns (conversation, parent, role, content, folded, created, finish, model, adapter, tokens, seconds) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
                (id, path[at - 1] if at else None, *said, by.model, by.adapter, by.tokens, by.seconds),
            ).fetchone()
            database.execute("UPDATE conversations SET updated = ?, leaf = ? WHERE id = ?", (now, leaf, id))

    def go_on(self, owner: str, id: str, content: str, *, finish: FinishReason | None, by: By) -> None:
        """The last answer is now `content`; `by` is what was added to it."""
        with self._writing() as database:
            path = _path(database, owner, id)
            database.execute(
                "UPDATE turns SET content = ?, folded = ?, finish = ?, tokens = tokens + ?, seconds = seconds + ? WHERE id = ?",
                (content, alike(content), finish, by.tokens, by.seconds, path[-1] if path else None),
            )
            database.execute("UPDATE conversations SET updated = ? WHERE id = ?", (self._now(), id))

    def truncate(self, owner: str, id: str, length: int) -> None:
        """The open path ends after `length` messages; what followed is a branch."""
        with self._writing() as database:
            path = _path(database, owner, id)[:length]
            database.execute("UPDATE conversations SET leaf = ? WHERE id = ?", (path[-1] if path else None, id))

    def step(self, owner: str, id: str, turn: int, by: int) -> None:
        """Open the branch of what was said in place of `turn`, `by` places on, as far as it went last."""
        with self._writing() as database:
            _path(database, owner, id)
            rows = database.execute(
                f"SELECT other.id FROM turns AS t JOIN turns AS other ON {_BESIDE} "  # noqa: S608
                "WHERE t.conversation = ? AND t.id = ? ORDER BY other.id",
                (id, turn),
            ).fetchall()
            found = [row[0] for row in rows]
            if turn not in found:
                raise _missing()
            leaf = found[min(max(found.index(turn) + by, 0), len(found) - 1)]
            database.execute("UPDATE conversations SET leaf = ? WHERE id = ?", (_last(database, id, leaf), id))

    def rate(self, owner: str, id: str, turn: int, *, liked: bool | None, better: str = "") -> None:
        """What the owner thinks of an answer (None: nothing any more), and what would have been a better one."""
        with self._writing() as database:
            _path(database, owner, id)
            done = database.execute(
                "UPDATE turns SET liked = ?, better = ? WHERE id = ? AND conversation = ? AND role = 'assistant'",
                (None if liked is None else int(liked), better, turn, id),
            )
            if not done.rowcount:
                raise _missing()

    def rename(self, owner: str, id: str, title: str) -> None:
        self._change(owner, id, "title = ?, folded = ?", title, alike(title))

    def move(self, owner: str, id: str, folder: str) -> None:
        """Put it into the folder of that name, or with an empty one into none."""
        self._change(owner, id, "folder = ?", folder)

    def pin(self, owner: str, id: str, pinned: bool) -> None:
        self._change(owner, id, "pinned = ?", int(pinned))

    def configure(self, owner: str, id: str, *, system_prompt: str, adapter: str | None) -> None:
        """Remember the system prompt and adapter in use."""
        self._change(owner, id, "system_prompt = ?, adapter = ?", system_prompt, adapter)

    def _change(self, owner: str, id: str, what: str, *values: object) -> None:
        with self._writing() as database:
            _path(database, owner, id)
            database.execute(f"UPDATE conversations SET {what} WHERE id = ?", (*values, id))  # noqa: S608

    def delete(self, owner: str, id: str) -> None:
        """Take it out of sight; `restore` brings it back for a while."""
        self._change(owner, id, "deleted = ?", self._now())
        self.purge()

    def restore(self, owner: str, id: str) -> None:
        with self._writing() as database:
            if not database.execute(
                "UPDATE conversations SET deleted = NULL WHERE owner = ? AND id = ? AND deleted > ?",
                (owner, id, self._now() - UNDO),
            ).rowcount:
                raise _missing()

    def purge(self) -> None:
        """Remove for good what was deleted longer ago than can be undone."""
        with self._writing() as database:
            database.execute("DELETE FROM conversations WHERE deleted <= ?", (self._now() - UNDO,))


def _path(database: Transaction, owner: str, id: str) -> list[int]:
    """The ids of the open path's turns. Raises `NotFound`."""
    own = "SELECT 1 FROM conversations WHERE owner = ? AND id = ? AND deleted IS NULL"
    if not database.execute(own, (owner, id)).fetchone():
        raise _missing()
    rows = database.execute(f"{_PATH} SELECT id FROM path ORDER BY depth DESC", (None, id, owner)).fetchall()  # noqa: S608
    return [row[0] for row in rows]


def _last(database: Transaction, id: str, leaf: int) -> int:
    """The end of the branch that begins with `leaf`, by what was said last."""
    while row := database.execute(
        "SELECT max(id) FROM turns WHERE conversation = ? AND parent = ? HAVING max(id) IS NOT NULL", (id, leaf)
    ).fetchone():
        leaf = row[0]
    return leaf


def _turn(id: int, role: str, content: str, finish: str | None, *rest: object) -> Turn:
    model, adapter, tokens, seconds, liked, better, place, of = rest
    by = By(str(model or ""), str(adapter or ""), _whole(tokens), float(str(seconds or 0)))
    rated = None if liked is None else bool(liked)
    return Turn(id, Message(_role(role), content), finish, by, _whole(place), _whole(of), rated, str(better or ""))


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0


def _around(text: str, wanted: str) -> str:
    """The words of `text` around what is searched for, on one line."""
    line = " ".join(text.split())
    at = alike(line).find(wanted)
    if at < 0:
        return line[: 2 * _AROUND]
    return ("…" if at > _AROUND else "") + line[max(0, at - _AROUND) : at + len(wanted) + _AROUND]


def _missing() -> NotFound:
    return NotFound(
        "There is no such conversation. It may have been deleted in another window.", kind="no_conversation"
    )


def _role(text: str) -> Role:
    return "assistant" if text == "assistant" else "user"
