"""Many prompts scored side by side over an engine's slots."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from threading import Event

from chatbot.common.fan_out import fan_out
from chatbot.engine.base import Engine
from chatbot.types import Message


def score_many(
    engine: Engine,
    prompts: Iterable[Sequence[Message]],
    continuations: Sequence[str],
    *,
    adapter: str | None = None,
    stop: Event | None = None,
) -> Iterator[tuple[int, list[float]] | None]:
    """(place of the prompt, `Engine.score` of it) in the order they are done; None when nothing was done for a moment.

    `prompts` is read as they are needed. After `stop` only those come that are done already; close it to end the work. Raises
    what `Engine.score` raises.
    """

    def score(item: tuple[int, Sequence[Message]]) -> list[float]:
        return engine.score(item[1], continuations, adapter=adapter)

    with closing(fan_out(score, enumerate(prompts), engine.load()["slots"], stop=stop)) as steps:  # type: ignore[type-var]
        for ended in steps:
            if not ended:
                yield None
            for (place, _), scores in ended:
                yield place, scores
