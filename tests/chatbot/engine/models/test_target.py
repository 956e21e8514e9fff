"""How long a fetch will still take, told from what was seen of it."""

from chatbot.common.step import Step
from chatbot.engine.models.target import LEAST, Pace

FETCHING = Step("fetching_hub", name="oak")


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def told(pace: Pace, clock: Clock, seconds: int, start: float, rate: float) -> None:
    """A report every tenth of a second."""
    for tenth in range(10 * seconds + 1):
        pace.tell(FETCHING, start + rate * tenth / 10)
        clock.now += 0.1


def test_what_is_left_follows_from_the_rate() -> None:
    clock = Clock()
    pace = Pace(clock)
    told(pace, clock, 10, 0.2, 0.01)
    assert pace.left is not None
    assert abs(pace.left - 70) < 1


def test_a_fetch_that_goes_on_is_not_taken_for_fast() -> None:
    clock = Clock()
    pace = Pace(clock)
    told(pace, clock, 10, 0.9, 0.001)
    assert pace.left is not None
    assert abs(pace.left - 89) < 2


def test_nothing_is_said_too_soon_nor_of_another_step_nor_of_one_that_stands_still() -> None:
    clock = Clock()
    pace = Pace(clock)
    assert pace.left is None
    told(pace, clock, int(LEAST) - 1, 0.0, 0.01)
    assert pace.left is None
    told(pace, clock, 10, 0.1, 0.01)
    assert pace.left is not None
    pace.tell(Step("checking", name="oak"), None)
    assert pace.left is None
    told(pace, clock, 10, 0.5, 0.0)
    assert pace.left is None


def test_the_rate_is_that_of_the_last_half_minute() -> None:
    clock = Clock()
    pace = Pace(clock)
    told(pace, clock, 60, 0.0, 0.01)
    told(pace, clock, 60, 0.6, 0.001)
    assert pace.left is not None
    assert abs(pace.left - 340) < 10
