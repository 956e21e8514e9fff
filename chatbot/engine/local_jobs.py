"""Work for the model, cut into steps of one forward pass.

A job has its own cache and its own random stream and meets no other job's, so it computes exactly what it would alone.
"""

import copy
import queue
from collections.abc import Callable, Iterator, Sequence
from threading import Event
from typing import Any, Protocol

import torch

from chatbot.engine.detokenize import Detokenizer, StopText
from chatbot.engine.local_adapters import Version
from chatbot.engine.local_sampling import Picker
from chatbot.errors import BanyanError
from chatbot.types import Chunk, FinishReason, Sampling, TokenLogprob, Usage

PREFILL = 256  # prompt tokens per step: what a Stop, or another person's next token, waits for at most
SCORED = 256  # padded tokens of continuations per step of a score


class Job(Protocol):
    adapter: Version | None

    def step(self, model: Any) -> bool:
        """One forward pass at most; True when the job is done and holds no tensors any more."""

    def fail(self, error: BanyanError) -> None: ...


class Context:
    """A prompt, its cache, and how far it has been read."""

    def __init__(self, model: Any, ids: Sequence[int], device: torch.device) -> None:
        from transformers import DynamicCache

        self._todo = list(ids)
        self._device = device
        self.cache = DynamicCache(config=model.config)

    def read(self, model: Any) -> torch.Tensor | None:
        """Feed the next piece; the last token's logits (vocabulary,), float32, when nothing is left, else None."""
        piece, self._todo = self._todo[:PREFILL], self._todo[PREFILL:]
        ids = torch.tensor([piece], device=self._device)
        out = model(input_ids=ids, past_key_values=self.cache, use_cache=True, logits_to_keep=1)
        return None if self._todo else out.logits[0, -1].float()

    def push(self, token: int) -> None:
        self._todo.append(token)


class StreamJob:
    """One answer. Its chunks are read by another thread through `chunks`; setting `closed` ends it at the next step."""

    def __init__(
        self,
        prompt: Sequence[int],
        sampling: Sampling,
        *,
        adapter: Version | None,
        room: int,
        eos: frozenset[int],
        stops: Sequence[str],
        decode: Callable[[Sequence[int]], str],
        stop: Event | None,
    ) -> None:
        self.adapter = adapter
        self.closed = False
        self._prompt = prompt
        self._limit = min(room, sampling.max_tokens)
        self._eos, self._stop, self._decode = eos, stop, decode
        self._detokenizer, self._text = Detokenizer(decode), StopText(stops)
        self._picker = Picker(sampling, prompt)
        self._context: Context | None = None
        self._count = 0
        self._out: queue.SimpleQueue[Chunk | BanyanError] = queue.SimpleQueue()

    def chunks(self) -> Iterator[Chunk]:
        while True:
            item = self._out.get()
            if isinstance(item, BanyanError):
                raise item
            yield item
            if item.finish:
                return

    def step(self, model: Any) -> bool:
        if self.closed or (self._stop and self._stop.is_set()):
            return self._end("cancelled")
        if self._context is None:
            self._context = Context(model, self._prompt, model.device)
        logits = self._context.read(model)
        if logits is None:
            return False
        token = self._picker.pick(logits)
        if token in self._eos:
            return self._end("stop")
        self._count += 1
        return self._accept(token, self._logprobs(token, logits))

    def fail(self, error: BanyanError) -> None:
        self._context = None
        self._out.put(error)

    def _accept(self, token: int, logprobs: tuple[TokenLogprob, ...]) -> bool:
        text = self._text.push(self._detokenizer.push(token))
        if self._text.hit:
            return self._end("stop", text, 1, logprobs)
        if self._count >= self._limit:
            return self._end("length", text, 1, logprobs)
        self._out.put(Chunk(text=text, tokens=1, logprobs=logprobs))
        if self._context:
            self._context.push(token)
        return False

    def _end(
        self, finish: FinishReason, text: str = "", tokens: int = 0, logprobs: tuple[TokenLogprob, ...] = ()
    ) -> bool:
        self._context = None
        text += self._text.push(self._detokenizer.finish()) + self._text.finish()
        usage = Usage(len(self._prompt), self._count)
        # what was held back may end in a stop string after all
        finish = "stop" if self._text.hit and finish == "length" else finish
        self._out.put(Chunk(text, tokens, finish, usage, logprobs))
        return True

    def _logprobs(self, token: int, logits: torch.Tensor) -> tuple[TokenLogprob, ...]:
        pairs = self._picker.logprobs(token, logits)
        named = [(self._decode([at]), value) for at, value in pairs]
        return (TokenLogprob(*named[0], top=tuple(named[1:])),) if named else ()


class ScoreJob:
    """log p of each continuation: the prompt is read once, then the continuations in batches on copies of its cache."""

    def __init__(self, prompt: Sequence[int], continuations: Sequence[Sequence[int]], adapter: Version | None) -> None:
        self.adapter = adapter
        self._prompt, self._continuations = prompt, continuations
        self._context: Context | None = None
        self._first: torch.Tensor | None = None  # log-probabilities of the first token, (vocabulary,)
        self._scores: list[float] = []
        self._result: queue.SimpleQueue[list[float] | BanyanError] = queue.SimpleQueue()

    def result(self) -> list[float]:
        item = self._result.get()
        if isinstance(item, BanyanError):
            raise item
        return item

    def step(self, model: Any) -> bool:
        if self._context is None:
            self._context = Context(model, self._prompt, model.device)
        if self._first is None:
            logits = self._context.read(model)
            self._first = None if logits is None else logits.log_softmax(-1)
        else:
            longest = max(map(len, self._continuations), default=1)
            done = len(self._scores)
            batch = self._continuations[done : done + max(1, SCORED // max(longest, 1))]
            self._scores += self._score(model, batch, self._context, self._first)
        if self._first is None or len(self._scores) < len(self._continuations):
            return False
        self._context = self._first = None
        self._result.put(self._scores)
        return True

    def fail(self, error: BanyanError) -> None:
        self._context = self._first = None
        self._result.put(error)

    def _score(self, model: Any, batch: Sequence[Sequence[int]], context: Context, first: torch.Tensor) -> list[float]:
        scores = [float(first[ids[0]]) if ids else 0.0 for ids in batch]
        width = max(len(ids) for ids in batch) - 1
        if width < 1:
            return scores
        # Padding stands on the right, where causal attention never lets a real token see it.
        rows = torch.tensor([[*ids[:-1], *[0] * (width + 1 - max(len(ids), 1))] for ids in batch], device=first.device)
        cache = copy.deepcopy(context.cache)
        cache.batch_repeat_interleave(len(batch))
        logits = model(input_ids=rows, past_key_values=cache, use_cache=True).logits
        for row, ids in enumerate(batch):
            if len(ids) > 1:
                following = torch.tensor(ids[1:], device=first.device)
                steps = logits[row, : len(ids) - 1].float().log_softmax(-1)
                scores[row] += float(steps.gather(1, following[:, None]).sum())
        return scores
