"""Steps that come as fast as a machine makes them, for a page that is told ten times a second."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import TypeVar

T = TypeVar("T")
TICK = 0.09  # seconds between updates of the page: an update costs the server 2-3 ms, and the browser more


def on_a_clock(steps: Iterator[T], always: Callable[[T], bool] = lambda step: False, tick: float = TICK) -> Iterator[T]:
    """The first step, then at most one a `tick` (seconds), but all that must be shown `always`. Closes `steps` in the end."""
    shown = 0.0
    with closing(steps):  # type: ignore[type-var]
        for step in steps:
            if always(step) or time.monotonic() - shown >= tick:
                shown = time.monotonic()
                yield step
