"""The extraction tab: a text and its fields on the left, the table in the middle, where its values stand on the right."""

from dataclasses import dataclass

import gradio as gr

from chatbot.ui.adapters.picker import task_adapter
from chatbot.ui.extract import render as render_extract
from chatbot.ui.extract.examples import EXAMPLES
from chatbot.ui.parts import render_task
from chatbot.ui.parts.clickable import clickable
from chatbot.ui.parts.localise import Localised
from chatbot.ui.parts.task_parts import RunStop, run_and_stop
from chatbot.ui.parts.tasks.reading import Reading, build_reading
from chatbot.ui.services import Services
from chatbot.ui.strings.words import text

FIRST = next(iter(render_extract.TEMPLATES))


@dataclass(frozen=True, slots=True)
class Given:
    """The left side: what to read, and for which fields."""

    reading: Reading
    template: gr.Dropdown
    fields: gr.Textbox
    rows: gr.Radio
    adapter: gr.Dropdown
    buttons: RunStop
    past: gr.HTML


@dataclass(frozen=True, slots=True)
class ExtractTab:
    tab: gr.Tab
    given: Given
    notice: gr.HTML
    shown: gr.HTML
    where: gr.HTML
    result: gr.State  # the `Extraction` that is shown


def build_extract(words: Localised, tab: gr.Tab, services: Services) -> ExtractTab:
    """The components; `connect` gives them life."""
    result = gr.State(None)
    with gr.Row(elem_id="by-ext", elem_classes="by-columns"):
        with gr.Column(scale=4, min_width=270, elem_classes="by-given"):
            given = _given(words, library=services.library is not None)
        with gr.Column(scale=6, min_width=320):
            notice = gr.HTML(elem_id="by-ext-notice", padding=False)
            shown = clickable("by-ext-shown", render_task.welcome("ext", "en"))
            words.first(shown, lambda language: {"value": render_task.welcome("ext", language)})
        with gr.Column(scale=4, min_width=260):
            where = clickable("by-ext-where", render_extract.source(None, 0, "en"))
            words.first(where, lambda language: {"value": render_extract.source(None, 0, language)})
    return ExtractTab(tab, given, notice, shown, where, result)


def _given(words: Localised, *, library: bool) -> Given:
    reading = build_reading(words, "ext", EXAMPLES, lines=(5, 6), library=library)
    template = gr.Dropdown(render_extract.templates("en"), value=FIRST, elem_id="by-ext-template")
    words(template, label="ext_template")
    words.drawn(template, lambda language: {"choices": render_extract.templates(language)})
    fields = gr.Textbox(text(f"ext_fields_{FIRST}", "en"), lines=3, max_lines=8, elem_id="by-ext-fields")
    words(fields, label="ext_fields", info="ext_fields_info")
    words.first(fields, lambda language: {"value": text(f"ext_fields_{FIRST}", language)})
    rows = gr.Radio(render_extract.rows("en"), value="many", elem_id="by-ext-rows")
    words(rows, label="ext_rows")
    words.drawn(rows, lambda language: {"choices": render_extract.rows(language)})
    adapter = task_adapter(words, "ext")
    buttons, past = run_and_stop(words, "ext"), clickable("by-ext-past")
    return Given(reading, template, fields, rows, adapter, buttons, past)
