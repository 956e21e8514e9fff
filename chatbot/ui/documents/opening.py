"""The library before its embedder is there: the page opens at once and this stands in for it."""

import logging
from collections.abc import Callable
from threading import Event, Thread

from chatbot.common.errors import BanyanError, StoreUnavailable
from chatbot.common.step import Progress, Step
from chatbot.tasks.answer.work import Retrieval
from chatbot.types import LoadState

AGAIN = 2.0  # seconds until a database that did not answer is asked again

log = logging.getLogger(__name__)


class LibraryOpening(BanyanError):
    """Details: `step`."""

    kind = code = "library_opening"
    status = 503


class OpeningLibrary:
    """Builds a `Retrieval` in the background. Until it is there, asking for it raises `LibraryOpening`; if it cannot be
    built, what it failed with. Where that was a database that did not answer, it is tried until it does."""

    def __init__(self, build: Callable[[Progress], Retrieval]) -> None:
        self._build = build
        self._retrieval: Retrieval | None = None
        self._failure: BanyanError | None = None
        self._state = LoadState("loading", Step("starting"))
        self._settled, self._closed = Event(), Event()

    def start(self) -> None:
        Thread(target=self._open, name="open-library", daemon=True).start()

    def state(self) -> LoadState:
        return self._state

    def get(self, timeout: float = 0.0) -> Retrieval:
        """Wait up to `timeout` seconds. Raises `LibraryOpening`, or why it cannot be opened."""
        if timeout:
            self._settled.wait(timeout)
        step = self._state.step  # before the others, which settle it
        if self._retrieval:
            return self._retrieval
        if self._failure:
            raise self._failure
        raise LibraryOpening(f"The library is still opening ({step}). Please try again in a moment.", step=step)

    def close(self) -> None:
        self._closed.set()
        if self._retrieval:
            self._retrieval.library.close()

    def _open(self) -> None:
        while not self._opened() and not self._closed.wait(AGAIN):
            log.info("The library is tried again")

    def _opened(self) -> bool:
        """Try to; False where another try may go better."""

        def progress(step: Step, fraction: float | None) -> None:
            self._state = LoadState("loading", step, fraction)

        try:
            self._retrieval = self._build(progress)
            self._state = LoadState("ready")
        except Exception as error:
            log.exception("The library could not be opened")
            self._failure = (
                error
                if isinstance(error, BanyanError)
                else BanyanError(
                    f"The library could not be opened ({type(error).__name__}). See the log.",
                    kind="library_unopened",
                    reason=type(error).__name__,
                )
            )
            self._state = LoadState("failed", failure=self._failure)
        self._settled.set()
        return not isinstance(self._state.failure, StoreUnavailable)
