"""Log-probabilities of given continuations, out of a server that gives only those of what it writes."""

import math
from dataclasses import replace

from chatbot.common.errors import EngineError
from chatbot.engine.llamacpp.answer import logprob
from chatbot.engine.llamacpp.server import Record, options
from chatbot.engine.llamacpp.slot import Slot
from chatbot.types import Sampling, TokenLogprob

FORCED = 1e6  # a logit bias that no other token can beat
EVERY = 2**20  # more than any vocabulary has
PLAIN = "a"  # one token, and a whole character, in every vocabulary
LISTED = 1000  # likeliest next tokens that are asked for where several are to be scored


def logprobs(slot: Slot, prompt: list[int], continuations: list[list[int]]) -> list[list[float]]:
    """log p of each token of each continuation behind `prompt`, in nats. The prompt is read once.

    Continuations that begin with the same tokens are walked together, so single tokens cost one step, however many.
    """
    wanted: dict[tuple[int, ...], list[int]] = {}
    for tokens in continuations:
        for place, token in enumerate(tokens):
            wanted.setdefault(tuple(tokens[:place]), []).append(token)
    known = {start: _following(slot, [*prompt, *start], following) for start, following in wanted.items()}
    return [[known[tuple(tokens[:n])][token] for n, token in enumerate(tokens)] for tokens in continuations]


def each_token(slot: Slot, tokens: list[int], best: int) -> list[TokenLogprob]:
    """Each of `tokens` behind those before it, with the `best` likeliest in its place."""
    first = TokenLogprob(slot.server.text(tokens[:1]), math.nan)
    rest = (_entry(slot, tokens[:place], tokens[place], max(best, 1)) for place in range(1, len(tokens)))
    return [first, *(replace(told := logprob(entry), top=told.top[:best]) for entry in rest)]


def _following(slot: Slot, prompt: list[int], tokens: list[int]) -> dict[int, float]:
    """log p of each of `tokens` as the next one: from the list of the likeliest, the others one by one."""
    found = _forced(slot, prompt, tokens[0], LISTED if len(set(tokens)) > 1 else 1)
    for token in set(tokens) - found.keys():
        found |= _forced(slot, prompt, token, 1)
    return found


def _forced(slot: Slot, prompt: list[int], token: int, best: int) -> dict[int, float]:
    """log p of `token` and of the `best` likeliest."""
    entry = _entry(slot, prompt, token, best)
    likeliest = {int(each["id"]): float(each["logprob"]) for each in entry["top_logprobs"]}
    return likeliest | {token: float(entry["logprob"])}


def _entry(slot: Slot, prompt: list[int], token: int, best: int) -> Record:
    """What the server tells of `token` behind `prompt`, of the bare logits. A bias makes it the one that is generated.

    Of a token that is a part of a character the server tells nothing: it stands in the list of all that might have come.
    """
    if entry := _made(slot, prompt, token, best):
        return entry
    (plain,) = slot.server.tokenize(PLAIN, special=False)
    listed = (_made(slot, prompt, plain, EVERY) or {}).get("top_logprobs") or ()
    found = next((each for each in listed if each["id"] == token), None)
    if found is None:
        raise EngineError("The model could not score this text.", kind="unscored")
    return {**found, "top_logprobs": listed[:best]}


def _made(slot: Slot, prompt: list[int], token: int, best: int) -> Record | None:
    request = options(Sampling(temperature=0.0, max_tokens=1, top_logprobs=1), 1, 64)
    request |= {"prompt": prompt, "stream": True, "logprobs": best, "logit_bias": [[token, FORCED]]}
    entries = [
        entry
        for record in slot.records(request)
        for entry in (record["choices"][0].get("logprobs") or {}).get("content") or ()
    ]
    return dict(entries[0]) if entries and entries[0]["id"] == token else None
