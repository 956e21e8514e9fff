"""Many segments at once over the engine's slots, each translation as it is done."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from threading import Event

from chatbot.common.errors import BanyanError, EngineUnavailable, ModelError, ModelLoading, Stopped
from chatbot.common.fan_out import fan_out
from chatbot.engine.base import Engine
from chatbot.tasks.translate.check import addressed
from chatbot.tasks.translate.files.marked import Segment
from chatbot.tasks.translate.own.memory import Memory, recalled
from chatbot.tasks.translate.patience import patiently
from chatbot.tasks.translate.sizes import Sizes
from chatbot.tasks.translate.work import Order, Translation, failed, one, repeated


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
    memory: Memory | None = None,
    stop: Event,
) -> Iterator[Done]:
    """Translate what is not `done` yet; what `memory` knows is taken from there. Ends early, without an error, when `stop` is set. Close it to end the work.

    A segment that the engine fails on alone is flagged and left as it was; an engine that is busy or out of reach is asked again
    for a while; one that is gone ends all with its error.
    """
    over = Event()
    known = dict(done or {})
    first = repeated(given)
    partial: dict[int, str] = {}
    same: dict[int, list[int]] = {}
    for at, original in first.items():
        same.setdefault(original, []).append(at)

    def work(at: int) -> Translation | None:
        def ask() -> Translation:
            return one(engine, given[at], order, over, lambda text: partial.__setitem__(at, text), sizes.of(at))

        remembered = recalled(given[at], memory or {})
        try:
            return known.get(at) or (_taken(given[at], remembered, order) if remembered else patiently(ask, over))
        except Stopped:
            return None
        except (EngineUnavailable, ModelError, ModelLoading):
            raise
        except BanyanError as error:
            return failed(given[at], error)

    missing = [at for at in sorted(same) if any(n not in known for n in same[at])]
    sizes = Sizes(engine, {at: given[at].text for at in missing})
    steps = fan_out(work, missing, engine.load()["slots"], stop=stop, end=over.set)
    with closing(steps):  # type: ignore[type-var]
        for ended in steps:
            for at, _ in ended:
                partial.pop(at, None)
            yield Done({n: t for at, t in ended if t for n in same[at] if n not in known}, dict(partial))


def _taken(segment: Segment, remembered: str, order: Order) -> Translation:
    """A person's own words, which may have been meant for another reader."""
    return Translation(remembered, tuple(addressed(segment, remembered, order.target, order.formality)))
