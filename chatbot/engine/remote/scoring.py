"""How likely texts are behind a prompt: by Banyan's /score, else by what a server's /completions echoes of the prompt (vLLM).

What is echoed goes out as numbers of tokens, which vLLM's /tokenize tells: so a continuation is tokenized by itself and not into
the template before it, as `Engine.score` has it.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from chatbot.common.errors import AdapterNotFound, EngineBusy, EngineError, EngineUnavailable, InputError
from chatbot.engine.remote import counting, requests, wire
from chatbot.engine.remote.backend import Backend
from chatbot.types import Message, Prompt

Way = Literal["score", "echo", ""]
Ask = Callable[[Backend, str, Sequence[Message], Sequence[str]], list[float] | None]


def way(server: Backend, model: str) -> Way | None:
    """How the server tells it; empty: not at all; None: it is too busy to say. vLLM has something else under the name of Banyan's
    address, for other models. Raises `EngineUnavailable`."""
    for name, ask in _WAYS.items():
        try:
            if ask(server, model, [Message("user", "a")], ["b"]) is not None:
                return name
        except EngineBusy:
            return None
        except EngineUnavailable as error:
            if error.kind == "remote_unreached":
                raise
        except (InputError, AdapterNotFound, EngineError):
            pass  # it has the address for something else
    return ""


def scores(
    server: Backend, model: str, messages: Sequence[Message], continuations: Sequence[str]
) -> list[float] | None:
    """As `Engine.score`; None where the server tells nothing."""
    return _WAYS[server.scores](server, model, messages, continuations) if server.scores else None


def _by_score(
    server: Backend, model: str, messages: Sequence[Message], continuations: Sequence[str]
) -> list[float] | None:
    body = {"model": model, "messages": requests.plain(messages), "continuations": list(continuations)}
    answer = server.ask("/score", body, model)
    told = answer.get("scores") if isinstance(answer, Mapping) else None
    return [float(score) for score in told] if isinstance(told, list) and len(told) == len(continuations) else None


def _by_echo(
    server: Backend, model: str, messages: Sequence[Message], continuations: Sequence[str]
) -> list[float] | None:
    prompt = counting.numbers_of_messages(server, model, messages)
    if not prompt:
        return None
    found = [_echoed(server, model, prompt, counting.numbers_of_text(server, model, text)) for text in continuations]
    return None if None in found else [score for score in found if score is not None]


def _echoed(server: Backend, model: str, prompt: Sequence[int], continuation: Sequence[int]) -> float | None:
    body = requests.echo_payload(model, Prompt(tokens=(*prompt, *continuation)), 1)
    told = wire.echoed(server.ask("/completions", body, model))
    if not continuation or told is None or len(told) != len(prompt) + len(continuation):
        return None
    total = math.fsum(token.logprob for token in told[len(prompt) :])
    return None if math.isnan(total) else total


_WAYS: Mapping[Literal["score", "echo"], Ask] = {"score": _by_score, "echo": _by_echo}
