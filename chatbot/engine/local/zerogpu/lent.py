"""What `work` does, each call of which is lent a GPU by the package `spaces`."""

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from chatbot.engine.local.zerogpu import work

SECONDS = 120  # that a call may take; the hub puts shorter ones first, and an answer of 2,048 tokens takes less
Lent = Callable[[work.Served, work.Asked, Path], Iterator[Any]]


@cache
def lent() -> Lent:
    """Asked first before the page is launched: then `spaces` tells the hub that there is such a function."""
    import spaces  # comes with a Space that has ZeroGPU

    decorated: Lent = spaces.GPU(duration=SECONDS)(work.call)
    return decorated
