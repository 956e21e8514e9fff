"""The answers being written now, so that Stop, a closed tab and a second window each find the right one."""

import secrets
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from threading import Event, Lock

from chatbot.common.errors import InputError


@dataclass(frozen=True, slots=True)
class _Run:
    session: str | None
    stop: Event = field(default_factory=Event)


class Runs:
    """At most one answer per conversation. Safe to use from any thread."""

    def __init__(self) -> None:
        self._runs: dict[tuple[str, str], _Run] = {}
        self._lock = Lock()

    @contextmanager
    def open(self, owner: str, conversation: str, session: str | None) -> Iterator[Event]:
        """The stop event of a new answer. Raises `InputError` while the conversation is being answered."""
        key, run = (owner, conversation), _Run(session)
        with self._lock:
            if key in self._runs:
                raise InputError(
                    "This conversation is being answered already. Wait for it, or press Stop.", kind="busy_here"
                )
            self._runs[key] = run
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
        with self._lock:
            run = self._runs.get((owner, conversation))
        if run:
            run.stop.set()

    def leave(self, session: str) -> None:
        """The client of this session is gone: stop what it was reading."""
        with self._lock:
            left = [run for run in self._runs.values() if run.session == session]
        for run in left:
            run.stop.set()
