"""Log-probabilities of given tokens, in the same forward passes as everybody else's requests."""

import queue
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from chatbot.common.errors import BanyanError
from chatbot.engine.local.adapters import Version
from chatbot.engine.local.admission import Reservation
from chatbot.engine.local.jobs import Job, Segment
from chatbot.types import TokenLogprob

SCORED = 256  # tokens of continuations in one step of a score


@dataclass(frozen=True, slots=True)
class Scored:
    """Log-probabilities of the tokens of a continuation, (tokens,), and the likeliest in their places, (tokens, best)."""

    ids: Sequence[int]
    chances: torch.Tensor
    best: torch.Tensor
    best_chances: torch.Tensor

    def named(self, decode: Callable[[Sequence[int]], str]) -> list[TokenLogprob]:
        tops = zip(self.best.tolist(), self.best_chances.tolist(), strict=True)
        return [
            TokenLogprob(decode([token]), chance, tuple((decode([at]), p) for at, p in zip(*top, strict=True)))
            for token, chance, top in zip(self.ids, self.chances.tolist(), tops, strict=True)
        ]


class ScoreJob(Job):
    """log p of each continuation: the prompt is read once, then the continuations as branches behind it."""

    def __init__(
        self,
        prompt: Sequence[int],
        continuations: Sequence[Sequence[int]],
        *,
        adapter: Version | None,
        reservation: Reservation,
        window: int,
        best: int = 0,
    ) -> None:
        super().__init__(prompt, adapter, reservation, score_room(prompt, continuations, window))
        self._continuations, self._best = continuations, best
        self._first: torch.Tensor | None = None  # log-probabilities of the first token, (vocabulary,)
        self._batch: Sequence[Sequence[int]] = ()
        self._scores: list[Scored] = []
        self._result: queue.SimpleQueue[list[Scored] | BanyanError] = queue.SimpleQueue()

    def result(self) -> list[Scored]:
        item = self._result.get()
        if isinstance(item, BanyanError):
            raise item
        return item

    def segment(self, budget: int) -> Segment:
        if self._first is None:
            return super().segment(budget)
        assert self.entry
        # the last token of a continuation is foretold, never fed
        branches = tuple(ids[:-1] for ids in self._batch if len(ids) > 1)
        return Segment(self.entry, branches, sum(map(len, branches)), kept=False)

    @property
    def todo(self) -> int:
        return super().todo if self._first is None else sum(len(ids) - 1 for ids in self._batch if ids)

    def restart(self) -> None:
        self._first = None

    def fail(self, error: BanyanError) -> None:
        self._first = None
        self._result.put(error)

    def read(self, logits: torch.Tensor) -> bool:
        """Take the logits of the segment's wanted rows; True when all is scored."""
        logp = logits.log_softmax(-1)
        if self._first is None:
            self._first = logp[-1]
        else:
            row = 0
            for ids in self._batch:
                self._score(ids, logp[row : row + len(ids) - 1])
                row += max(len(ids) - 1, 0)
        return self._advance()

    def _advance(self) -> bool:
        """Score what needs no forward pass and choose the next batch of what does."""
        left = self._continuations[len(self._scores) :]
        while left and len(left[0]) <= 1:
            self._score(left[0])
            left = left[1:]
        if not left:
            self._first = None
            self._result.put(self._scores)
            return True
        count = 1
        while count < len(left) and sum(map(len, left[: count + 1])) <= self.longest - len(self.tokens):
            count += 1
        self._batch = left[:count]
        return False

    def _score(self, ids: Sequence[int], rest: torch.Tensor | None = None) -> None:
        """`rest` are the log-probabilities behind the first token, (tokens - 1, vocabulary)."""
        assert self._first is not None
        rows = self._first[None][: len(ids)] if rest is None else torch.cat([self._first[None], rest])
        at = torch.tensor(ids, dtype=torch.long, device=rows.device)
        top = rows.topk(min(self._best, rows.shape[-1]))
        self._scores.append(Scored(ids, rows.gather(1, at[:, None])[:, 0].cpu(), top.indices.cpu(), top.values.cpu()))


def score_room(prompt: Sequence[int], continuations: Sequence[Sequence[int]], window: int) -> int:
    """Tokens of cache that a `ScoreJob` needs; the longest continuation is known to fit into the window."""
    return min(len(prompt) + max(SCORED, *map(len, continuations), 0), window)
