"""Many segments at once over the engine's slots, each translation as it is done."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from threading import Event

from chatbot.common.errors import BanyanError, EngineUnavailable, ModelError, ModelLoading
from chatbot.engine.base import Engine
from chatbot.tasks.translate.files.marked import Segment
from chatbot.tasks.translate.work import Order, Stopped, Translation, failed, one, repeated

AT_ONCE = 8  # segments of one text, however many slots there are
LOOK = 0.09  # seconds between two steps when nothing is done


@dataclass(frozen=True, slots=True)
class Done:
    """Segments that were finished now, by their number, and the beginnings of those that are being written."""

    finished: Mapping[int, Translation]
    partial: Mapping[int, str]


def segments(
    engine: Engine,
    given: Sequence[Segment],
    order: Order,
    *,
    done: Mapping[int, Translation] | None = None,
    stop: Event,
) -> Iterator[Done]:
    """Translate what is not `done` yet. Ends early, without an error, when `stop` is set. Close it to end the work.

    A segment that the engine fails on alone is flagged and left as it was; an engine that is gone ends all with its error.
    """
    over = Event()
    known = dict(done or {})
    first = repeated(given)
    partial: dict[int, str] = {}
    same: dict[int, list[int]] = {}
    for at, original in first.items():
        same.setdefault(original, []).append(at)
    waiting = deque(at for at in sorted(same) if any(n not in known for n in same[at]))

    def work(at: int) -> Translation:
        if at in known:
            return known[at]
        return one(engine, given[at], order, over, lambda text: partial.__setitem__(at, text))

    pool = ThreadPoolExecutor(max(1, min(AT_ONCE, engine.load().get("slots", 1))), "translate")
    running: dict[Future[Translation], int] = {}
    try:
        while (waiting or running) and not stop.is_set():
            while waiting and len(running) < AT_ONCE:
                at = waiting.popleft()
                running[pool.submit(work, at)] = at
            ended, _ = wait(running, LOOK, FIRST_COMPLETED)
            now = {running[future]: _result(future, given[running[future]]) for future in ended}
            for future in ended:
                partial.pop(running.pop(future), None)
            yield Done({n: t for at, t in now.items() if t for n in same[at] if n not in known}, dict(partial))
    finally:
        over.set()
        # after Stop nobody waits for the step that the model is in
        pool.shutdown(wait=not stop.is_set(), cancel_futures=True)


def _result(future: Future[Translation], segment: Segment) -> Translation | None:
    try:
        return future.result()
    except Stopped:
        return None
    except (EngineUnavailable, ModelError, ModelLoading):
        raise
    except BanyanError as error:
        return failed(segment, error)
