"""Greedy answers compared as far as rounding leaves them one.

Batching, the cache and another library add up in another order, so the last bits of a logit differ, and where two tokens are
as good as equal either may come. Everything else is the same: a wrong adapter or cache shows in the log-probabilities.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import torch

from chatbot.types import Completion, Sampling, TokenLogprob

CLOSE = 0.05  # nats by which what an engine says alone, beside others and from the cache may differ
ROUNDED = 0.3
"""The same for long prompts on quantised weights as llama.cpp computes them: what goes into each product is rounded to eight bits, so
whatever moves a last bit makes another draw of that rounding. Measured on six prompts of 150 to 600 tokens, `standard` alone and
beside others: 0.02 nats in the mean, 0.11 at most; `small` 0.02 and 0.11, from the cache 0.08 and 0.22."""
_TOLD = 5  # candidates that are told with every token


def told(sampling: Sampling) -> Sampling:
    """The same, with the log-probabilities that `alike` needs."""
    return replace(sampling, top_logprobs=_TOLD)


def alike(found: Sequence[TokenLogprob], expected: Sequence[TokenLogprob], close: float = CLOSE) -> int:
    """Tokens of the two answers up to the first near tie that each decided otherwise; all of them where there is none.

    Fails unless the tokens before it are the same, each as likely, and the tie lies within `close`.
    """
    for at, (mine, theirs) in enumerate(zip(found, expected, strict=False)):
        if mine.token != theirs.token:
            rival = max((logprob for token, logprob in theirs.top if token == mine.token), default=float("-inf"))
            assert theirs.logprob - rival <= close, f"token {at} is {mine} instead of {theirs}"
            return at
        assert abs(mine.logprob - theirs.logprob) <= close, f"token {at} is {mine} instead of {theirs}"
    assert len(found) == len(expected), f"{len(found)} tokens instead of {len(expected)}"
    return len(found)


def same(found: Completion, expected: Completion, close: float = CLOSE) -> None:
    """Fails unless they are one answer but for a near tie. Of an engine that tells no log-probabilities every word counts."""
    if alike(found.logprobs, expected.logprobs, close) == len(expected.logprobs):
        assert (found.text, found.finish, found.usage) == (expected.text, expected.finish, expected.usage)


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
