"""A model on its way, and how long it will still take."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event

from chatbot.common.step import Step
from chatbot.types import LoadState

WINDOW = (
    30.0  # seconds that a rate is taken over: shorter ones make the time that is left jump, longer ones miss a change
)
LEAST = 3.0  # seconds to look before anything is said
EVERY = 0.5  # seconds between samples, whatever the number of reports


class Pace:
    """How fast the fraction of a step grows, by what was seen of it lately. One thread tells, any may ask.

    `clock` gives seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._code = ""
        self._seen: tuple[tuple[float, float], ...] = ()  # (when, fraction)

    def tell(self, step: Step, fraction: float | None) -> None:
        now = self._clock()
        if fraction is None or step.code != self._code or (self._seen and fraction < self._seen[-1][1]):
            self._code, self._seen = step.code, ()
        if fraction is None or (self._seen and now - self._seen[-1][0] < EVERY):
            return
        self._seen = (*(one for one in self._seen if now - one[0] <= WINDOW), (now, fraction))

    @property
    def left(self) -> float | None:
        """Seconds until the step is done at this rate; None while that is not known."""
        if len(self._seen) < 2:
            return None
        (began, first), (ended, last) = self._seen[0], self._seen[-1]
        if ended - began < LEAST or last <= first:
            return None
        passed = self._clock() - ended
        return max(0.0, (1 - last) * (ended - began) / (last - first) - passed)


@dataclass(slots=True)
class Target:
    """A model on its way. `state` says how far; `stop` ends it."""

    reference: str
    state: LoadState = field(default_factory=lambda: LoadState("loading", Step("starting")))
    stop: Event = field(default_factory=Event)
    pace: Pace = field(default_factory=Pace)

    def progress(self, step: Step, fraction: float | None) -> None:
        self.pace.tell(step, fraction)
        self.state = LoadState("loading", step, fraction)
