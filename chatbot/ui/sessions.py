"""What Gradio keeps of each session of the page: what is the session's own, and no copy of the page.

A session is a visit of the page or a call of an endpoint. Gradio copies its tables of all components for each and describes every
component anew, 0.9 MB of this page, and keeps that for ten thousand sessions. The descriptions serve links to a session's
state only, whose route is closed here; the tables are the page's until a session changes something in them.
"""

from collections import ChainMap
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from gradio.queueing import Event, Queue
from gradio.state_holder import SessionState, StateHolder


class LeanSession(SessionState):  # type: ignore[misc]
    def __init__(self, blocks: Any) -> None:
        page = blocks.default_config
        super().__init__(SimpleNamespace(default_config=page, blocks=()))  # a page of which nothing is to be described
        self.blocks_config.blocks = ChainMap({}, page.blocks)
        self.blocks_config.fns = ChainMap({}, page.fns)

    def _update_config(self, key: int) -> None:
        pass

    def _update_value_in_config(self, key: int, value: Any) -> None:
        pass


class LeanHolder(StateHolder):  # type: ignore[misc]
    def __getitem__(self, session_id: str) -> SessionState:
        if session_id not in self.session_data:
            self.session_data[session_id] = LeanSession(self.blocks)
        return super().__getitem__(session_id)

    def end(self, session_id: str) -> None:
        """Nobody comes back to it."""
        with self.lock:
            self.session_data.pop(session_id, None)
            self.time_last_used.pop(session_id, None)

    def delete_all_expired_state(self) -> None:
        """Gradio calls it every second; of pages that were closed an hour ago it empties the states and keeps the rest."""
        super().delete_all_expired_state()
        now = datetime.now()
        for session_id, session in list(self.session_data.items()):
            last = self.time_last_used.get(session_id)
            if session.is_closed and last and (now - last).total_seconds() > session.STATE_TTL_WHEN_CLOSED:
                self.end(session_id)


def keep_little(holder: StateHolder, queue: Queue) -> None:
    """From now on, of the page whose these are. The session of a call ends with it, if the call named none: then it is called as the
    call is, and nobody else can name it."""
    holder.__class__ = LeanHolder
    own: Any = queue
    process = queue.process_events

    async def processed(events: list[Event], *rest: Any, **named: Any) -> None:
        try:
            await process(events, *rest, **named)
        finally:
            for event in events:
                if event.session_hash == event._id:
                    holder.end(event._id)

    own.process_events = processed
