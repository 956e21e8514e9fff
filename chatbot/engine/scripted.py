"""An engine without a model: it says what it is told.

The tests run the whole app on it, and so does `python app.py --engine scripted`. Its tokens are words with the space
before them, or single Chinese, Japanese and Korean characters, so every count can be done by hand.
"""

import math
import re
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from threading import Event, Lock

from chatbot.common.errors import AdapterNotFound, ContextOverflow, EngineUnavailable
from chatbot.engine.offer import NoTraining, Offer
from chatbot.engine.slot_queue import SlotQueue
from chatbot.engine.text import calls
from chatbot.types import Adapter, Chunk, FinishReason, Message, Prompt, Sampling, Server, TokenLogprob, Traits, Usage

_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
_TOKEN = re.compile(rf"\s*(?:[{_CJK}]|[^\s{_CJK}]+)|\s+")

Reply = str | Exception | tuple[str, Exception]
"""A text; a failure raised at once; or a text and the failure that follows it."""


@dataclass(frozen=True, slots=True)
class Request:
    """What one call of `stream` was given."""

    messages: tuple[Message, ...]
    sampling: Sampling
    adapter: str | None


class ScriptedEngine:
    """Queued replies are given in turn, one per request; then, or without any, the last user message is echoed.

    A callable is asked for every reply. Where the last
    message is the beginning of an answer, what follows it in the reply is said. `requests` and `prompts` hold what was asked, in the order it was answered.
    """

    name = "scripted"
    device = "no model"
    supports_logprobs = False
    supports_scores = True
    servers: tuple[Server, ...] = ()

    def __init__(
        self,
        replies: Sequence[Reply] | Callable[[Sequence[Message]], str] | None = None,
        *,
        model: str = "scripted",
        context_window: int = 2048,
        slots: int = 4,
        seconds_per_token: float = 0.0,
        adapters: Sequence[Adapter] = (),
        traits: Traits = Traits(),  # noqa: B008 - frozen
    ) -> None:
        self.model, self.traits = model, traits
        self.context_window = context_window
        self.requests: list[Request] = []
        self._reply = replies if callable(replies) else None
        self._queue: deque[Reply] = deque(() if replies is None or callable(replies) else replies)
        self._seconds_per_token = seconds_per_token
        self._adapters = list(adapters)
        self._slots = SlotQueue(slots)
        self._lock = Lock()
        self._closed = False

    @property
    def prompts(self) -> list[tuple[Message, ...]]:
        return [request.messages for request in self.requests]

    def stream(
        self,
        messages: Sequence[Message],
        sampling: Sampling,
        *,
        adapter: str | None = None,
        stop: Event | None = None,
    ) -> Iterator[Chunk]:
        told, drawn = calls.begun(messages, sampling)
        answer = self._stream(told, self.count_prompt(told), drawn, adapter, stop or Event())
        yield from calls.read(answer, messages, sampling, lambda: self.count_prompt(told))

    def _stream(
        self, messages: Sequence[Message], prompt: int, sampling: Sampling, adapter: str | None, stop: Event
    ) -> Iterator[Chunk]:
        self._check_adapter(adapter)
        self._check_prompt(prompt)
        with self._slots.ticket() as ticket:
            for place in ticket.wait(stop):
                yield Chunk(place=place)
            if not ticket.running:
                yield Chunk(finish="cancelled", usage=Usage(prompt, 0))
                return
            yield from self._say(self._next_reply(messages, sampling, adapter), prompt, sampling, stop)

    def score(
        self, messages: Sequence[Message], continuations: Sequence[str], *, adapter: str | None = None
    ) -> list[float]:
        """A nat per token: every continuation of n tokens scores -n, whatever the messages say."""
        self._check_adapter(adapter)
        self._check_prompt(self.count_prompt(messages))
        return [-float(self.count_tokens(continuation)) for continuation in continuations]

    def go_on(
        self, prompt: Prompt, sampling: Sampling, *, adapter: str | None = None, stop: Event | None = None
    ) -> Iterator[Chunk]:
        """Numbers are said as they are written."""
        text = _text(prompt)
        return self._stream([Message("user", text)], self.count_tokens(text), sampling, adapter, stop or Event())

    def read(self, prompt: Prompt, best: int, *, adapter: str | None = None) -> list[TokenLogprob]:
        """A nat per token, as `score` has it, and no other token is as likely."""
        self._check_adapter(adapter)
        tokens: list[str] = _TOKEN.findall(_text(prompt))
        chances = [math.nan, *[-1.0] * (len(tokens) - 1)]
        return [TokenLogprob(token, p, ((token, p),) if best else ()) for token, p in zip(tokens, chances, strict=True)]

    def count_tokens(self, text: str) -> int:
        return len(_TOKEN.findall(text))

    def count_prompt(self, messages: Sequence[Message]) -> int:
        """The contents, one token for each role and one that opens the answer, where none has begun."""
        return sum(1 + self.count_tokens(message.content) for message in messages) + (not _begun(messages))

    def adapters(self) -> list[Adapter]:
        return list(self._adapters)

    def refresh(self) -> None:
        """There is no disk to look at."""

    def fit(self, adapter: Adapter) -> None:
        """Every adapter fits: there are no weights."""

    def load(self) -> dict[str, int]:
        return self._slots.load()

    def close(self) -> None:
        self._closed = True
        self._slots.close()

    def _say(self, reply: Reply, prompt: int, sampling: Sampling, stop: Event) -> Iterator[Chunk]:
        text, failure = _parts(reply)
        tokens: list[str] = _TOKEN.findall(_until(text, sampling.stop))
        room = min(sampling.max_tokens, self.context_window - prompt)
        finish: FinishReason = "length" if len(tokens) > room else "stop"
        said = 0
        for token in tokens[:room]:
            self._wait(stop)
            if self._closed:
                raise EngineUnavailable(
                    "The model was closed while it answered. Please try again.", kind="model_closed"
                )
            if stop.is_set():
                finish = "cancelled"
                break
            said += 1
            yield Chunk(text=token, tokens=1)
        else:
            if failure is not None:
                raise failure
        yield Chunk(finish=finish, usage=Usage(prompt, said))

    def _wait(self, stop: Event) -> None:
        if self._seconds_per_token > 0:
            deadline = time.monotonic() + self._seconds_per_token
            while not self._closed and not stop.is_set() and (left := deadline - time.monotonic()) > 0:
                stop.wait(min(left, 0.1))

    def _next_reply(self, messages: Sequence[Message], sampling: Sampling, adapter: str | None) -> Reply:
        with self._lock:
            self.requests.append(Request(tuple(messages), sampling, adapter))
            queued = self._queue.popleft() if self._queue else None
        begun = _begun(messages)
        reply = self._made(messages[:-1] if begun else messages) if queued is None else queued
        return reply.removeprefix(begun) if isinstance(reply, str) else reply

    def _made(self, messages: Sequence[Message]) -> str:
        if self._reply is not None:
            return self._reply(messages)
        return next((message.content for message in reversed(messages) if message.role == "user"), "")

    def _check_adapter(self, adapter: str | None) -> None:
        if adapter is not None and adapter not in {known.name for known in self._adapters}:
            raise AdapterNotFound(f"There is no adapter named “{adapter}”. Choose one from the list.", name=adapter)

    def _check_prompt(self, prompt: int) -> None:
        if prompt >= self.context_window:
            raise ContextOverflow(
                f"The text has {prompt} tokens and the model can read {self.context_window}. Please shorten it.",
                kind="text_overflow",
                prompt=prompt,
                window=self.context_window,
            )


def _text(prompt: Prompt) -> str:
    return prompt.text or " ".join(map(str, prompt.tokens))


def _begun(messages: Sequence[Message]) -> str:
    """What the assistant has said of its answer already."""
    return messages[-1].content if messages and messages[-1].role == "assistant" else ""


def _parts(reply: Reply) -> tuple[str, Exception | None]:
    if isinstance(reply, str):
        return reply, None
    return ("", reply) if isinstance(reply, Exception) else reply


def _until(text: str, stop: Sequence[str]) -> str:
    """The text before the first stop string. Stops are matched in the text, not per token, as servers do."""
    return text[: min((at for s in stop if (at := text.find(s)) >= 0), default=len(text))]


NO_MODEL = NoTraining("scripted", "Training is not possible here: the scripted engine has no model.")
OFFER = Offer(
    "scripted",
    build=lambda wanted, progress: ScriptedEngine(slots=wanted.slots or 4),
    no_training=lambda wanted: NO_MODEL,
    fetches=False,
)
