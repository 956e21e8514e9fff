"""Many prompts at once over the engine's slots, their answers as they come."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from threading import Event

from chatbot.common.errors import BanyanError
from chatbot.common.fan_out import fan_out
from chatbot.engine.base import Engine, collect
from chatbot.tasks.loops import until_it_loops
from chatbot.types import Chunk, Completion, Message, Sampling


@dataclass(frozen=True, slots=True)
class Answered:
    """Prompt number `at` is done: what was written, or why nothing was."""

    at: int
    result: Completion | BanyanError


@dataclass(frozen=True, slots=True)
class Waiting:
    """Nothing is done yet since the last step. `place` counts the requests before the first of ours."""

    place: int = 0


def batch(
    engine: Engine,
    prompts: Sequence[tuple[Sequence[Message], Sampling]],
    *,
    adapter: str | None,
    stop: Event,
) -> Iterator[Answered | Waiting]:
    """An `Answered` for each prompt, in the order in which they end. What fails, fails alone.

    After `stop` it ends at once with those that are done: the model ends its step by itself, and nobody waits for it. Close
    it to end the work, which sets `stop`.
    """
    places: dict[int, int] = {}

    def run(at: int) -> Answered | None:
        return _answered(engine, at, prompts[at], adapter, stop, places)

    steps = fan_out(run, range(len(prompts)), engine.load()["slots"], stop=stop, end=stop.set)
    with closing(steps):  # type: ignore[type-var]
        for ended in steps:
            if not ended:
                yield Waiting(min(places.values(), default=0))
            yield from (answered for _, answered in ended if answered)


def _answered(
    engine: Engine,
    at: int,
    prompt: tuple[Sequence[Message], Sampling],
    adapter: str | None,
    stop: Event,
    places: dict[int, int],
) -> Answered | None:
    """None when it was stopped."""
    messages, sampling = prompt
    try:
        stream = engine.stream(messages, sampling, adapter=adapter, stop=stop)
        chunks = until_it_loops(stream, lambda: engine.count_prompt(messages))
        result = collect(_watched(chunks, places, at))
    except BanyanError as error:
        return Answered(at, error)
    return None if result.finish == "cancelled" else Answered(at, result)


def _watched(stream: Iterator[Chunk], places: dict[int, int], at: int) -> Iterator[Chunk]:
    for chunk in stream:
        places[at] = chunk.place
        yield chunk
    places.pop(at, None)
