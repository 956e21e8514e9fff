"""Many prompts scored side by side over an engine's slots."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from threading import Event

from chatbot.common.errors import EngineError
from chatbot.common.fan_out import fan_out
from chatbot.engine.base import Engine, complete
from chatbot.types import GREEDY, Message

NEVER = -100.0  # nats of what was not chosen: nothing is left of it in a probability


def score_many(
    engine: Engine,
    prompts: Iterable[Sequence[Message]],
    continuations: Sequence[str],
    *,
    adapter: str | None = None,
    stop: Event | None = None,
) -> Iterator[tuple[int, list[float]] | None]:
    """(place of the prompt, `Engine.score` of it) in the order they are done; None when nothing was done for a moment.

    Where the engine cannot tell likelihoods it has to choose: 0 for what it says, `NEVER` for the others, which is no probability.
    `prompts` is read as they are needed. After `stop` only those come that are done already; close it to end the work. Raises
    what `Engine.score` or `Engine.stream` raises.
    """
    ask: Callable[[Sequence[Message]], list[float]]
    if engine.supports_scores:
        ask = lambda prompt: engine.score(prompt, continuations, adapter=adapter)  # noqa: E731
    else:
        ask = lambda prompt: _chosen(engine, prompt, continuations, adapter, stop)  # noqa: E731

    def score(item: tuple[int, Sequence[Message]]) -> list[float]:
        return ask(item[1])

    with closing(fan_out(score, enumerate(prompts), engine.load()["slots"], stop=stop)) as steps:  # type: ignore[type-var]
        for ended in steps:
            if not ended:
                yield None
            for (place, _), scores in ended:
                yield place, scores


def _chosen(
    engine: Engine, prompt: Sequence[Message], choices: Sequence[str], adapter: str | None, stop: Event | None
) -> list[float]:
    room = max(len(json.dumps(choice)) for choice in choices)  # a token has a character at least
    held = replace(GREEDY, schema=json.dumps({"enum": list(choices)}, ensure_ascii=False), max_tokens=room)
    said = complete(engine, prompt, held, adapter=adapter, stop=stop).text.strip()
    chosen = next((choice for choice in choices if said in (choice, json.dumps(choice), f'"{choice}"')), None)
    if chosen is None:
        raise EngineError(
            f"The model was to choose one of the labels and said “{said[:80]}”. Please try again.",
            kind="unchosen",
            said=said[:80],
        )
    return [0.0 if choice == chosen else NEVER for choice in choices]
