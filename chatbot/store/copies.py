"""Whole conversations as texts, which browsers keep for a server that forgets, and bring back to it."""

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, TypeAdapter, ValidationError

from chatbot.common.database.base import Transaction
from chatbot.common.errors import InputError
from chatbot.store.conversations import MOST
from chatbot.store.prompts import Prompts
from chatbot.types import alike

MOST_CHARACTERS = 8_000_000  # of an owner's turns in all; browsers keep some five million for one address
_LATEST = 2.0**32  # seconds since 1970: a day in the year 2106, which every platform can show


def _storable(text: str) -> str:
    if "\0" in text:
        raise ValueError("a NUL, which no database takes")
    return text


Words = Annotated[str, Field(max_length=1000), AfterValidator(_storable)]
Text = Annotated[str, Field(max_length=MOST_CHARACTERS), AfterValidator(_storable)]
Count = Annotated[int, Field(ge=0, le=2**40)]
Time = Annotated[float, Field(ge=0, le=_LATEST, allow_inf_nan=False)]


@dataclass(frozen=True, slots=True)
class SavedTurn:
    """`parent`: the place in `turns` of what stands before it."""

    parent: Count | None
    role: Literal["user", "assistant"]
    content: Text
    created: Time
    finish: Words | None
    model: Words | None
    adapter: Words | None
    tokens: Count | None
    seconds: Time | None
    liked: Annotated[int, Field(ge=0, le=1)] | None
    better: Text | None


@dataclass(frozen=True, slots=True)
class Copy:
    """A conversation with all its branches, the earlier turns first. `leaf`: the place of the open path's end."""

    id: Annotated[str, Field(pattern="^[A-Za-z0-9_-]{8,64}$")]
    title: Words
    system_prompt: Text
    adapter: Words | None
    folder: Words
    pinned: bool
    created: Time
    updated: Time
    leaf: Count | None
    turns: tuple[SavedTurn, ...]

    @property
    def text(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":"))

    @property
    def mark(self) -> str:
        """Another one once anything in it is."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:32]

    @property
    def said(self) -> list[tuple[int | None, str, str]]:
        return [(turn.parent, turn.role, turn.content) for turn in self.turns]


_COPY = TypeAdapter(Copy)
_OWN = "owner = ? AND deleted IS NULL AND c.id = coalesce(nullif(?, ''), c.id)"

_HEADS = f"""
    SELECT id, title, system_prompt, adapter, folder, pinned, created, updated, leaf FROM conversations AS c
        WHERE {_OWN} ORDER BY updated DESC, id DESC
"""  # noqa: S608
_TURNS = f"""
    SELECT conversation, t.id, parent, role, content, t.created, finish, model, t.adapter, tokens, seconds, liked, better
        FROM turns AS t JOIN conversations AS c ON c.id = conversation WHERE {_OWN} ORDER BY t.id
"""  # noqa: S608


def read(text: bytes) -> Copy:
    """Raises `InputError` for what is no copy."""
    try:
        copy = _COPY.validate_json(text)
    except ValidationError as error:
        raise _unreadable() from error
    places = [-1 if turn.parent is None else turn.parent for turn in copy.turns]
    leaf = -1 if copy.leaf is None else copy.leaf
    if leaf >= len(places) or any(parent >= own for own, parent in enumerate(places)):
        raise _unreadable()
    return copy


class Copies(Prompts):
    """Every query names the owner; what comes back is the owner's who brings it, whosever it was before."""

    def place(self) -> str:
        """What this database is told from another by, also from an emptied one at the same place."""
        with self._writing() as database:
            database.execute(
                "INSERT INTO settings VALUES ('', 'place', ?) ON CONFLICT (owner, name) DO NOTHING",
                (json.dumps(secrets.token_urlsafe(24)),),
            )
        return str(json.loads(self._read("SELECT value FROM settings WHERE owner = '' AND name = 'place'")[0][0]))

    def copies(self, owner: str, id: str = "") -> list[Copy]:
        """All of the owner's, the latest first; or the one of that id, where there is one."""
        heads = self._read(_HEADS, (owner, id))  # first: what they name is among the turns then
        turns: dict[str, dict[int, SavedTurn]] = {}
        places: dict[int, int] = {}
        for conversation, turn, parent, *rest in self._read(_TURNS, (owner, id)):
            known = turns.setdefault(conversation, {})
            places[turn] = len(known)
            known[turn] = SavedTurn(places.get(parent), *rest)
        said = {id: (*known.values(),) for id, known in turns.items()}
        return [
            Copy(id, title, system, adapter, folder, bool(pinned), created, updated, places.get(leaf), said.get(id, ()))
            for id, title, system, adapter, folder, pinned, created, updated, leaf in heads
        ]

    def bring_back(self, owner: str, copy: Copy) -> str:
        """Have the copy among the owner's conversations, and return the id that it has there; empty where the owner has deleted it here.

        One that is there already and says as much, or more, stays; of two that went on differently both do. Raises `InputError`
        where the owner has too much.
        """
        with self._writing() as database:
            there = database.execute("SELECT owner, deleted FROM conversations WHERE id = ?", (copy.id,)).fetchone()
            if there and there[0] == owner and there[1] is not None:
                return ""
            for mine in self.copies(owner, copy.id):
                if mine.said[: len(copy.said)] == copy.said:
                    return mine.id
                if mine.said == copy.said[: len(mine.said)]:
                    database.execute("DELETE FROM conversations WHERE owner = ? AND id = ?", (owner, copy.id))
                    there = None
            _require_room(database, owner, copy)
            new = replace(copy, id=secrets.token_urlsafe(12)) if there else copy
            _insert(database, owner, new)
        return new.id


def _require_room(database: Transaction, owner: str, copy: Copy) -> None:
    (count,) = database.execute("SELECT count(*) FROM conversations WHERE owner = ?", (owner,)).fetchone()
    (held,) = database.execute(
        "SELECT coalesce(sum(length(content)), 0) FROM turns JOIN conversations AS c ON c.id = conversation WHERE owner = ?",
        (owner,),
    ).fetchone()
    if count >= MOST or held + sum(len(turn.content) for turn in copy.turns) > MOST_CHARACTERS:
        raise InputError("You have too many conversations here already. Delete some first.", kind="copies_full")


def _insert(database: Transaction, owner: str, copy: Copy) -> None:
    database.execute(
        "INSERT INTO conversations (id, owner, title, folded, system_prompt, adapter, created, updated, folder, pinned) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(copy.id, owner, copy.title, alike(copy.title), copy.system_prompt, copy.adapter),
            *(copy.created, copy.updated, copy.folder, int(copy.pinned)),
        ),
    )
    ids: list[int] = []
    for turn in copy.turns:
        ids.append(_insert_turn(database, copy.id, turn, ids))
    leaf = None if copy.leaf is None else ids[copy.leaf]
    database.execute("UPDATE conversations SET leaf = ? WHERE id = ?", (leaf, copy.id))


def _insert_turn(database: Transaction, conversation: str, turn: SavedTurn, ids: Sequence[int]) -> int:
    """`ids` are those of the turns before it."""
    (id,) = database.execute(
        "INSERT INTO turns (conversation, parent, role, content, folded, created, finish, model, adapter, tokens, seconds, liked, "
        "better) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
        (
            *(conversation, None if turn.parent is None else ids[turn.parent], turn.role, turn.content),
            *(alike(turn.content), turn.created, turn.finish, turn.model, turn.adapter, turn.tokens, turn.seconds),
            *(turn.liked, turn.better),
        ),
    ).fetchone()
    return int(id)


def _unreadable() -> InputError:
    return InputError(
        "This copy of a conversation cannot be read; nothing of it was taken. Keep it, or send it again.",
        kind="copy_unreadable",
    )
