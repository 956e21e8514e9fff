"""The parts of one task, many at once over an engine's slots."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice
from threading import Event
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

AT_ONCE = 16
"""Parts at the engine at once, however many slots it has. `local` on two cores makes 104.7 tokens/s of 8 streams and 116.8 of
16 (tests/bench/README.md): more would gain next to nothing, and whoever comes meanwhile waits until one of them ends."""
LOOK = 0.09  # seconds between two steps when nothing ends: the page shows what is new ten times a second


def fan_out(
    work: Callable[[Item], Result],
    items: Iterable[Item],
    slots: int,
    *,
    stop: Event | None = None,
    end: Callable[[], object] | None = None,
) -> Iterator[list[tuple[Item, Result]]]:
    """The items that were done since the last step, with what `work` gave; none when nothing ended for a `LOOK`.

    `items` are read as they are needed. After `stop` those come that are done already, and nobody waits for the others. Close
    it to end early: `end` tells those under way, which are waited for; without it they end by themselves. Raises what `work`
    raises after what was done beside it, and ends early then.
    """
    width = max(1, min(AT_ONCE, slots))
    pool = ThreadPoolExecutor(width, "fan-out")
    source, stopped = iter(items), False
    under_way: dict[Future[Result], Item] = {}
    try:
        while not stopped:
            stopped = stop is not None and stop.is_set()
            for item in islice(source, 0 if stopped else 2 * width - len(under_way)):
                under_way[pool.submit(work, item)] = item
            if not under_way:
                return
            done, _ = wait(under_way, 0 if stopped else LOOK, FIRST_COMPLETED)
            failed = next((future for future in done if future.exception()), None)
            yield [(under_way.pop(future), future.result()) for future in done if not future.exception()]
            if failed:
                failed.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        if end is not None and not all(future.done() for future in under_way):
            end()
            pool.shutdown(wait=not stopped)
