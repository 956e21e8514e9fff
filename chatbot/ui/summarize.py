"""The summary tab: what to summarize on the left, the summary in the middle, where its sentences stand on the right."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from chatbot.ui import render_summarize
from chatbot.ui.localise import Localised
from chatbot.ui.services import MODEL_QUEUE, MODEL_READERS, PRIVATE, Services
from chatbot.ui.sidebar import Sidebar
from chatbot.ui.strings import text
from chatbot.ui.strings_summarize import EXAMPLES
from chatbot.ui.summarize_handlers import Handlers
from chatbot.ui.typed import typed_box

# Hands a click on anything with `data-act` to the server, and copies what `data-copy` holds.
CLICKS = """
element.addEventListener('click', (event) => {
  const copy = event.target.closest('[data-copy]');
  if (copy && element.contains(copy)) {
    navigator.clipboard.writeText(copy.dataset.copy).then(() => { copy.textContent = copy.dataset.copied; });
    return;
  }
  const chosen = event.target.closest('[data-act]');
  if (chosen && element.contains(chosen) && !chosen.disabled) trigger('click', {...chosen.dataset});
});
"""


@dataclass(frozen=True, slots=True)
class SummarizeTab:
    tab: gr.Tab
    source: gr.Radio
    typed: gr.Textbox
    examples: tuple[gr.Button, ...]
    about: gr.Group  # what holds the examples
    file: gr.File
    documents: gr.Dropdown
    length: gr.Radio
    run: gr.Button
    stop: gr.Button
    notice: gr.HTML
    past: gr.HTML
    shown: gr.HTML
    where: gr.HTML
    summary: gr.State  # the `Summary` that is shown


def build_summarize(words: Localised, tab: gr.Tab, *, library: bool) -> SummarizeTab:
    """The components; `connect` gives them life."""
    summary = gr.State(None)
    with gr.Row(elem_id="by-sum"):
        with gr.Column(scale=4, min_width=270, elem_id="by-sum-in"):
            source = gr.Radio(render_summarize.sources("en", library=library), value="text", elem_id="by-sum-source")
            words(source, label="sum_source")
            typed, about, examples = typed_box(words, "sum", EXAMPLES, (8, 11))
            file = gr.File(label=text("sum_file", "en"), visible=False, height=150, elem_id="by-sum-file")
            words(file, label="sum_file")
            documents = gr.Dropdown([], multiselect=True, visible=False, elem_id="by-sum-documents")
            words(documents, label="sum_documents", info="sum_documents_info")
            length = gr.Radio(render_summarize.lengths("en"), value="medium", elem_id="by-sum-length")
            words(length, label="sum_length", info="sum_length_info")
            run = gr.Button(text("sum_run", "en"), variant="primary", elem_id="by-sum-run")
            stop = gr.Button(text("sum_stop", "en"), variant="stop", visible=False, elem_id="by-sum-stop")
            words(run, value="sum_run")
            words(stop, value="sum_stop")
            past = gr.HTML(elem_id="by-sum-past", js_on_load=CLICKS, apply_default_css=False)
        with gr.Column(scale=6, min_width=320, elem_id="by-sum-out"):
            notice = gr.HTML(elem_id="by-sum-notice", padding=False)
            shown = gr.HTML(
                render_summarize.welcome("en"), elem_id="by-sum-shown", js_on_load=CLICKS, apply_default_css=False
            )
        with gr.Column(scale=4, min_width=260, elem_id="by-sum-where-column"):
            where = gr.HTML(
                render_summarize.source(None, 0, "en"),
                elem_id="by-sum-where",
                js_on_load=CLICKS,
                apply_default_css=False,
            )
    return SummarizeTab(
        tab,
        source,
        typed,
        examples,
        about,
        file,
        documents,
        length,
        run,
        stop,
        notice,
        past,
        shown,
        where,
        summary,
    )


def connect(tab: SummarizeTab, page: gr.Blocks, bar: Sidebar, language: gr.State, services: Services) -> None:
    do = Handlers(services)
    quick: dict[str, Any] = {**PRIVATE, "queue": False}
    tab.source.change(do.pick, tab.source, [tab.typed, tab.about, tab.file, tab.documents], **quick)
    for button, name in zip(tab.examples, EXAMPLES, strict=True):
        button.click(_example(name), None, tab.typed, **quick)
    for event in (tab.tab.select, page.load):
        event(do.look, [tab.documents, language], [tab.documents, tab.past], **PRIVATE)
    language.change(
        do.spoken,
        [tab.summary, language],
        [tab.source, tab.length, tab.shown, tab.where, tab.past],
        **PRIVATE,
    )
    tab.run.click(do.begin, language, [tab.run, tab.stop, tab.notice, tab.shown, tab.where], **PRIVATE).success(
        do.run,
        [tab.source, tab.typed, tab.file, tab.documents, tab.length, bar.adapter, language],
        [tab.summary, tab.shown, tab.where, tab.past, tab.notice],
        concurrency_id=MODEL_QUEUE,
        concurrency_limit=MODEL_READERS,
        **PRIVATE,
    ).then(do.settled, None, [tab.run, tab.stop], **PRIVATE)
    tab.stop.click(do.stop, None, None, **quick)
    for part in (tab.shown, tab.where):
        part.click(do.act, [tab.summary, language], [tab.where, tab.notice], **PRIVATE)
    tab.past.click(
        do.reopen, [tab.summary, language], [tab.summary, tab.shown, tab.where, tab.past, tab.notice], **PRIVATE
    )


def _example(name: str) -> Any:
    return lambda: EXAMPLES[name]
