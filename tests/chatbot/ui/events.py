"""Handlers as the page calls them. Gradio refuses an update of what is no output of the event, after the work is done."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any, TypeVar

import gradio as gr

from chatbot.ui.parts.updates import Updates

H = TypeVar("H")


def handlers(page: gr.Blocks, kind: type[H]) -> H:
    """The object whose methods the page's events call."""
    owners = (getattr(event.fn, "__self__", None) for event in page.fns.values())
    return next(owner for owner in owners if isinstance(owner, kind))


def steps(page: gr.Blocks, handler: Callable[..., Any], *values: Any) -> list[Updates]:
    """What a handler returns or yields, without what changes nothing; all of it is among the outputs of its events."""
    events = [event for event in page.fns.values() if event.fn == handler]
    assert events, f"no event calls {handler}"
    returned = handler(*values)
    found = [step for step in (returned if isinstance(returned, Iterator) else [returned]) if step != gr.skip()]
    for event in events:
        for step in found:
            assert step, "Gradio takes an empty dictionary for a value"
            assert set(step) <= set(event.outputs)
    return found


def last(page: gr.Blocks, handler: Callable[..., Any], *values: Any) -> Updates:
    return steps(page, handler, *values)[-1]


def as_(owner: str) -> Any:
    """The request of that visitor."""
    return SimpleNamespace(owner=owner, session_hash=f"session of {owner}")


def clicked(**data: str) -> Any:
    return SimpleNamespace(_data=data)
