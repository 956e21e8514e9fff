"""The answers being written now, so that Stop, a closed tab, a second window and another Banyan each find the right one."""

import logging
import secrets
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from threading import Event, Lock, Thread

from chatbot.common.errors import InputError, StoreError
from chatbot.store.stops import Stops

LOOK = 0.5  # seconds between looks at what was told to stop elsewhere: as long as a Stop may take here

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Run:
    session: str | None
    since: float = 0.0  # by the clock of `Stops`
    stop: Event = field(default_factory=Event)


class Runs:
    """At most one answer per conversation. Safe to use from any thread. `elsewhere` are other Banyans over the same database."""

    def __init__(self, elsewhere: Stops | None = None) -> None:
        self._runs: dict[tuple[str, str], _Run] = {}
        self._lock = Lock()
        self._elsewhere, self._listens = elsewhere, False

    @contextmanager
    def open(self, owner: str, conversation: str, session: str | None) -> Iterator[Event]:
        """The stop event of a new answer. Raises `InputError` while the conversation is being answered."""
        key, run = (owner, conversation), _Run(session, self._elsewhere.now() if self._elsewhere else 0.0)
        with self._lock:
            if key in self._runs:
                raise InputError(
                    "This conversation is being answered already. Wait for it, or press Stop.", kind="busy_here"
                )
            self._runs[key] = run
            self._listen()
        try:
            yield run.stop
        finally:
            with self._lock:
                del self._runs[key]

    def call(self, session: str | None) -> AbstractContextManager[Event]:
        """The stop event of what a program has asked for, which any number may ask for at once."""
        return self.open("", secrets.token_hex(16), session)

    def running(self, owner: str, *conversations: str | None) -> bool:
        """Whether any of them is being answered."""
        with self._lock:
            return any((owner, conversation or "") in self._runs for conversation in conversations)

    def stop(self, owner: str, conversation: str) -> None:
        """Here, else wherever it is answered."""
        with self._lock:
            run = self._runs.get((owner, conversation))
        if run:
            run.stop.set()
        elif self._elsewhere:
            self._elsewhere.ask(owner, conversation)

    def leave(self, session: str) -> None:
        """The client of this session is gone: stop what it was reading."""
        with self._lock:
            left = [run for run in self._runs.values() if run.session == session]
        for run in left:
            run.stop.set()

    def _listen(self) -> None:
        """Hear what others are told to stop, as long as there is something to be stopped. The lock is held."""
        if self._elsewhere and not self._listens:
            self._listens = True
            Thread(target=self._listening, args=(self._elsewhere,), name="stops", daemon=True).start()

    def _listening(self, elsewhere: Stops) -> None:
        while True:
            time.sleep(LOOK)
            with self._lock:
                runs = dict(self._runs)
                if not runs:
                    self._listens = False
                    return
            try:
                asked = elsewhere.asked()
            except StoreError as error:  # the database is away; answers go on without it
                log.warning("What was stopped elsewhere is not known now: %s", error)
                continue
            for key, run in runs.items():
                if asked.get(key, -1.0) >= run.since:
                    run.stop.set()
