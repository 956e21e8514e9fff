"""Models that are fetched while another one answers, and what can be taken away again."""

import logging
from collections.abc import Callable, Iterable
from pathlib import Path
from threading import Event, Lock, Thread

from chatbot.common.errors import BanyanError, ModelError, Stopped
from chatbot.common.step import Progress
from chatbot.engine.models import on_disk
from chatbot.engine.models.resolve import resolve
from chatbot.engine.models.target import Target
from chatbot.types import LoadState

log = logging.getLogger(__name__)


class Fetches:
    """One thread a model. References are as `on_disk.asked` gives them. Safe from any thread.

    `in_use` names what must not be removed: references, files, folders.
    """

    def __init__(
        self,
        models: Path,
        in_use: Callable[[], Iterable[str]] = lambda: (),
        *,
        resolve: Callable[[str, Path, Progress, Event | None], object] = resolve,
    ) -> None:
        self.models, self._in_use, self._resolve = models, in_use, resolve
        self._lock = Lock()
        self._targets: dict[str, Target] = {}

    def start(self, reference: str) -> None:
        """Fetch it, unless that is under way. What an earlier fetch left is gone on with."""
        with self._lock:
            before = self._targets.get(reference)
            if before and before.state.status == "loading":
                return
            target = self._targets[reference] = Target(reference)
        Thread(target=self._run, args=(target,), name="fetch-model", daemon=True).start()

    def state(self, reference: str) -> Target | None:
        """The fetch that is under way or failed; None where there is none, also once all is there."""
        return self._targets.get(reference)

    def under_way(self) -> list[str]:
        with self._lock:
            return [name for name, target in self._targets.items() if target.state.status == "loading"]

    def known(self) -> list[str]:
        """What is under way or failed."""
        with self._lock:
            return list(self._targets)

    def cancel(self, reference: str) -> None:
        """End it soon; what was fetched is kept. One that failed is forgotten."""
        with self._lock:
            target = self._targets.get(reference)
            if target and target.state.status == "failed":
                del self._targets[reference]
        if target:
            target.stop.set()

    def close(self) -> None:
        for reference in self.known():
            self.cancel(reference)

    def remove(self, reference: str) -> None:
        """Take a model away. Raises as `on_disk.remove` does."""
        on_disk.remove(reference, self.models, [*self._in_use(), *self.under_way()])

    def _run(self, target: Target) -> None:
        try:
            self._resolve(target.reference, self.models, target.progress, target.stop)
        except Stopped:
            pass  # whoever stopped it knows
        except BanyanError as error:
            target.state = LoadState("failed", failure=error)
            return
        except Exception as error:
            log.exception("A model could not be fetched")
            reason = f"{type(error).__name__}: {error}"
            said = f"The model could not be fetched ({reason}). See the log."
            target.state = LoadState("failed", failure=ModelError(said, kind="model_unfetched", reason=reason))
            return
        with self._lock:
            del self._targets[target.reference]
