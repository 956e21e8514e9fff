"""The queue of the page as it is to be: its visitors take turns, so that one with many events does not hold the places, work
ends when its client has left, and no event is counted for a dashboard that is closed."""

import random
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

from gradio.queueing import Event, EventQueue, Queue

from chatbot.access.turns import asker

PART = 4  # an asker's events are at work in a quarter of the places for a kind of them; the rest waits


def arrange(queue: Queue, leave: Callable[[str], None]) -> None:
    """Gradio's queue takes whoever came first, and all of the places could be one visitor's. `leave` is told the session whose
    client has gone: Gradio only takes note of that, and the handler works on."""
    own: Any = queue
    clean = queue.clean_events

    async def cleaned(*, session_hash: str | None = None, event_id: str | None = None) -> None:
        leave(session_hash or event_id or "")  # of an event that `call` began the id is the session's, too
        await clean(session_hash=session_hash, event_id=event_id)

    own.clean_events = cleaned
    own.get_events = partial(next_events, queue)
    # Gradio sums up its last 10,000 events after each, for the monitoring that `launch` leaves out
    own.ANALYTICS_MAX_EVENTS = 1
    own.compute_analytics_summary = lambda events: None


def next_events(queue: Queue) -> tuple[list[Event], bool, str] | None:
    """As `Queue.get_events`; no function of the page takes several events as one batch."""
    lines = list(queue.event_queue_per_concurrency_id.values())
    random.shuffle(lines)  # as Gradio does, so that no kind of event comes before another
    at_work = [event for batch in queue.active_jobs for event in batch or ()]
    for line in lines:
        limit = line.concurrency_limit
        if limit is not None and line.current_concurrency >= limit:
            continue
        if event := _next(line, [one for one in at_work if one.concurrency_id == line.concurrency_id]):
            line.queue.remove(event)
            return [event], False, line.concurrency_id
    return None


def _next(line: EventQueue, at_work: list[Event]) -> Event | None:
    """The first of the asker who has the fewest at work, unless all have what they may."""
    held = Counter(map(_asker, at_work))
    first = min(line.queue, key=lambda event: held[_asker(event)], default=None)
    limit = line.concurrency_limit
    if first is None or (limit is not None and held[_asker(first)] >= max(1, limit // PART)):
        return None
    return first


def _asker(event: Event) -> str:
    return asker(event.request.scope)
