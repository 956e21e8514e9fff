"""Log-probabilities of given continuations, out of a server that gives only those of what it writes."""

from chatbot.common.errors import EngineError
from chatbot.engine.llamacpp.server import options
from chatbot.engine.llamacpp.slot import Slot
from chatbot.types import Sampling

FORCED = 1e6  # a logit bias that no other token can beat
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


def _following(slot: Slot, prompt: list[int], tokens: list[int]) -> dict[int, float]:
    """log p of each of `tokens` as the next one: from the list of the likeliest, the others one by one."""
    found = _forced(slot, prompt, tokens[0], LISTED if len(set(tokens)) > 1 else 1)
    for token in set(tokens) - found.keys():
        found |= _forced(slot, prompt, token, 1)
    return found


def _forced(slot: Slot, prompt: list[int], token: int, best: int) -> dict[int, float]:
    """log p of `token` and of the `best` likeliest, of the bare logits. A bias makes it the one that is generated."""
    request = options(Sampling(temperature=0.0, max_tokens=1, top_logprobs=1), 1, 64)
    request |= {"prompt": prompt, "stream": True, "logprobs": best, "logit_bias": [[token, FORCED]]}
    entries = [
        entry
        for record in slot.records(request)
        for entry in (record["choices"][0].get("logprobs") or {}).get("content") or ()
    ]
    if not entries or entries[0]["id"] != token:
        raise EngineError("The model could not score this text.", kind="unscored")
    likeliest = {int(each["id"]): float(each["logprob"]) for each in entries[0]["top_logprobs"]}
    return likeliest | {token: float(entries[0]["logprob"])}
