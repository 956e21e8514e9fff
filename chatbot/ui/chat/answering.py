"""One answer in the chat: asked of the engine, shown on a clock, saved whatever happens."""

import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from threading import Event

from chatbot.common.errors import BanyanError
from chatbot.engine.base import Engine
from chatbot.engine.loading import LoadingEngine
from chatbot.engine.models.speeds import Speeds
from chatbot.store.store import Store
from chatbot.store.values import By, Conversation
from chatbot.tasks import chat
from chatbot.tasks.budget import Fitted
from chatbot.tasks.loops import begun
from chatbot.types import Chunk, FinishReason, Message, Sampling
from chatbot.ui.parts import render
from chatbot.ui.parts.clock import TICK
from chatbot.ui.strings.words import Language, text


@dataclass(frozen=True, slots=True)
class View:
    """The page's state after one step: the answer as Markdown, and the line under it."""

    answer: str
    meter: str


def answer(
    engine: LoadingEngine,
    store: Store,
    owner: str,
    conversation: Conversation,
    sampling: Sampling,
    stop: Event,
    language: Language,
    speeds: Speeds | None = None,
) -> Iterator[View]:
    """Stream the answer to the conversation's last message and save it, also when it is stopped or fails midway.

    Where the last message is an answer, that one is gone on with.
    """
    said = begun(conversation.messages)
    reply = chat.reply(
        engine.asked_by(owner),
        conversation.messages,
        sampling,
        system_prompt=conversation.system_prompt,
        adapter=conversation.adapter,
        stop=stop,
    )
    progress = _Progress(reply.fitted, language, said, engine)
    try:
        with closing(reply.chunks) as chunks:  # type: ignore[type-var]
            yield progress.view()
            yield from _on_a_clock(chunks, progress)
    finally:
        if progress.body and (progress.finish or progress.body != said):
            by = progress.by(conversation.adapter or "")
            if said:
                store.go_on(owner, conversation.id, progress.body, finish=progress.finish, by=by)
            else:
                whole, at = Message("assistant", progress.body), len(conversation.turns)
                store.append(owner, conversation.id, whole, at=at, finish=progress.finish, by=by)
    if speeds:
        progress.measure(speeds)
    yield progress.view()


def _on_a_clock(chunks: Iterator[Chunk], progress: "_Progress") -> Iterator[View]:
    shown = time.monotonic()
    for chunk in chunks:
        progress.take(chunk)
        now = time.monotonic()
        if chunk.place or now - shown >= TICK:
            shown = now
            yield progress.view()


class _Progress:
    """The answer so far and its figures."""

    def __init__(self, fitted: Fitted, language: Language, begun: str, engine: LoadingEngine) -> None:
        self._fitted = fitted
        self._language = language
        self._parts = [begun]
        self._tokens = 0
        self._began = time.monotonic()  # when its turn came
        self._last: Chunk | None = None
        self._engine = engine
        self._writes, self._model = "", ""  # who writes is known once it does: it may be another before
        self._first = 0.0  # when it wrote its first token

    @property
    def body(self) -> str:
        return "".join(self._parts)

    @property
    def finish(self) -> FinishReason | None:
        return self._last.finish if self._last else None

    def take(self, chunk: Chunk) -> None:
        self._last = chunk
        if chunk.tokens and not self._tokens:
            self._writes, self._model = self._engine.traits.known or self._engine.reference, self._engine.model
            self._first = time.monotonic()
        self._tokens += chunk.tokens
        if chunk.place:
            self._began = time.monotonic()
        if chunk.text:
            self._parts.append(chunk.text)

    def by(self, adapter: str) -> By:
        """Who wrote it, and how long that took from its turn on."""
        return By(self._model, adapter, self._tokens, time.monotonic() - self._began)

    def measure(self, speeds: Speeds) -> None:
        """How fast it was written, without the reading before it."""
        speeds.tell(self._writes, self._tokens, time.monotonic() - self._first)

    def view(self) -> View:
        used = self._fitted.prompt + self._tokens
        meter = render.meter(used, self._fitted.window, self._language, self._fitted, self._speed())
        return View(render.answer(self.body, self._last, self._language), meter)

    def _speed(self) -> str:
        if not (self._last and self._last.finish and self._tokens):
            return ""
        rate = self._tokens / max(time.monotonic() - self._began, 1e-6)
        return text("speed", self._language, tokens=self._tokens, rate=f"{rate:.0f}")


def context_meter(engine: Engine, conversation: Conversation | None, sampling: Sampling, language: Language) -> str:
    """The meter of a conversation that is not being answered; empty while there is no model."""
    try:
        if not conversation or not conversation.messages:
            return render.meter(0, engine.context_window, language)
        fitted = chat.fitted(engine, conversation.messages, sampling, system_prompt=conversation.system_prompt)
        return render.meter(fitted.prompt, fitted.window, language, fitted)
    except BanyanError:
        return ""  # the same error is told when a message is sent
