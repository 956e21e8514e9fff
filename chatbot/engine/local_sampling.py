"""Logits -> the next token, as one request wants it."""

from collections.abc import Sequence
from typing import Any

import torch

from chatbot.types import Sampling

COLDEST = 1e-3  # below it the division overflows long before the choice changes


class Picker:
    """The sampler of one request, with a random stream of its own: nobody else's draws change its tokens.

    Order as in transformers' `generate`: repetition penalty (over prompt and answer), temperature, top-k, top-p, min-p.
    """

    def __init__(self, sampling: Sampling, prompt: Sequence[int]) -> None:
        self._sampling = sampling
        self._seen = list(prompt)
        self._greedy = sampling.temperature == 0
        self._processors = [] if self._greedy else _processors(sampling)
        self._random = torch.Generator()
        if sampling.seed is None:
            self._random.seed()
        else:
            self._random.manual_seed(sampling.seed)

    def pick(self, logits: torch.Tensor) -> int:
        """`logits` is (vocabulary,), float32."""
        if self._greedy:
            return int(logits.argmax())
        scores = logits[None]
        seen = torch.tensor([self._seen], device=logits.device)
        for process in self._processors:
            scores = process(seen, scores)
        # drawn on the CPU, so that one seed means one answer on every device
        token = int(torch.multinomial(scores[0].softmax(-1).cpu(), 1, generator=self._random))
        self._seen.append(token)
        return token

    def logprobs(self, token: int, logits: torch.Tensor) -> list[tuple[int, float]]:
        """(token, log p) of the chosen token and then of the n likeliest; empty when none were asked for."""
        if self._sampling.top_logprobs is None:
            return []
        logp = logits.log_softmax(-1)
        best = logp.topk(min(self._sampling.top_logprobs, len(logp)))
        return [(token, float(logp[token])), *zip(best.indices.tolist(), best.values.tolist(), strict=True)]


def _processors(sampling: Sampling) -> list[Any]:
    from transformers import generation as g

    processors: list[Any] = []
    if sampling.repetition_penalty != 1:
        processors.append(g.RepetitionPenaltyLogitsProcessor(float(sampling.repetition_penalty)))
    processors.append(g.TemperatureLogitsWarper(max(float(sampling.temperature), COLDEST)))
    if sampling.top_k:
        processors.append(g.TopKLogitsWarper(sampling.top_k))
    if sampling.top_p < 1:
        processors.append(g.TopPLogitsWarper(float(sampling.top_p)))
    if sampling.min_p:
        processors.append(g.MinPLogitsWarper(float(sampling.min_p)))
    return processors
