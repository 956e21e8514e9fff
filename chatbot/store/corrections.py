"""What an owner thought of answers, as a data set: each answer that was liked, or better said, behind what led to it."""

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
        """A line of JSON in the `messages` form that fine-tuning reads."""
        system = [Message("system", self.system_prompt)] if self.system_prompt else []
        turns = [{"role": message.role, "content": message.content} for message in (*system, *self.messages)]
        return json.dumps({"messages": turns}, ensure_ascii=False)


_RATED = (
    "FROM turns JOIN conversations AS c ON c.id = turns.conversation "
    "WHERE owner = ? AND deleted IS NULL AND (liked = 1 OR better <> '')"
)


class Corrections(Conversations):
    """Rows go with their conversation: what is deleted teaches nobody."""

    def count_corrections(self, owner: str) -> int:
        return int(self._read(f"SELECT count(*) {_RATED}", (owner,))[0][0])

    def corrections(self, owner: str) -> list[Correction]:
        """The owner's rows, the oldest first."""
        rows = self._read(
            f"SELECT turns.id, c.id, system_prompt, better {_RATED} ORDER BY turns.id LIMIT ?", (owner, MOST)
        )
        return [self._correction(owner, *row) for row in rows]

    def _correction(self, owner: str, turn: int, id: str, system_prompt: str, better: str) -> Correction:
        *before, last = self._turns(owner, id, end=turn)
        said = tuple(turn.message for turn in before)
        return Correction(system_prompt, (*said, Message("assistant", better) if better else last.message))
