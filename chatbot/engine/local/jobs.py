"""Requests to the model, cut into segments that share forward passes with those of others."""

import queue
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from threading import Event

from chatbot.common.errors import BanyanError
from chatbot.engine.local.adapters import Version
from chatbot.engine.local.admission import Reservation
from chatbot.engine.local.cache import Entry
from chatbot.engine.local.sampling import Logprobs, Picker
from chatbot.engine.text.detokenize import Detokenizer, StopText
from chatbot.types import Chunk, FinishReason, TokenLogprob, Usage


@dataclass(frozen=True, slots=True)
class Segment:
    """A request's part of one forward pass: what to feed behind the tokens of its entry.

    Several `branches` do not see each other. `wanted` counts the last rows whose logits are needed; `kept` says whether
    the tokens stay in the cache.
    """

    entry: Entry
    branches: tuple[Sequence[int], ...]
    wanted: int
    kept: bool = True

    @property
    def count(self) -> int:
        return sum(map(len, self.branches))


class Job:
    """One request. `tokens` is what its cache is to hold: the prompt, and behind it the answer so far.

    Belongs to the worker's thread, but for `closed`, `stop` and the queue that the asking thread reads.
    """

    def __init__(self, prompt: Sequence[int], adapter: Version | None, reservation: Reservation, longest: int) -> None:
        self.adapter = adapter
        self.reservation = reservation
        self.tokens = list(prompt)
        self.longest = longest  # tokens that the cache may have to hold, at the very most
        self.entry: Entry | None = None
        self.closed = False
        self.stop: Event | None = None

    @property
    def cancelled(self) -> bool:
        return self.closed or bool(self.stop and self.stop.is_set())

    @property
    def todo(self) -> int:
        """Tokens to be fed before the next logits."""
        return len(self.tokens) - (len(self.entry.ids) if self.entry else 0)

    def segment(self, budget: int) -> Segment:
        """At most `budget` tokens more."""
        assert self.entry
        fed = len(self.entry.ids)
        piece = self.tokens[fed : fed + budget]
        return Segment(self.entry, (piece,), int(fed + len(piece) == len(self.tokens)))

    def cancel(self) -> None:
        """The asking thread has gone or wants no more."""

    def restart(self) -> None:
        """The cache was taken away: all `tokens` will be fed again."""

    def fail(self, error: BanyanError) -> None:
        raise NotImplementedError


class StreamJob(Job):
    """One answer. Its chunks are read by another thread through `chunks`; setting `closed` ends it at the next step."""

    def __init__(
        self,
        prompt: Sequence[int],
        picker: Picker,
        *,
        adapter: Version | None,
        reservation: Reservation,
        limit: int,
        eos: frozenset[int],
        stops: Sequence[str],
        decode: Callable[[Sequence[int]], str],
        stop: Event | None,
    ) -> None:
        super().__init__(prompt, adapter, reservation, len(prompt) + limit)
        self.stop = stop
        self.picker = picker
        self._prompt, self._limit = len(prompt), limit
        self._eos, self._decode = eos, decode
        self._detokenizer, self._text = Detokenizer(decode), StopText(stops)
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

    def cancel(self) -> None:
        self._end("cancelled")

    def fail(self, error: BanyanError) -> None:
        self._out.put(error)

    def accept(self, token: int, pairs: Logprobs) -> bool:
        """Take the next token; True when it ends the answer. The one that does is counted, and has its probability."""
        self._count += 1
        logprobs = self._named(pairs)
        if token in self._eos:
            return self._end("stop", "", 1, logprobs)
        self.picker.took(token)
        text = self._text.push(self._detokenizer.push(token))
        if self._text.hit:
            return self._end("stop", text, 1, logprobs)
        if self._count >= self._limit:
            return self._end("length", text, 1, logprobs)
        self.tokens.append(token)
        self._out.put(Chunk(text=text, tokens=1, logprobs=logprobs))
        return False

    def _end(
        self, finish: FinishReason, text: str = "", tokens: int = 0, logprobs: tuple[TokenLogprob, ...] = ()
    ) -> bool:
        text += self._text.push(self._detokenizer.finish()) + self._text.finish()
        usage = Usage(self._prompt, self._count)
        # what was held back may end in a stop string after all
        finish = "stop" if self._text.hit and finish == "length" else finish
        self._out.put(Chunk(text, tokens, finish, usage, logprobs))
        return True

    def _named(self, pairs: Logprobs) -> tuple[TokenLogprob, ...]:
        named = [(self._decode([at]), value) for at, value in pairs]
        return (TokenLogprob(*named[0], top=tuple(named[1:])),) if named else ()
