"""Many prompts at once over the engine's slots, their answers as they come."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from queue import Empty, Queue
from threading import Event

from chatbot.common.errors import BanyanError
from chatbot.engine.base import Engine, collect
from chatbot.types import Chunk, Completion, Message, Sampling

AT_ONCE = 16  # prompts of one summary, however many slots there are
LOOK = 0.05  # seconds between looks at the stop event


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
    ended = Queue[Answered | None]()
    places: dict[int, int] = {}

    def run(at: int) -> None:
        answered: Answered | None = None
        try:
            if not stop.is_set():
                answered = _answered(engine, at, prompts[at], adapter, stop, places)
        finally:
            ended.put(answered)

    pool = ThreadPoolExecutor(max(1, min(AT_ONCE, engine.load()["slots"], len(prompts))), "summarize")
    running = [pool.submit(run, at) for at in range(len(prompts))]
    left, closed = len(prompts), True
    try:
        while left and not (stop.is_set() and ended.empty()):
            try:
                answered = ended.get(timeout=LOOK)
            except Empty:
                yield Waiting(min(places.values(), default=0))
                continue
            left -= 1
            if answered:
                yield answered
        for future in running[: 0 if left else None]:
            future.result()  # what is no BanyanError is a fault of ours
        closed = False
    finally:
        if closed and left:
            stop.set()
        pool.shutdown(wait=closed, cancel_futures=True)


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
        result = collect(_watched(stream, places, at))
    except BanyanError as error:
        return Answered(at, error)
    return None if result.finish == "cancelled" else Answered(at, result)


def _watched(stream: Iterator[Chunk], places: dict[int, int], at: int) -> Iterator[Chunk]:
    for chunk in stream:
        places[at] = chunk.place
        yield chunk
    places.pop(at, None)
