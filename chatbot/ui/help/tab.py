"""The help tab, which a language alone decides."""

import gradio as gr

from chatbot.ui.help.render import help_html
from chatbot.ui.parts.localise import Localised
from chatbot.ui.parts.tab import Frame, Tab
from chatbot.ui.services import Services


def build(words: Localised, tab: gr.Tab, services: Services) -> gr.HTML:
    with gr.Column(elem_classes="by-pane"):
        shown = gr.HTML(help_html("en"), elem_id="by-help", padding=False, apply_default_css=False)
        return words.drawn(shown, lambda language: {"value": help_html(language)})


def connect(shown: gr.HTML, frame: Frame, services: Services) -> None:
    """Nothing here asks the server; page.js begins the tour."""


TAB = Tab("help", build, connect)
