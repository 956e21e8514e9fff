"""The sentiment tab: a text or a table and the labels on the left, the label and why on the right."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from chatbot.ui import render_sentiment
from chatbot.ui.documents import CLICKS
from chatbot.ui.localise import Localised
from chatbot.ui.sentiment_handlers import Handlers
from chatbot.ui.services import MODEL_QUEUE, MODEL_READERS, PRIVATE, Services
from chatbot.ui.sidebar import Sidebar
from chatbot.ui.strings import text
from chatbot.ui.strings_sentiment import EXAMPLES
from chatbot.ui.typed import typed_box


@dataclass(frozen=True, slots=True)
class SentimentTab:
    tab: gr.Tab
    source: gr.Radio
    typed: gr.Textbox
    examples: tuple[gr.Button, ...]
    about: gr.Group  # what holds the examples
    file: gr.File
    column: gr.Dropdown
    labels: gr.Textbox
    run: gr.Button
    stop: gr.Button
    past: gr.HTML
    notice: gr.HTML
    shown: gr.HTML
    download: gr.DownloadButton
    result: gr.State  # the `Result` that is shown


def build_sentiment(words: Localised, tab: gr.Tab) -> SentimentTab:
    """The components; `connect` gives them life."""
    result = gr.State(None)
    with gr.Row(elem_id="by-sen"):
        with gr.Column(scale=4, min_width=280, elem_id="by-sen-in"):
            source = gr.Radio(render_sentiment.sources("en"), value="text", elem_id="by-sen-source")
            words(source, label="sen_source")
            typed, about, examples = typed_box(words, "sen", EXAMPLES, (6, 14))
            file = gr.File(label=text("sen_file", "en"), visible=False, height=132, elem_id="by-sen-file")
            words(file, label="sen_file")
            column = gr.Dropdown([], visible=False, elem_id="by-sen-column")
            words(column, label="sen_column")
            labels = gr.Textbox(
                lines=1, max_lines=8, placeholder="negative, neutral, positive", elem_id="by-sen-labels"
            )
            words(labels, label="sen_labels", info="sen_labels_info")
            run = gr.Button(text("sen_run", "en"), variant="primary", elem_id="by-sen-run")
            stop = gr.Button(text("sen_stop", "en"), variant="stop", visible=False, elem_id="by-sen-stop")
            words(run, value="sen_run")
            words(stop, value="sen_stop")
            past = gr.HTML(elem_id="by-sen-past", js_on_load=CLICKS, apply_default_css=False)
        with gr.Column(scale=8, min_width=320, elem_id="by-sen-out"):
            notice = gr.HTML(elem_id="by-sen-notice", padding=False)
            shown = gr.HTML(render_sentiment.welcome("en"), elem_id="by-sen-shown", apply_default_css=False)
            download = gr.DownloadButton(
                text("sen_download", "en"), visible=False, variant="primary", elem_id="by-sen-download"
            )
            words(download, label="sen_download")
    return SentimentTab(
        tab,
        source,
        typed,
        examples,
        about,
        file,
        column,
        labels,
        run,
        stop,
        past,
        notice,
        shown,
        download,
        result,
    )


def connect(tab: SentimentTab, page: gr.Blocks, bar: Sidebar, language: gr.State, services: Services) -> None:
    do = Handlers(services)
    quick: dict[str, Any] = {**PRIVATE, "queue": False}
    tab.source.change(do.pick, tab.source, [tab.typed, tab.about, tab.file, tab.column], **quick)
    for button, name in zip(tab.examples, EXAMPLES, strict=True):
        button.click(_example(name), None, [tab.typed, tab.labels], **quick)
    tab.file.change(do.open, [tab.file, language], [tab.column, tab.shown, tab.download, tab.notice], **PRIVATE)
    for event in (tab.tab.select, page.load):
        event(do.look, language, tab.past, **PRIVATE)
    language.change(do.spoken, [tab.result, language], [tab.source, tab.shown, tab.past], **PRIVATE)
    shown = [tab.result, tab.shown, tab.past, tab.download, tab.notice]
    tab.run.click(do.begin, language, [tab.run, tab.stop, tab.notice, tab.shown, tab.download], **PRIVATE).success(
        do.run,
        [tab.source, tab.typed, tab.file, tab.column, tab.labels, bar.adapter, language],
        shown,
        concurrency_id=MODEL_QUEUE,
        concurrency_limit=MODEL_READERS,
        **PRIVATE,
    ).then(do.settled, None, [tab.run, tab.stop], **PRIVATE)
    tab.stop.click(do.stop, None, None, **quick)
    tab.past.click(do.reopen, language, shown, **PRIVATE)


def _example(name: str) -> Any:
    return lambda: EXAMPLES[name]
