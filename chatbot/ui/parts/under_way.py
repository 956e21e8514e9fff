"""Long work behind a generator: it runs in a thread of its own, and the page is told how far it is."""

from collections.abc import Callable, Generator
from concurrent.futures import Future
from threading import Event, Thread
from typing import TypeVar

from chatbot.common.step import Progress, Step

T = TypeVar("T")
TICK = 0.25  # seconds between two steps that are yielded

At = tuple[Step, float | None]


def under_way(work: Callable[[Progress, Event], T]) -> Generator[At, None, T]:
    """Yields the latest step until `work(progress, stop)` is done, and returns or raises what it does.

    When the generator is closed, because the reader left, `stop` is set.
    """
    latest: list[At] = []
    future: Future[T] = Future()
    stop = Event()

    def tell(step: Step, fraction: float | None) -> None:
        latest[:] = [(step, fraction)]

    def run() -> None:
        try:
            future.set_result(work(tell, stop))
        except BaseException as error:
            future.set_exception(error)

    thread = Thread(target=run, name="under-way", daemon=True)
    thread.start()
    try:
        while thread.is_alive():
            thread.join(TICK)
            if latest:
                yield latest[0]
        return future.result()
    finally:
        stop.set()
