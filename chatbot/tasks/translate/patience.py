"""A server that is busy or out of reach for a moment is asked again, each time after twice as long."""

from collections.abc import Callable
from threading import Event
from typing import TypeVar

from chatbot.common.errors import BanyanError, EngineBusy, EngineUnavailable, Stopped

WAITS = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds before each further try: limits on requests count by the minute at most, and a server starts again within it."""
_PASSES = frozenset(("answer_broke_off", "remote_closed"))

Answer = TypeVar("Answer")


def patiently(ask: Callable[[], Answer], stop: Event) -> Answer:
    """Raises what the last try raised, and `Stopped` while it waits."""
    for wait in WAITS:
        try:
            return ask()
        except BanyanError as error:
            if not isinstance(error, EngineBusy | EngineUnavailable) and error.kind not in _PASSES:
                raise
        if stop.wait(wait):
            raise Stopped("The translation was stopped; what was done is kept.", kind="translation_stopped")
    return ask()
