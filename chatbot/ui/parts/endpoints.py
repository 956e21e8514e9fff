"""What the tasks' endpoints for programs have in common."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import gradio as gr

from chatbot.common.errors import BanyanError
from chatbot.ui.services import MODEL


def publish_file(function: Callable[..., Any], name: str, defaults: Sequence[str]) -> None:
    """Register `function` as `/name`: a file and texts with these `defaults` in, a file out.

    A File component takes the file, since Gradio lets only files through it that were uploaded; a bare path would be any
    file of this machine.
    """
    with gr.Row(visible=False):
        file, result, button = gr.File(), gr.File(), gr.Button()
        texts = [gr.Textbox(default) for default in defaults]
    button.click(function, [file, *texts], result, api_name=name, api_description=function.__doc__, **MODEL)


def session_of(request: gr.Request) -> str | None:
    """Of the page or program that asks; None of what comes by MCP, whose requests have none."""
    return getattr(request, "session_hash", None)


@contextmanager
def raised() -> Iterator[None]:
    """What goes wrong inside reaches the program as a message."""
    try:
        yield
    except BanyanError as error:
        raise gr.Error(str(error), print_exception=False) from error
