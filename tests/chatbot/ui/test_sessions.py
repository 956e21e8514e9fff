"""A session of the page holds what is its own, and nothing of the page; a call's is gone with the call."""

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import gradio as gr
import httpx
import pytest
from gradio.state_holder import StateHolder

from chatbot.ui.sessions import keep_little


@pytest.fixture(scope="module")
def page() -> Iterator[gr.Blocks]:
    """With a counter of its sessions' own, listening."""
    with gr.Blocks(analytics_enabled=False) as made:
        box, counted, seen = gr.Textbox("words"), gr.State(0), gr.Textbox()
        gr.Button().click(lambda n: (n + 1, f"call {n + 1}"), counted, [counted, seen], api_name="count")
        gr.Button().click(lambda: gr.update(label="mine"), None, box, api_name="call_it_mine")
    made.launch(prevent_thread_lock=True, quiet=True, ssr_mode=False)
    keep_little(made.state_holder, made._queue)
    yield made
    made.close()


def call(page: gr.Blocks, name: str, **body: Any) -> str:
    with httpx.Client(base_url=f"{page.local_url}gradio_api/call/", timeout=30) as http:
        event = http.post(name, json={"data": [], **body}).raise_for_status().json()["event_id"]
        return http.get(f"{name}/{event}").text


def test_what_a_call_leaves_behind_is_gone_when_it_has_ended(page: gr.Blocks) -> None:
    held = page.state_holder.session_data
    assert "call 1" in call(page, "count")
    assert "call 1" in call(page, "count"), "each call has its own"
    assert "mine" in call(page, "call_it_mine")
    end = time.monotonic() + 10
    while held and time.monotonic() < end:  # the answer is told before the event ends
        time.sleep(0.01)
    assert len(held) == len(page.state_holder.time_last_used) == 0
    assert "call 1" in call(page, "count", session_hash="ann")
    assert "call 2" in call(page, "count", session_hash="ann"), "who names a session goes on in it"
    assert list(held) == ["ann"]


def test_a_page_that_was_closed_an_hour_ago_is_forgotten(page: gr.Blocks) -> None:
    holder = page.state_holder
    for name in ("open", "closed", "just-closed"):
        call(page, "count", session_hash=name)
        holder.session_data[name].is_closed = "closed" in name
    for name in ("open", "closed"):
        holder.time_last_used[name] = datetime.now() - timedelta(hours=1, seconds=1)
    holder.delete_all_expired_state()
    assert {"open", "just-closed"} <= holder.session_data.keys() and "closed" not in holder.session_data


def test_a_session_holds_its_values_and_no_copy_of_the_page() -> None:
    with gr.Blocks() as page:
        box, kept = gr.Textbox("words"), gr.State([])
    holder = StateHolder()
    holder.set_blocks(page)
    assert holder["before"].config_values, "Gradio keeps one"
    keep_little(holder, SimpleNamespace(process_events=None))
    one, other = holder["one"], holder["other"]
    one[kept._id] = ["mine"]
    one._update_value_in_config(box._id, "long words")
    one._update_config(box._id)
    assert (one[kept._id], other[kept._id]) == (["mine"], [])
    assert not {box._id} & one.config_values.keys()
    assert other.config_values == {}
    assert holder["one"] is one
    one[box._id] = changed = gr.Textbox("mine", render=False)
    assert (one[box._id], other[box._id], page.blocks[box._id]) == (changed, box, box)
    assert [len(session.blocks_config.blocks.maps[0]) for session in (one, other)] == [1, 0], "its own, and no more"
    assert set(other.blocks_config.blocks) == set(page.blocks)
