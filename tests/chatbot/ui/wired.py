"""The handlers as the page has wired them: what they name is an output of every event that calls them, or Gradio fails."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any, ParamSpec, TypeVar

import gradio as gr

from chatbot.ui.page import build_page
from chatbot.ui.parts.updates import Updates
from chatbot.ui.services import Services

H = TypeVar("H")
P = ParamSpec("P")


class Wired:
    def __init__(self, services: Services) -> None:
        self._events = list(build_page(services).fns.values())

    def handlers(self, kind: type[H]) -> H:
        """The one object of that class whose methods the page's events call."""
        (found,) = {id(owner): owner for event in self._events if type(owner := _owner(event.fn)) is kind}.values()
        assert isinstance(found, kind)
        return found

    def one(self, handler: Callable[P, Updates], *args: P.args, **named: P.kwargs) -> Updates:
        return self._checked(handler, handler(*args, **named))

    def steps(self, handler: Callable[P, Iterator[Updates]], *args: P.args, **named: P.kwargs) -> list[Updates]:
        return [self._checked(handler, updates) for updates in handler(*args, **named)]

    def _checked(self, handler: Callable[..., Any], updates: Updates) -> Updates:
        events = [event for event in self._events if event.fn == handler]
        assert events, f"no event calls {handler}"
        assert updates, "Gradio takes an empty dictionary for a value"
        if updates != gr.skip():
            for event in events:
                assert updates.keys() <= set(event.outputs), f"{handler} names what is no output of its event"
        return updates


def _owner(function: Any) -> object:
    return getattr(function, "__self__", None)


def as_(owner: str, client: str = "192.0.2.1", **headers: str) -> Any:
    """The request of that visitor, from elsewhere if nothing else is said (an address for documentation, RFC 5737)."""
    given = {"host": "127.0.0.1:7860", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return SimpleNamespace(
        owner=owner,
        username=owner,
        session_hash=f"session of {owner}",
        headers=given,
        client=SimpleNamespace(host=client),
    )


def clicked(**data: str) -> Any:
    """What the browser says of a click on what has these `data-` attributes."""
    return SimpleNamespace(_data=data)
