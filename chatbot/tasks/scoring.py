"""Many prompts scored side by side over an engine's slots."""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from threading import Event

from chatbot.engine.base import Engine
from chatbot.types import Message

WIDEST = 32  # prompts at the engine at once; a GPU is busy with fewer, and others want their turn
TICK = 0.1  # seconds between looks at the stop event


def score_many(
    engine: Engine,
    prompts: Iterable[Sequence[Message]],
    continuations: Sequence[str],
    *,
    adapter: str | None = None,
    stop: Event | None = None,
) -> Iterator[tuple[int, list[float]] | None]:
    """(place of the prompt, `Engine.score` of it) in the order they are done; None when nothing was done for a `TICK`.

    `prompts` is read as they are needed. After `stop` nothing more comes; close it to end the work. Raises what
    `Engine.score` raises.
    """
    width = max(1, min(WIDEST, engine.load()["slots"]))
    pool = ThreadPoolExecutor(width, "scoring")
    source = enumerate(prompts)
    under_way: dict[Future[list[float]], int] = {}
    try:
        while not (stop and stop.is_set()):
            while len(under_way) < 2 * width and (each := next(source, None)) is not None:
                place, prompt = each
                under_way[pool.submit(engine.score, prompt, continuations, adapter=adapter)] = place
            if not under_way:
                return
            done, _ = wait(under_way, TICK, FIRST_COMPLETED)
            if not done:
                yield None
            for future in done:
                yield under_way.pop(future), future.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
