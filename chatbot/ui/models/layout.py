"""The models tab: its components. `tab` gives them life."""

from dataclasses import dataclass

import gradio as gr

from chatbot.ui.parts.clickable import clickable
from chatbot.ui.parts.localise import Localised
from chatbot.ui.services import Services
from chatbot.ui.strings.words import text

POLL = 1.0  # seconds between looks at what is under way


@dataclass(frozen=True, slots=True)
class ModelsTab:
    tab: gr.Tab
    notice: gr.HTML
    list: gr.HTML
    box: gr.Row  # seen by who may fetch
    name: gr.Textbox
    fetch: gr.Button
    elsewhere: gr.Accordion  # seen by the same
    address: gr.Textbox
    key: gr.Textbox
    model: gr.Textbox
    ask: gr.Button
    armed: gr.State  # the model whose Remove was pressed once
    timer: gr.Timer


def build_models(words: Localised, tab: gr.Tab, services: Services) -> ModelsTab:
    with gr.Column(elem_classes="by-pane", elem_id="by-mo"):
        words(gr.Markdown(text("mo_intro", "en")), value="mo_intro")
        notice = gr.HTML(elem_id="by-mo-notice", padding=False)
        shown = clickable("by-mo-shown")
        with gr.Row(visible=False, elem_id="by-mo-hub") as box:
            name = gr.Textbox(
                "",
                label=text("mo_hub", "en"),
                placeholder="owner/name-GGUF",
                max_lines=1,
                max_length=200,
                elem_id="by-mo-name",
                scale=4,
            )
            words(name, label="mo_hub", info="mo_hub_info")
            fetch = words(gr.Button(text("mo_fetch", "en"), elem_id="by-mo-fetch", scale=0), value="mo_fetch")
        elsewhere, address, key, model, ask = _elsewhere(words)
    return ModelsTab(
        tab,
        notice,
        shown,
        box,
        name,
        fetch,
        elsewhere,
        address,
        key,
        model,
        ask,
        gr.State(""),
        gr.Timer(POLL, active=False),
    )


def _elsewhere(words: Localised) -> tuple[gr.Accordion, gr.Textbox, gr.Textbox, gr.Textbox, gr.Button]:
    """Another server's address, its key, which the page does not show again, and the model that is to answer there."""
    with gr.Accordion(text("mo_elsewhere", "en"), open=False, visible=False, elem_id="by-mo-elsewhere") as box:
        words(gr.Markdown(text("mo_server_intro", "en")), value="mo_server_intro")
        with gr.Row():
            address = gr.Textbox(
                "",
                label=text("mo_server_address", "en"),
                placeholder="https://server/v1",
                max_lines=1,
                max_length=300,
                elem_id="by-mo-address",
                scale=3,
            )
            key = gr.Textbox(
                "", label=text("mo_server_key", "en"), type="password", max_lines=1, max_length=500, elem_id="by-mo-key"
            )
            model = gr.Textbox(
                "", label=text("mo_server_model", "en"), max_lines=1, max_length=200, elem_id="by-mo-model"
            )
        ask = gr.Button(text("mo_server_use", "en"), elem_id="by-mo-ask")
    words(box, label="mo_elsewhere")
    words(address, label="mo_server_address")
    words(key, label="mo_server_key")
    words(model, label="mo_server_model")
    words(ask, value="mo_server_use")
    return box, address, key, model, ask
