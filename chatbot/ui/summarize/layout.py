"""The summary tab: what to summarize on the left, the summary in the middle, where its sentences stand on the right."""

from dataclasses import dataclass

import gradio as gr

from chatbot.ui.adapters.picker import task_adapter
from chatbot.ui.parts import render_task
from chatbot.ui.parts.clickable import clickable
from chatbot.ui.parts.localise import Localised
from chatbot.ui.parts.task_parts import RunStop, example_buttons, run_and_stop, typed_box
from chatbot.ui.services import Services
from chatbot.ui.strings.words import text
from chatbot.ui.summarize import render as render_summarize
from chatbot.ui.summarize.examples import EXAMPLES


@dataclass(frozen=True, slots=True)
class Given:
    """The left side: what to summarize, and how long."""

    source: gr.Radio
    typed: gr.Textbox
    about: gr.Row  # what holds the examples
    examples: tuple[gr.Button, ...]
    file: gr.File
    documents: gr.Dropdown
    length: gr.Radio
    adapter: gr.Dropdown
    buttons: RunStop
    past: gr.HTML


@dataclass(frozen=True, slots=True)
class SummarizeTab:
    tab: gr.Tab
    given: Given
    notice: gr.HTML
    shown: gr.HTML
    where: gr.HTML
    summary: gr.State  # the `Summary` that is shown


def build_summarize(words: Localised, tab: gr.Tab, services: Services) -> SummarizeTab:
    """The components; `connect` gives them life."""
    summary = gr.State(None)
    with gr.Row(elem_id="by-sum", elem_classes="by-columns"):
        with gr.Column(scale=4, min_width=270, elem_classes="by-given"):
            given = _given(words, library=services.library is not None)
        with gr.Column(scale=6, min_width=320):
            notice = gr.HTML(elem_id="by-sum-notice", padding=False)
            shown = clickable("by-sum-shown", render_task.welcome("sum", "en"))
        with gr.Column(scale=4, min_width=260):
            where = clickable("by-sum-where", render_summarize.source(None, 0, "en"))
    return SummarizeTab(tab, given, notice, shown, where, summary)


def _given(words: Localised, *, library: bool) -> Given:
    source = gr.Radio(render_summarize.sources("en", library=library), value="text", elem_id="by-sum-source")
    words(source, label="sum_source")
    typed = typed_box(words, "sum", lines=(8, 11))
    about, examples = example_buttons(words, "sum", EXAMPLES)
    file = gr.File(label=text("sum_file", "en"), visible=False, height=150, elem_id="by-sum-file")
    words(file, label="sum_file")
    documents = gr.Dropdown([], multiselect=True, visible=False, elem_id="by-sum-documents")
    words(documents, label="sum_documents", info="sum_documents_info")
    length = gr.Radio(render_summarize.lengths("en"), value="medium", elem_id="by-sum-length")
    words(length, label="sum_length", info="sum_length_info")
    adapter = task_adapter(words, "sum")
    buttons = run_and_stop(words, "sum")
    return Given(source, typed, about, examples, file, documents, length, adapter, buttons, clickable("by-sum-past"))
