"""The engine that the app holds: the page opens at once and this stands in for the real one, which may change later."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Condition, Event, Lock, Thread

from chatbot.common.errors import (
    BanyanError,
    EngineUnavailable,
    HubUnavailable,
    ModelDamaged,
    ModelError,
    ModelLoading,
    Stopped,
    StoreError,
)
from chatbot.common.step import Progress, Step
from chatbot.engine.base import Engine
from chatbot.engine.models.target import Target
from chatbot.engine.stand_in import Members, StandIn
from chatbot.types import LoadState

log = logging.getLogger(__name__)

PATIENCE = 300.0
"""Seconds that a change of the model waits for the answers under way, and requests for the change: more than the longest
answer of 8,192 tokens takes at 30 tokens/s."""
LOOK = 0.1  # seconds between looks at a stop event


class LoadingEngine(StandIn):
    """Fetches and builds an engine in the background and is that engine once it is built; `switch` makes it another one.

    Until the first is there every request raises `ModelLoading`; if that fails, every request raises what it failed with, so
    the page can say it, and the rest of the app keeps running. `fetch` brings the files of a model while another one
    answers; `otherwise` names the model to take where the files of one cannot be had, None for none.
    """

    def __init__(
        self,
        build: Callable[[str, Progress], Engine],
        reference: str,
        *,
        fetch: Callable[[str, Progress, Event], object] = lambda reference, progress, stop: None,
        otherwise: Callable[[str], str | None] = lambda reference: None,
        members: Members = lambda group: (),
    ) -> None:
        super().__init__(members)
        self._build, self._fetch, self._otherwise = build, fetch, otherwise
        self._engine: Engine | None = None
        self._failure: BanyanError | None = None
        self.reference = self.started = reference
        self.instead: BanyanError | None = None  # why another model answers than the one that was asked for
        self._target: Target | None = Target(reference)
        self._first = self._target
        self._stopgap: Target | None = None
        self._turn = Lock()  # one model at a time is put in the other's place
        self._changed = Condition()
        self._changing = self._closed = False
        self._busy = 0  # requests that an engine is at work on
        self._settled = Event()

    def start(self) -> None:
        assert self._target
        self._go(self._target)

    def state(self) -> LoadState:
        """Of what answers: `ready` while there is an engine, also while another is on its way."""
        if self._engine or self._changing:
            return LoadState("ready")
        return LoadState("failed", failure=self._failure) if self._failure else self._first.state

    @property
    def present(self) -> Engine | None:
        """What answers at this moment; None before the first, and while a new one is put in the other's place."""
        return self._engine

    @property
    def coming(self) -> Target | None:
        """The model that is to take the other's place, or that failed to."""
        return self._target

    @property
    def stopgap(self) -> Target | None:
        """The model that is to answer meanwhile, on its way or failed; None once there is one that answers."""
        return None if self._engine else self._stopgap

    def in_use(self) -> list[str]:
        """The references of what answers and of what is on its way."""
        targets = [one for one in (self._target, self._stopgap) if one and one.state.status == "loading"]
        return [self.reference, *(target.reference for target in targets)]

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until a model is ready or failed; False when `timeout` seconds passed first."""
        return self._settled.wait(timeout)

    def switch(self, reference: str) -> Target:
        """Put another model in this one's place, in the background; one on its way gives way.

        Its files are fetched first and the answers under way end, while the old one answers; then the old one closes and the
        new one loads. If that fails the old one comes back, and the target's state tells the failure.
        """
        self.cancel()
        self.instead = None
        target = self._target = Target(reference)
        if self._engine is None and not self._changing:
            self._first, self._failure = target, None
        self._go(target)
        return target

    def meanwhile(self, reference: str) -> None:
        """Answer with this model until the one on its way is there."""
        self._stopgap = target = Target(reference)
        Thread(target=self._bring, args=(target, True), name="load-meanwhile", daemon=True).start()

    def cancel(self) -> None:
        """Leave the model that is on its way, until the old one has closed for it. What was fetched of it is kept."""
        if self._target:
            self._target.stop.set()
        self._target = None
        with self._changed:
            self._changed.notify_all()

    def _go(self, target: Target) -> None:
        Thread(target=self._bring, args=(target,), name="load-model", daemon=True).start()

    def _bring(self, target: Target, only_if_none: bool = False) -> None:
        try:
            self._fetched(target)
            with self._turn:
                if target.stop.is_set() or (only_if_none and self._engine):
                    return
                self._replace(target)
        except Stopped:
            target.state = LoadState("failed", failure=Stopped("It was stopped."))
            if self._engine is None and target is self._first:
                said = "There is no model yet: what was on its way was stopped. Choose one in the Models tab."
                self._failure = EngineUnavailable(said, kind="no_model_yet")
        except BanyanError as error:
            self._fail(target, error)
        except Exception as error:
            log.exception("The model could not be loaded")
            reason = f"{type(error).__name__}: {error}"
            said = f"The model could not be loaded ({reason}). See the log."
            self._fail(target, ModelError(said, kind="model_unloaded", reason=reason))
        else:
            target.state = LoadState("ready")
            if self._target is target:
                self._target = None
        self._settled.set()

    def _fetched(self, target: Target) -> None:
        """Its files; where they cannot be had, those of the next model, which `instead` tells."""
        while True:
            try:
                self._fetch(target.reference, target.progress, target.stop)
                return
            except (HubUnavailable, ModelDamaged, StoreError) as error:
                other = self._otherwise(target.reference)
                if self._engine or other is None:
                    raise
                log.warning("%s Trying --model %s instead.", error, other)
                self.instead, target.reference = error, other

    def _replace(self, target: Target) -> None:
        with self._changed:
            self._changing = self._engine is not None
            if self._busy:
                target.progress(Step("finishing"), None)
            self._changed.wait_for(lambda: not self._busy or self._closed or target.stop.is_set(), PATIENCE)
            if target.stop.is_set():
                self._changing = False
                self._changed.notify_all()
                raise Stopped("It was stopped.")
        old, before = self._engine, self.reference
        self._engine = None
        try:
            if old:
                old.close()
            self._take(self._build(target.reference, target.progress), target.reference)
        except Exception:
            if old:
                self._take(self._build(before, target.progress), before)
            raise
        finally:
            with self._changed:
                self._changing = False
                self._changed.notify_all()

    def _take(self, engine: Engine, reference: str) -> None:
        self._engine, self.reference, self._failure = engine, reference, None
        if self._closed:
            engine.close()

    def _fail(self, target: Target, error: BanyanError) -> None:
        log.error("The model could not be loaded: %s", error)
        target.state = LoadState("failed", failure=error)
        if self._engine is None and (target is self._first or target is self._target):
            self._failure = error

    @property
    def engine(self) -> Engine:
        with self._changed:
            self._changed.wait_for(lambda: self._engine or not self._changing, PATIENCE)
        if self._closed:
            raise EngineUnavailable("Banyan is shutting down.", kind="shutting_down")
        step = self._first.state.step or Step("starting")  # before the others, which settle it
        if self._engine:
            return self._engine
        if self._failure:
            raise self._failure
        raise ModelLoading(f"The model is still loading ({step}). Please try again in a moment.", step=step)

    @contextmanager
    def _serving(self, stop: Event | None = None) -> Iterator[Engine | None]:
        """The engine, which does not close before the block ends; None when `stop` was set first."""
        with self._changed:
            while self._changing and not self._closed:
                if stop is not None and stop.is_set():
                    break
                self._changed.wait(LOOK)
            stopped = self._changing and not self._closed
            self._busy += not stopped
        try:
            yield None if stopped else self.engine
        finally:
            with self._changed:
                self._busy -= not stopped
                self._changed.notify_all()

    def close(self) -> None:
        self._closed = True
        self.cancel()
        if self._stopgap:
            self._stopgap.stop.set()
        with self._changed:
            self._changed.notify_all()
        if self._engine:
            self._engine.close()
