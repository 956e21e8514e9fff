"""Logits -> the next token of each request, as each wants it."""

from collections import Counter
from collections.abc import Sequence

import torch

from chatbot.common.errors import EngineError
from chatbot.engine.local.held import Grammar
from chatbot.types import Sampling

COLDEST = 1e-3  # below it the division overflows long before the choice changes

Logprobs = list[tuple[int, float]]
"""(token, log p) of the chosen token and then of the n likeliest; empty when none were asked for."""


class Picker:
    """The sampler of one request, with a random stream of its own: nobody else's draws change its tokens.

    Presence and frequency penalty (over the answer), bias and grammar come first; the rest in the order of transformers'
    `generate`: repetition penalty (over prompt and answer), temperature, top-k, top-p, min-p.
    """

    def __init__(self, sampling: Sampling, grammar: Grammar | None = None) -> None:
        self.sampling, self._grammar = sampling, grammar
        self._written: Counter[int] = Counter()
        self.adjusts = bool(
            sampling.presence_penalty or sampling.frequency_penalty or sampling.logit_bias or grammar is not None
        )
        self.greedy = sampling.temperature == 0
        self._random = torch.Generator()
        if sampling.seed is None:
            self._random.seed()
        else:
            self._random.manual_seed(sampling.seed)

    def took(self, token: int) -> None:
        self._written[token] += 1
        if self._grammar:
            self._grammar.take(token)

    def adjusted(self, logits: torch.Tensor) -> torch.Tensor:
        """Of (vocabulary,): with the penalties of what was written, the bias, and nothing that the grammar forbids."""
        changes = dict(self.sampling.logit_bias)
        for token, times in self._written.items():
            taken = self.sampling.presence_penalty + times * self.sampling.frequency_penalty
            changes[token] = changes.get(token, 0.0) - taken
        at = torch.tensor(list(changes), dtype=torch.long, device=logits.device)
        added = torch.tensor(list(changes.values()), dtype=logits.dtype, device=logits.device)
        logits = logits.index_add(0, at, added)
        return self._grammar.masked(logits) if self._grammar else logits

    def penalise(self, logits: torch.Tensor, seen: Sequence[int]) -> torch.Tensor:
        """Of (vocabulary,): make what was seen less likely (arXiv:1909.05858)."""
        penalty = float(self.sampling.repetition_penalty)
        if penalty == 1 or self.greedy:
            return logits
        at = torch.tensor(list({*seen}), device=logits.device)
        known = logits[at]
        return logits.index_copy(0, at, torch.where(known < 0, known * penalty, known / penalty))

    def draw(self, scores: torch.Tensor) -> int:
        """A place in `scores` (candidates,), which are on the CPU and, unless all may be drawn, sorted downwards."""
        chances = (scores / max(float(self.sampling.temperature), COLDEST)).softmax(-1)
        if self.sampling.top_p < 1:
            before = chances.cumsum(-1) - chances
            chances = chances.where(before < self.sampling.top_p, 0.0)
        if self.sampling.min_p:
            chances = chances.where(chances >= self.sampling.min_p * chances.max(), 0.0)
        # drawn on the CPU, so that one seed means one answer on every device
        return int(torch.multinomial(chances, 1, generator=self._random))

    def logprobs(self, token: int, logits: torch.Tensor) -> Logprobs:
        """Under the distribution of `logits` (vocabulary,) as the model gave them."""
        if self.sampling.top_logprobs is None:
            return []
        logp = logits.log_softmax(-1)
        best = logp.topk(min(self.sampling.top_logprobs, len(logp)))
        return [(token, float(logp[token])), *zip(best.indices.tolist(), best.values.tolist(), strict=True)]


def pick(
    pickers: Sequence[Picker], seen: Sequence[Sequence[int]], logits: torch.Tensor
) -> list[tuple[int, Logprobs] | EngineError]:
    """The next token of each row of `logits` (requests, vocabulary), float32; an error for a row that is not finite.

    The whole batch goes to the sampler's CPU side at once, cut down to each row's likeliest where all want few.
    """
    bare = logits
    if any(picker.adjusts for picker in pickers):
        logits = torch.stack([p.adjusted(row) if p.adjusts else row for p, row in zip(pickers, bare, strict=True)])
    best, greedy = logits.max(-1)
    sound = best.isfinite().tolist()
    tokens = greedy.tolist()
    hot = [row for row, picker in enumerate(pickers) if not picker.greedy and sound[row]]
    for row, token in zip(hot, _sample([pickers[r] for r in hot], [seen[r] for r in hot], logits[hot]), strict=True):
        tokens[row] = token
    return [
        (token, picker.logprobs(token, row)) if fine else EngineError(NOT_A_NUMBER, kind="not_a_number")
        for token, picker, row, fine in zip(tokens, pickers, bare, sound, strict=True)
    ]


NOT_A_NUMBER = "The model's numbers overflowed on this request. Please try again, or choose another adapter."


def _sample(pickers: Sequence[Picker], seen: Sequence[Sequence[int]], logits: torch.Tensor) -> list[int]:
    """Draw one token for each row."""
    if not pickers:
        return []
    rows = torch.stack([p.penalise(row, ids) for p, ids, row in zip(pickers, seen, logits, strict=True)])
    size = rows.shape[-1]
    few = [min(picker.sampling.top_k, size) or size for picker in pickers]
    tokens: list[int] = []
    if short := [count for count in few if count < size]:
        top = rows.topk(max(short))
        values, places = top.values.cpu(), top.indices.cpu()
    for row, (picker, count) in enumerate(zip(pickers, few, strict=True)):
        if count < size:
            tokens.append(int(places[row, picker.draw(values[row, :count])]))
        elif picker.sampling.top_p < 1:
            scores, order = rows[row].sort(descending=True)
            tokens.append(int(order[picker.draw(scores.cpu())]))
        else:
            tokens.append(picker.draw(rows[row].cpu()))
    return tokens
