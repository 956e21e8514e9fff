"""An engine before its model is there: the page opens at once and this stands in for the real one."""

import logging
from collections.abc import Callable, Iterator, Sequence
from threading import Event, Lock, Thread

from chatbot.common.errors import BanyanError, EngineUnavailable, ModelError, ModelLoading
from chatbot.common.step import Progress, Step
from chatbot.engine.base import Engine
from chatbot.types import Adapter, Chunk, LoadState, Message, Sampling

log = logging.getLogger(__name__)


class LoadingEngine:
    """Builds an engine in the background and is that engine once it is built.

    Until then every request raises `ModelLoading`; if the build fails, every request raises what it failed with, so the
    page can say it, and the rest of the app keeps running.
    """

    def __init__(self, build: Callable[[Progress], Engine]) -> None:
        self._build = build
        self._engine: Engine | None = None
        self._failure: BanyanError | None = None
        self._state = LoadState("loading", Step("starting"))
        self._lock = Lock()
        self._closed = False
        self._settled = Event()

    def start(self) -> None:
        Thread(target=self._load, name="load-model", daemon=True).start()

    def state(self) -> LoadState:
        return self._state

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the model is ready or failed; False when `timeout` seconds passed first."""
        return self._settled.wait(timeout)

    def _load(self) -> None:
        def progress(step: Step, fraction: float | None) -> None:
            self._state = LoadState("loading", step, fraction)

        try:
            engine = self._build(progress)
        except BanyanError as error:
            self._fail(error)
        except Exception as error:
            log.exception("The model could not be loaded")
            self._fail(
                ModelError(
                    f"The model could not be loaded ({type(error).__name__}: {error}). See the log.",
                    kind="model_unloaded",
                    reason=f"{type(error).__name__}: {error}",
                )
            )
        else:
            with self._lock:
                self._engine = engine
                self._state = LoadState("ready")
            if self._closed:
                engine.close()
        self._settled.set()

    def _fail(self, error: BanyanError) -> None:
        log.error("The model could not be loaded: %s", error)
        self._failure, self._state = error, LoadState("failed", failure=error)

    @property
    def engine(self) -> Engine:
        if self._closed:
            raise EngineUnavailable("Banyan is shutting down.", kind="shutting_down")
        step = self._state.step  # before the others, which settle it
        if self._engine:
            return self._engine
        if self._failure:
            raise self._failure
        raise ModelLoading(f"The model is still loading ({step}). Please try again in a moment.", step=step)

    @property
    def name(self) -> str:
        return self.engine.name

    @property
    def model(self) -> str:
        return self.engine.model

    @property
    def device(self) -> str:
        return self.engine.device

    @property
    def context_window(self) -> int:
        return self.engine.context_window

    @property
    def supports_logprobs(self) -> bool:
        return self.engine.supports_logprobs

    def stream(
        self,
        messages: Sequence[Message],
        sampling: Sampling,
        *,
        adapter: str | None = None,
        stop: Event | None = None,
    ) -> Iterator[Chunk]:
        yield from self.engine.stream(messages, sampling, adapter=adapter, stop=stop)

    def score(
        self, messages: Sequence[Message], continuations: Sequence[str], *, adapter: str | None = None
    ) -> list[float]:
        return self.engine.score(messages, continuations, adapter=adapter)

    def count_tokens(self, text: str) -> int:
        return self.engine.count_tokens(text)

    def count_prompt(self, messages: Sequence[Message]) -> int:
        return self.engine.count_prompt(messages)

    def adapters(self) -> list[Adapter]:
        return self.engine.adapters()

    def refresh(self) -> None:
        self.engine.refresh()

    def fit(self, adapter: Adapter) -> None:
        self.engine.fit(adapter)

    def load(self) -> dict[str, int]:
        return self.engine.load()

    def close(self) -> None:
        self._closed = True
        with self._lock:
            if self._engine:
                self._engine.close()
