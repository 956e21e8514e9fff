"""What `work` does, each call of which is lent a GPU by the package `spaces`."""

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from chatbot.engine.local.zerogpu import work

# Seconds that a call asks for: the hub puts shorter ones first, and refuses one that asks for more than a visitor has left of the few
# minutes a day. A call that runs over may be ended, so both rates are far below what the GPUs of a Space do.
LONGEST, LOADING, PACE = 120, 30, 20  # seconds, seconds, tokens a second
Lent = Callable[[work.Served, work.Asked, Path], Iterator[Any]]


@cache
def lent() -> Lent:
    """Asked first before the page is launched: then `spaces` tells the hub that there is such a function."""
    import spaces  # comes with a Space that has ZeroGPU

    decorated: Lent = spaces.GPU(duration=seconds)(work.call)
    return decorated


def seconds(served: work.Served, asked: work.Asked, stop: Path) -> int:
    """That the call asks for: for its model to be loaded, and for what it may write."""
    written = asked.sampling.max_tokens if isinstance(asked, work.Answer) else 0
    return min(LONGEST, LOADING + written // PACE)
