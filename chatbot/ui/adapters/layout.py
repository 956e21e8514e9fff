"""The adapters tab: its components. `tab` gives them life."""

from dataclasses import dataclass

import gradio as gr

from chatbot.ui.parts.clickable import clickable
from chatbot.ui.parts.localise import Localised
from chatbot.ui.services import Services
from chatbot.ui.strings.words import text


@dataclass(frozen=True, slots=True)
class AdaptersTab:
    tab: gr.Tab
    cards: gr.HTML
    armed: gr.State  # the adapter whose Remove was pressed once
    file: gr.HTML  # a link to the zip, which the browser follows at once
    files: gr.File
    name: gr.Textbox
    mine: gr.Checkbox
    add: gr.Button
    notice: gr.HTML


def build_adapters(words: Localised, tab: gr.Tab, services: Services) -> AdaptersTab:
    with gr.Column(elem_classes="by-pane"):
        words(gr.Markdown(text("adapters_intro", "en")), value="adapters_intro")
        notice = gr.HTML(elem_id="by-adapter-notice", padding=False)
        cards = clickable("by-adapter-table")
        file = gr.HTML(elem_id="by-adapter-file", padding=False)
        with gr.Row(equal_height=False):
            with gr.Column(scale=3, min_width=280):
                files = gr.File(
                    label=text("adapter_files", "en"), file_count="multiple", elem_id="by-adapter-files", height=150
                )
                words(files, label="adapter_files")
            with gr.Column(scale=2, min_width=240):
                name = gr.Textbox("", label=text("adapter_name", "en"), max_lines=1, elem_id="by-adapter-name")
                words(name, label="adapter_name", info="adapter_name_info")
                mine = gr.Checkbox(False, label=text("adapter_mine", "en"), elem_id="by-adapter-mine")
                words(mine, label="adapter_mine", info="adapter_mine_info")
                add = gr.Button(text("adapter_add", "en"), variant="primary", elem_id="by-adapter-add")
                words(add, value="adapter_add")
    return AdaptersTab(tab, cards, gr.State(""), file, files, name, mine, add, notice)
