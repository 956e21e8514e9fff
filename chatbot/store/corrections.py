"""What an owner thought of answers, as data sets: each answer that was liked, or better said, behind what led to it; and pairs of a
better and a worse answer to the same."""

import json
from dataclasses import dataclass

from chatbot.store.conversations import Conversations
from chatbot.types import Message

MOST = 10_000  # rows of an owner


@dataclass(frozen=True, slots=True)
class Correction:
    """One row to learn from: the talk up to an answer, and that answer as it should be."""

    system_prompt: str
    messages: tuple[Message, ...]

    def as_row(self) -> str:
        """A line of JSON in the `messages` form that fine-tuning reads. The answers on the way, among them those that were called
        bad, have OpenAI's `weight` 0: they are read, and not learnt."""
        system = [Message("system", self.system_prompt)] if self.system_prompt else []
        turns: list[dict[str, object]] = [{"role": m.role, "content": m.content} for m in (*system, *self.messages)]
        for turn in turns[:-1]:
            if turn["role"] == "assistant":
                turn["weight"] = 0
        return json.dumps({"messages": turns}, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Preference:
    """One row to learn from: the talk up to two answers, the better and the worse one."""

    system_prompt: str
    messages: tuple[Message, ...]
    chosen: str
    rejected: str

    def as_row(self) -> str:
        """A line of JSON in the form that TRL and others have for preferences."""
        system = [Message("system", self.system_prompt)] if self.system_prompt else []
        answers = {name: [Message("assistant", getattr(self, name))] for name in ("chosen", "rejected")}
        turns = {"prompt": [*system, *self.messages], **answers}
        plain = {name: [{"role": m.role, "content": m.content} for m in said] for name, said in turns.items()}
        return json.dumps(plain, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Rating:
    """One row to learn from: the talk up to an answer, and whether that was a good one."""

    system_prompt: str
    messages: tuple[Message, ...]
    liked: bool

    def as_row(self) -> str:
        """A line of JSON in the form that TRL and others have for answers called good or bad."""
        system = [Message("system", self.system_prompt)] if self.system_prompt else []
        *prompt, answer = [{"role": m.role, "content": m.content} for m in (*system, *self.messages)]
        return json.dumps({"prompt": prompt, "completion": [answer], "label": self.liked}, ensure_ascii=False)


_THUMBED = "FROM turns JOIN conversations AS c ON c.id = turns.conversation WHERE owner = ? AND deleted IS NULL AND liked IS NOT NULL"
_RATED = (
    "FROM turns JOIN conversations AS c ON c.id = turns.conversation "
    "WHERE owner = ? AND deleted IS NULL AND (liked = 1 OR better <> '')"
)
_PAIRS = """
    FROM (
        SELECT id, conversation, better AS good, content AS bad FROM turns WHERE better <> ''
        UNION SELECT one.id, one.conversation, CASE WHEN one.better <> '' THEN one.better ELSE one.content END, other.content
            FROM turns AS one JOIN turns AS other ON other.conversation = one.conversation AND other.parent = one.parent
            WHERE one.liked = 1 AND other.liked = 0
    ) AS pair JOIN conversations AS c ON c.id = pair.conversation
    WHERE owner = ? AND deleted IS NULL AND trim(good) <> trim(bad)
"""  # an answer and what was written in its place; of several answers to the same, one that was liked and one that was not


class Corrections(Conversations):
    """Rows go with their conversation: what is deleted teaches nobody."""

    def count_corrections(self, owner: str) -> int:
        return int(self._read(f"SELECT count(*) {_RATED}", (owner,))[0][0])

    def corrections(self, owner: str, *, latest: int = 0) -> list[Correction]:
        """The owner's rows, the oldest first; or as many of the `latest`, the newest first."""
        rows = self._read(
            f"SELECT turns.id, c.id, system_prompt, better {_RATED} ORDER BY turns.id {_order(latest)}",
            (owner, latest or MOST),
        )
        return [self._correction(owner, *row) for row in rows]

    def count_preferences(self, owner: str) -> int:
        return int(self._read(f"SELECT count(*) {_PAIRS}", (owner,))[0][0])

    def preferences(self, owner: str, *, latest: int = 0) -> list[Preference]:
        """As `corrections`, the owner's pairs."""
        rows = self._read(
            f"SELECT pair.id, c.id, system_prompt, good, bad {_PAIRS} ORDER BY pair.id {_order(latest)}",
            (owner, latest or MOST),
        )
        return [
            Preference(system, tuple(turn.message for turn in self._turns(owner, id, end=turn_id)[:-1]), good, bad)
            for turn_id, id, system, good, bad in rows
        ]

    def count_ratings(self, owner: str) -> tuple[int, int]:
        """Good answers and bad ones."""
        good, bad = self._read(f"SELECT coalesce(sum(liked), 0), coalesce(sum(1 - liked), 0) {_THUMBED}", (owner,))[0]
        return int(good), int(bad)

    def ratings(self, owner: str, *, latest: int = 0) -> list[Rating]:
        """As `corrections`, the owner's thumbs, each with the answer as the model gave it."""
        rows = self._read(
            f"SELECT turns.id, c.id, system_prompt, liked {_THUMBED} ORDER BY turns.id {_order(latest)}",
            (owner, latest or MOST),
        )
        return [
            Rating(system, tuple(turn.message for turn in self._turns(owner, id, end=turn_id)), bool(liked))
            for turn_id, id, system, liked in rows
        ]

    def _correction(self, owner: str, turn: int, id: str, system_prompt: str, better: str) -> Correction:
        *before, last = self._turns(owner, id, end=turn)
        said = tuple(turn.message for turn in before)
        return Correction(system_prompt, (*said, Message("assistant", better) if better else last.message))


def _order(latest: int) -> str:
    return f"{'DESC' if latest else 'ASC'} LIMIT ?"
