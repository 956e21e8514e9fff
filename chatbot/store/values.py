"""What the store gives: conversations and their turns."""

from dataclasses import dataclass

from chatbot.types import Message


@dataclass(frozen=True, slots=True)
class Heading:
    """A conversation as the sidebar lists it. Times are seconds since 1970, UTC. `said`: where it has what was searched for;
    `folder`: the name that its owner put it under, empty for none."""

    id: str
    title: str
    updated: float
    pinned: bool = False
    said: str = ""
    folder: str = ""


@dataclass(frozen=True, slots=True)
class By:
    """Who wrote an answer, and how fast: `seconds` from its turn to its end."""

    model: str = ""
    adapter: str = ""
    tokens: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Turn:
    """A message where it stands: the `place`th of `of` that were said there. `better`: what should have been said."""

    id: int
    message: Message
    finish: str | None = None
    by: By = By()
    place: int = 1
    of: int = 1
    liked: bool | None = None
    better: str = ""


@dataclass(frozen=True, slots=True)
class Conversation:
    """A saved conversation; `turns` is its open path of user and assistant turns, the system prompt stands apart."""

    id: str
    title: str
    system_prompt: str
    adapter: str | None
    created: float
    updated: float
    turns: tuple[Turn, ...]
    folder: str = ""

    @property
    def messages(self) -> tuple[Message, ...]:
        return tuple(turn.message for turn in self.turns)

    @property
    def cut(self) -> bool:
        """The last answer reached the longest that was allowed, and can be gone on with."""
        return bool(self.turns) and self.turns[-1].finish == "length"
