"""In the queue of the page, too, nobody's events hold all of the places."""

from collections.abc import Iterator

import gradio as gr
import pytest
from fastapi import Request
from gradio.queueing import Event, Queue

from chatbot.ui.event_queue import PART, arrange
from chatbot.ui.parts.runs import Runs
from tests.loops import running_alone

PLACES = 8


@pytest.fixture
def queue() -> Iterator[Queue]:
    """Gradio's own, of a page with one function; nothing takes from it but the test."""
    with gr.Blocks() as page:
        gr.Button().click(lambda: None, concurrency_limit=PLACES)
    page.queue()
    queue = page._queue
    queue.create_event_queue_for_fn(next(iter(page.fns.values())))
    queue.active_jobs = [None] * 2 * PLACES
    arrange(queue, lambda session: None)
    yield queue
    queue.close()


def come(queue: Queue, who: str) -> None:
    ((name, line),) = queue.event_queue_per_concurrency_id.items()
    scope = {"type": "http", "headers": [], "state": {"banyan_user": who}}
    event = Event(who, queue.blocks.fns[0], Request(scope), who)
    event.concurrency_id = name
    line.queue.append(event)


def taken(queue: Queue) -> str:
    """Whose events begin, until no more may: as Gradio takes them."""
    names = ""
    (line,) = queue.event_queue_per_concurrency_id.values()
    while found := queue.get_events():
        (event,), _, _ = found
        queue.active_jobs[queue.active_jobs.index(None)] = [event]
        line.current_concurrency += 1
        names += str(event.username)
    return names


def test_who_begins_many_leaves_places_and_goes_behind_who_has_none(queue: Queue) -> None:
    for _ in range(3 * PLACES):
        come(queue, "a")
    assert taken(queue) == "a" * (PLACES // PART), "the others wait, though places are free"
    come(queue, "b")
    come(queue, "b")
    come(queue, "c")
    assert taken(queue) == "bcb"


def test_no_more_begin_than_there_are_places(queue: Queue) -> None:
    for who in "abcdefghijk":
        come(queue, who)
    assert taken(queue) == "abcdefgh"


def test_the_work_of_a_client_that_has_left_is_told_to_end(queue: Queue) -> None:
    """Gradio calls this when a stream of events breaks off; the handler's thread would not notice."""
    runs = Runs()
    arrange(queue, runs.leave)
    with runs.call("session") as mine, runs.call("event") as called, runs.call("other") as others:
        running_alone(queue.clean_events(session_hash="session"))
        assert (mine.is_set(), called.is_set(), others.is_set()) == (True, False, False)
        running_alone(queue.clean_events(event_id="event"))
        assert (called.is_set(), others.is_set()) == (True, False)


def test_no_event_is_summed_up_for_a_dashboard_that_is_closed(queue: Queue) -> None:
    """Gradio does so after each: 24 milliseconds of a processor after a hundred events, 57 after ten thousand."""
    queue.events_recorded += 1
    event = {"time": 1.0, "status": "success", "process_time": 0.5, "function": "chat", "session_hash": "a"}
    Queue.compute_analytics_summary(queue, [event])
    assert queue.cached_event_analytics_summary["functions"], "as it would be"
    queue.cached_event_analytics_summary = {"functions": {}}
    queue.events_recorded += 1
    queue.compute_analytics_summary([event])
    assert queue.cached_event_analytics_summary == {"functions": {}}
