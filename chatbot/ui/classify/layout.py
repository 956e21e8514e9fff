"""The sentiment tab: a text or a table and the labels on the left, the label and why on the right."""

from dataclasses import dataclass

import gradio as gr

from chatbot.ui.adapters.picker import task_adapter
from chatbot.ui.classify import render as render_sentiment
from chatbot.ui.classify.examples import EXAMPLES
from chatbot.ui.classify.teach import Teach, build_teach
from chatbot.ui.parts import render_task
from chatbot.ui.parts.clickable import clickable
from chatbot.ui.parts.localise import Localised
from chatbot.ui.parts.task_parts import RunStop, example_buttons, run_and_stop, typed_box
from chatbot.ui.services import Services
from chatbot.ui.strings.words import text


@dataclass(frozen=True, slots=True)
class Given:
    """The left side: what to judge, and by which labels."""

    source: gr.Radio
    typed: gr.Textbox
    about: gr.Row  # what holds the examples
    examples: tuple[gr.Button, ...]
    file: gr.File
    column: gr.Dropdown
    labels: gr.Textbox
    allowed: gr.CheckboxGroup
    adapter: gr.Dropdown
    buttons: RunStop
    past: gr.HTML


@dataclass(frozen=True, slots=True)
class SentimentTab:
    tab: gr.Tab
    given: Given
    notice: gr.HTML
    shown: gr.HTML
    download: gr.DownloadButton
    teach: Teach
    result: gr.State  # the `Result` or the `Outcome` that is shown


def build_sentiment(words: Localised, tab: gr.Tab, services: Services) -> SentimentTab:
    """The components; `connect` gives them life."""
    result = gr.State(None)
    with gr.Row(elem_id="by-sen", elem_classes="by-columns"):
        with gr.Column(scale=4, min_width=280, elem_classes="by-given"):
            given = _given(words)
        with gr.Column(scale=8, min_width=320):
            notice = gr.HTML(elem_id="by-sen-notice", padding=False)
            shown = clickable("by-sen-shown", render_task.welcome("sen", "en"))
            words.first(shown, lambda language: {"value": render_task.welcome("sen", language)})
            download = gr.DownloadButton(
                text("sen_download", "en"), visible=False, variant="primary", elem_id="by-sen-download"
            )
            words(download, label="sen_download")
            teach = build_teach(words)
    return SentimentTab(tab, given, notice, shown, download, teach, result)


def _given(words: Localised) -> Given:
    source = gr.Radio(render_sentiment.sources("en"), value="text", elem_id="by-sen-source")
    words(source, label="sen_source")
    words.drawn(source, lambda language: {"choices": render_sentiment.sources(language)})
    typed = typed_box(words, "sen", lines=(6, 14))
    about, examples = example_buttons(words, "sen", EXAMPLES)
    file = gr.File(label=text("sen_file", "en"), visible=False, height=150, elem_id="by-sen-file")
    words(file, label="sen_file")
    column = gr.Dropdown([], visible=False, elem_id="by-sen-column")
    words(column, label="sen_column")
    labels = gr.Textbox(lines=1, max_lines=8, placeholder="negative, neutral, positive", elem_id="by-sen-labels")
    words(labels, label="sen_labels", info="sen_labels_info")
    allowed = gr.CheckboxGroup(render_sentiment.allowed("en"), value=[], elem_id="by-sen-allowed")
    words(allowed, label="sen_allowed")
    words.drawn(allowed, lambda language: {"choices": render_sentiment.allowed(language)})
    adapter = task_adapter(words, "sen")
    buttons, past = run_and_stop(words, "sen"), clickable("by-sen-past")
    return Given(source, typed, about, examples, file, column, labels, allowed, adapter, buttons, past)
