"""Pieces of a batch computed side by side on a CPU, each by threads of its own.

Two threads on one small matrix wait for each other after each of some thousand products; with a piece each they never do.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypeVar

import torch
from torch import Tensor

from chatbot.common.system.heap import give_back
from finetune.train.arithmetic import packed
from finetune.train.arithmetic.attention import uses_rows

Piece = dict[str, Tensor]
T = TypeVar("T")

MOST = 4
"""Pieces at once: each holds the activations of its tokens."""
WORTH = 1.2
"""So much longer do threads take for a token when they compute one piece together and wait for each other. Tokens that are
computed again, because pieces share a beginning, may cost as much."""


class SideBySide:
    """`at_once` pieces of at most `budget` tokens at a time: 1 on a GPU, with random numbers in the layers, and when
    `allowed` is false, as several processes (which have a piece each already) and checkpointed activations want it."""

    def __init__(self, model: Any, budget: int, *, allowed: bool = True) -> None:
        allowed = allowed and model.device.type == "cpu" and not _draws(model)
        self.at_once = min(MOST, torch.get_num_threads()) if allowed else 1
        self._budget = budget
        self._pool: ThreadPoolExecutor | None = None

    def pieces(self, batch: Piece, *, share: bool) -> list[Piece]:
        """The batch as pieces of at most the budget, as many as are computed at once or a multiple of it, where that does
        not repeat too much of what rows share."""
        whole = list(packed.pieces(batch, self._budget, share=share))
        if self.at_once == 1:
            return whole
        cut = list(packed.pieces(batch, self._budget, share=share, at_once=self.at_once))
        return cut if _tokens(cut) <= WORTH * _tokens(whole) else whole

    def map(self, work: Callable[[Piece], T], pieces: Sequence[Piece]) -> Iterator[tuple[int, T]]:
        """(place of a piece, `work` of it), always in the same order: first those that have all threads to themselves, then
        those side by side, the largest first so that no thread is left with a long one."""
        largest = sorted(range(len(pieces)), key=lambda at: -_size(pieces[at]))
        alone = self._alone([_size(pieces[at]) for at in largest])
        for at in largest[:alone]:
            yield at, work(pieces[at])
        yield from zip(largest[alone:], self._at_once(work, [pieces[at] for at in largest[alone:]]), strict=True)

    def _alone(self, sizes: Sequence[int]) -> int:
        """How many of the largest pieces all threads had better compute together, so that the batch takes the least time.
        Those of more than two budgets are, whatever it costs: side by side they would take too much memory."""
        least = sum(size > 2 * self._budget for size in sizes)
        if self.at_once == 1:
            return len(sizes)
        return min(
            range(least, len(sizes) + 1),
            key=lambda count: WORTH * sum(sizes[:count]) / self.at_once + _busiest(sizes[count:], self.at_once),
        )

    def backward(self, model: Any, pieces: Sequence[Piece], loss: Callable[[Piece], Tensor]) -> Tensor:
        """Adds the gradients of all pieces' losses in an order that is the same every time; returns the sum of the losses."""
        weights = [weight for weight in model.parameters() if weight.requires_grad]
        total = torch.zeros((), device=model.device)

        def work(piece: Piece) -> tuple[Tensor, tuple[Tensor | None, ...]]:
            nats = loss(piece)
            return nats.detach(), torch.autograd.grad(nats, weights, allow_unused=True)

        for _, (nats, gradients) in self.map(work, pieces):
            total += nats
            for weight, gradient in zip(weights, gradients, strict=True):
                if gradient is not None:
                    weight.grad = gradient if weight.grad is None else weight.grad.add_(gradient)
        return total

    def row_losses(
        self,
        model: Any,
        rows: Sequence[dict[str, Any]],
        context: Callable[[], AbstractContextManager[Any]] = nullcontext,
    ) -> list[float]:
        """Summed nats of each row {"input_ids", "labels"}, in order; the model is in evaluation mode."""
        if not rows:
            return []

        def work(piece: Piece) -> list[float]:
            with torch.no_grad(), context():
                losses: list[float] = packed.loss_sum(model, piece, rows=True).tolist()
                return losses

        batch = {name: values.to(model.device) for name, values in packed.collate(rows).items()}
        found = dict(self.map(work, pieces := self.pieces(batch, share=uses_rows(model))))
        give_back()
        return [nats for at in range(len(pieces)) for nats in found[at]]

    def _at_once(self, work: Callable[[Piece], T], pieces: Sequence[Piece]) -> Iterator[T]:
        if not pieces:
            return
        threads = torch.get_num_threads()
        self._pool = self._pool or ThreadPoolExecutor(self.at_once, "piece", _use, (threads // self.at_once,))
        waiting = deque(self._pool.submit(work, piece) for piece in pieces)
        try:
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
            wait(waiting)
            torch.set_num_threads(threads)  # MKL knows one number for the whole process


def _use(threads: int) -> None:
    torch.set_num_threads(threads)


def _size(piece: Piece) -> int:
    return int(piece["input_ids"].numel())


def _busiest(sizes: Sequence[int], threads: int) -> int:
    """Tokens of the thread that has the most, where each takes the largest piece that is left (LPT; Graham 1969)."""
    loads = [0] * threads
    for size in sizes:
        loads[loads.index(min(loads))] += size
    return max(loads)


def _tokens(pieces: Sequence[Piece]) -> int:
    return sum(map(_size, pieces))


def _draws(model: Any) -> bool:
    """Whether a layer hides numbers at random: in which order threads draw them is not known."""
    return any(
        (isinstance(module, torch.nn.Dropout) and module.p > 0) or getattr(module, "attention_dropout", 0)
        for module in model.modules()
    )
