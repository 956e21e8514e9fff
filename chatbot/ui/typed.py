"""A box for a text, with examples below it that fill it."""

from collections.abc import Iterable

import gradio as gr

from chatbot.ui.localise import Localised
from chatbot.ui.strings import text


def typed_box(
    words: Localised, prefix: str, examples: Iterable[str], lines: tuple[int, int]
) -> tuple[gr.Textbox, gr.Group, tuple[gr.Button, ...]]:
    """(the box, what holds the examples, one button an example). `prefix` begins the names of the tab's strings; `lines` are
    shown at least and at most."""
    typed = gr.Textbox(
        label=text(f"{prefix}_text", "en"),
        placeholder=text(f"{prefix}_text_hint", "en"),
        lines=lines[0],
        max_lines=lines[1],
        elem_id=f"by-{prefix}-typed",
    )
    words(typed, label=f"{prefix}_text", placeholder=f"{prefix}_text_hint")
    buttons = []
    with gr.Group(elem_classes=f"by-{prefix}-examples") as about:
        for name in examples:
            button = gr.Button(text(f"{prefix}_example_{name}", "en"), size="sm", elem_classes=f"by-{prefix}-example")
            words(button, value=f"{prefix}_example_{name}")
            buttons.append(button)
    return typed, about, tuple(buttons)
