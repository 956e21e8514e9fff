"""Greedy answers compared as far as rounding leaves them one.

Batching, the cache and another library add up in another order, so the last bits of a logit differ, and where two tokens are
as good as equal either may come. Everything else is the same: a wrong adapter or cache shows in the log-probabilities.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import takewhile
from typing import Any

import torch

from chatbot.types import Completion, Sampling, TokenLogprob

CLOSE = 0.05  # nats by which what an engine says alone, beside others and from the cache may differ
_TOLD = 5  # candidates that are told with every token


def told(sampling: Sampling) -> Sampling:
    """The same, with the log-probabilities that `alike` needs."""
    return replace(sampling, top_logprobs=_TOLD)


def alike(found: Sequence[TokenLogprob], expected: Sequence[TokenLogprob]) -> int:
    """Tokens of the two answers up to the first near tie that each decided otherwise; all of them where there is none.

    Fails unless the tokens before it are the same, each as likely, and the tie lies within `CLOSE`.
    """
    for at, (mine, theirs) in enumerate(zip(found, expected, strict=False)):
        if mine.token != theirs.token:
            rival = max((logprob for token, logprob in theirs.top if token == mine.token), default=float("-inf"))
            assert theirs.logprob - rival <= CLOSE, f"token {at} is {mine} instead of {theirs}"
            return at
        assert abs(mine.logprob - theirs.logprob) <= CLOSE, f"token {at} is {mine} instead of {theirs}"
    assert len(found) == len(expected), f"{len(found)} tokens instead of {len(expected)}"
    return len(found)


def same(found: Completion, expected: Completion) -> None:
    """Fails unless they are one answer but for a near tie. Of an engine that tells no log-probabilities every word counts."""
    if alike(found.logprobs, expected.logprobs) == len(expected.logprobs):
        assert (found.text, found.finish, found.usage) == (expected.text, expected.finish, expected.usage)


def moved(found: Completion, expected: Completion) -> list[float]:
    """Nats between the two, token by token, up to the first that they decided otherwise."""
    pairs = zip(found.logprobs, expected.logprobs, strict=False)
    return [abs(mine.logprob - theirs.logprob) for mine, theirs in takewhile(_agree, pairs)]


def _agree(pair: tuple[TokenLogprob, TokenLogprob]) -> bool:
    return pair[0].token == pair[1].token


def generate(
    model: Any, prompt: Sequence[int], tokens: int, decode: Callable[[Sequence[int]], str]
) -> tuple[list[int], list[TokenLogprob]]:
    """What transformers or peft write without us: the ids, and what `alike` compares."""
    ids = torch.tensor([prompt])
    out = model.generate(
        input_ids=ids,
        attention_mask=torch.ones_like(ids),
        max_new_tokens=tokens,
        do_sample=False,
        output_logits=True,
        return_dict_in_generate=True,
    )
    written = out.sequences[0, len(prompt) :].tolist()
    return written, [_told(logits[0], token, decode) for token, logits in zip(written, out.logits, strict=True)]


def _told(logits: torch.Tensor, token: int, decode: Callable[[Sequence[int]], str]) -> TokenLogprob:
    logprobs = logits.float().log_softmax(-1)
    best = logprobs.topk(_TOLD)
    top = zip(best.indices.tolist(), best.values.tolist(), strict=True)
    return TokenLogprob(decode([token]), float(logprobs[token]), tuple((decode([at]), p) for at, p in top))
