"""Fit a conversation to the model's context: the oldest turns go first, the system prompt never, and it is said."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from chatbot.common.errors import ContextOverflow
from chatbot.engine.base import Engine
from chatbot.types import Message, Sampling


@dataclass(frozen=True, slots=True)
class Fitted:
    """A conversation as it is sent. All counts in tokens but `left_out`, which counts messages."""

    messages: tuple[Message, ...]
    sampling: Sampling  # with `max_tokens` lowered to the room there is
    prompt: int
    window: int
    left_out: int


def fit(engine: Engine, messages: Sequence[Message], sampling: Sampling) -> Fitted:
    """Leave out the oldest turns until the prompt and an answer of `max_tokens` fit into the window.

    The answer gives way first, down to a quarter of the window, before turns are left out. A turn is a question with its
    answer, so what remains still begins with the user. Raises `ContextOverflow` when the system prompt and the last
    message alone are too long.
    """
    window = engine.context_window
    reserve = min(sampling.max_tokens, window // 4)
    system = [m for m in messages[:1] if m.role == "system"]
    rest = list(messages[len(system) :])
    starts = [i for i, m in enumerate(rest) if m.role == "user"] or [0]

    def prompt_from(start: int) -> int:
        return engine.count_prompt([*system, *rest[start:]])

    start, prompt = 0, prompt_from(0)
    if prompt + reserve > window:
        start = _first_fitting(starts, lambda i: prompt_from(i) + reserve <= window)
        prompt = prompt_from(start)
    if prompt + reserve > window:
        raise ContextOverflow(
            f"This message and the system prompt take {prompt} tokens; the model reads {window} and needs {reserve} of "
            "them for its answer. Shorten the message or send it in parts.",
            kind="context_overflow",
            prompt=prompt,
            window=window,
            reserve=reserve,
        )
    room = replace(sampling, max_tokens=min(sampling.max_tokens, window - prompt))
    return Fitted((*system, *rest[start:]), room, prompt, window, left_out=start)


def _first_fitting(starts: Sequence[int], fits: Callable[[int], bool]) -> int:
    """The earliest start that fits, by bisection (a later start is never longer); the last one when none does."""
    low, high = 0, len(starts) - 1
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if fits(starts[middle]) else (middle + 1, high)
    return starts[low]
