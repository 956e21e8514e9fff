"""Many prompts at once over the engine's slots, their answers as they come."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from queue import Empty, Queue
from threading import Event

from chatbot.engine.base import Engine, collect
from chatbot.errors import BanyanError
from chatbot.types import Chunk, Completion, Message, Sampling

AT_ONCE = 16  # prompts of one summary, however many slots there are
LOOK = 0.1  # seconds between looks at the stop event


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
    """An `Answered` for each prompt, in the order in which they end. After `stop` those that did not end are missing.

    Close it to end the work. What fails, fails alone.
    """
    over, done = Event(), Queue[Answered]()
    places: dict[int, int] = {}

    def run(at: int) -> None:
        if over.is_set():
            return
        messages, sampling = prompts[at]
        try:
            stream = engine.stream(messages, sampling, adapter=adapter, stop=over)
            result: Completion | BanyanError = collect(_watched(stream, places, at))
        except BanyanError as error:
            result = error
        if not (isinstance(result, Completion) and result.finish == "cancelled"):
            done.put(Answered(at, result))

    pool = ThreadPoolExecutor(max(1, min(AT_ONCE, engine.load()["slots"], len(prompts))), "summarize")
    try:
        running = [pool.submit(run, at) for at in range(len(prompts))]
        while True:
            ended = all(future.done() for future in running)
            try:
                yield done.get(timeout=LOOK)
            except Empty:
                if ended:
                    break
                yield Waiting(min(places.values(), default=0))
            if stop.is_set():
                over.set()
        for future in running:
            future.result()  # what is no BanyanError is a fault of ours
    finally:
        over.set()
        pool.shutdown(wait=True, cancel_futures=True)


def _watched(stream: Iterator[Chunk], places: dict[int, int], at: int) -> Iterator[Chunk]:
    for chunk in stream:
        places[at] = chunk.place
        yield chunk
    places.pop(at, None)
