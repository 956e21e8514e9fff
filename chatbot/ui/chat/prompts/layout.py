"""The components, above the composer."""

from dataclasses import dataclass

import gradio as gr

from chatbot.store.prompts import LONGEST_NAME
from chatbot.ui.parts.clickable import clickable
from chatbot.ui.parts.localise import Localised
from chatbot.ui.strings.words import text


@dataclass(frozen=True, slots=True)
class Prompts:
    shown: gr.HTML
    box: gr.Column  # where one is written
    id: gr.State  # of the one that is changed; empty for a new one
    name: gr.Textbox
    words: gr.Textbox
    keep: gr.Button
    remove: gr.Button
    cancel: gr.Button


def build_prompts(words: Localised) -> Prompts:
    shown = clickable("by-prompts")
    with gr.Column(visible=False, elem_id="by-prompt", elem_classes="by-panel") as box:
        name = gr.Textbox(
            label=text("prompt_name", "en"), max_lines=1, max_length=LONGEST_NAME, elem_id="by-prompt-name"
        )
        body = gr.Textbox(label=text("prompt_words", "en"), lines=3, max_lines=10, elem_id="by-prompt-words")
        with gr.Row():
            keep = gr.Button(text("prompt_keep", "en"), variant="primary", size="sm", elem_id="by-prompt-keep")
            remove = gr.Button(text("delete", "en"), size="sm", elem_id="by-prompt-remove")
            cancel = gr.Button(text("prompt_cancel", "en"), size="sm", elem_id="by-prompt-cancel")
    words(name, label="prompt_name")
    words(body, label="prompt_words")
    for button, key in ((keep, "prompt_keep"), (remove, "delete"), (cancel, "prompt_cancel")):
        words(button, value=key)
    return Prompts(shown, box, gr.State(""), name, body, keep, remove, cancel)
