"""The chat task: clean what was typed, fit the history to the context, stream the answer."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from threading import Event

from chatbot.common.errors import InputError
from chatbot.engine.base import Engine
from chatbot.tasks.budget import Fitted, fit
from chatbot.tasks.loops import begun, until_it_loops
from chatbot.types import Chunk, Message, Sampling

MAX_CHARACTERS = 200_000  # of one message: more than any context here, little enough to tokenize at once
DEFAULT_SYSTEM_PROMPT = (
    ""  # the template then has the one that the model was made with: told another, Qwen takes itself for OpenAI's
)
TITLE_LENGTH = 48  # characters

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class Reply:
    """What was sent, and the answer as it comes. Close `chunks` to end the work."""

    fitted: Fitted
    chunks: Iterator[Chunk]


def reply(
    engine: Engine,
    history: Sequence[Message],
    sampling: Sampling,
    *,
    system_prompt: str = "",
    adapter: str | None = None,
    stop: Event | None = None,
) -> Reply:
    """Answer the last message of `history`, or go on with it where it is an answer. What loops is ended.

    Raises `ContextOverflow` at once; engine errors come from `chunks`.
    """
    sent = fitted(engine, history, sampling, system_prompt=system_prompt)
    chunks = engine.stream(sent.messages, sent.sampling, adapter=adapter, stop=stop)
    return Reply(sent, until_it_loops(chunks, lambda: sent.prompt, begun(history)))


def fitted(engine: Engine, history: Sequence[Message], sampling: Sampling, *, system_prompt: str = "") -> Fitted:
    """What `reply` would send. Raises `ContextOverflow`."""
    system = [Message("system", system_prompt)] if system_prompt.strip() else []
    return fit(engine, [*system, *alternate(history)], sampling)


def clean(text: str) -> str:
    """`text` as it may be saved and sent: no control characters, whole surrogate pairs, one kind of line end.

    Raises `InputError` when nothing is left or it is longer than `MAX_CHARACTERS`.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    # Halves of surrogate pairs arrive from broken clients; whole pairs written as two halves become their character.
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    text = _CONTROL.sub("", text).strip()
    if not text:
        raise InputError("The message is empty. Type something first.", kind="empty_message")
    if len(text) > MAX_CHARACTERS:
        raise InputError(
            f"The message has {len(text):,} characters; at most {MAX_CHARACTERS:,} can be sent at once. Send it in parts.",
            kind="long_message",
            length=f"{len(text):,}",
            limit=f"{MAX_CHARACTERS:,}",
        )
    return text


def alternate(history: Sequence[Message]) -> list[Message]:
    """The history with neighbours of one role joined, since chat templates want user and assistant in turn."""
    joined: list[Message] = []
    for message in history:
        if joined and joined[-1].role == message.role:
            joined[-1] = Message(message.role, f"{joined[-1].content}\n\n{message.content}")
        else:
            joined.append(message)
    return joined


def title_of(text: str) -> str:
    """A conversation's first title: the beginning of its first message, cut at a word."""
    line = " ".join(text.split())
    if len(line) <= TITLE_LENGTH:
        return line
    cut = line[:TITLE_LENGTH]
    head = cut.rsplit(" ", 1)[0]
    return (head if len(head) > TITLE_LENGTH // 2 else cut).rstrip(" ,.;:") + "…"
