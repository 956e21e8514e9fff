"""The summary tab: what to summarize on the left, the summary in the middle, where its sentences stand on the right."""

from dataclasses import dataclass

import gradio as gr

from chatbot.ui.adapters.picker import task_adapter
from chatbot.ui.parts import render_task
from chatbot.ui.parts.clickable import clickable
from chatbot.ui.parts.localise import Localised
from chatbot.ui.parts.task_parts import RunStop, run_and_stop
from chatbot.ui.parts.tasks.reading import Reading, build_reading
from chatbot.ui.services import Services
from chatbot.ui.summarize import render as render_summarize
from chatbot.ui.summarize.examples import EXAMPLES


@dataclass(frozen=True, slots=True)
class Given:
    """The left side: what to summarize, and how long."""

    reading: Reading
    length: gr.Radio
    form: gr.Dropdown
    focus: gr.Textbox
    into: gr.Dropdown
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
            words.first(shown, lambda language: {"value": render_task.welcome("sum", language)})
        with gr.Column(scale=4, min_width=260):
            where = clickable("by-sum-where", render_summarize.source(None, 0, "en"))
            words.first(where, lambda language: {"value": render_summarize.source(None, 0, language)})
    return SummarizeTab(tab, given, notice, shown, where, summary)


def _given(words: Localised, *, library: bool) -> Given:
    reading = build_reading(words, "sum", EXAMPLES, lines=(8, 11), library=library, info="sum_documents_info")
    length = gr.Radio(render_summarize.lengths("en"), value="medium", elem_id="by-sum-length")
    words(length, label="sum_length", info="sum_length_info")
    words.drawn(length, lambda language: {"choices": render_summarize.lengths(language)})
    form = gr.Dropdown(render_summarize.forms("en"), value="paragraph", elem_id="by-sum-form")
    words(form, label="sum_form")
    words.drawn(form, lambda language: {"choices": render_summarize.forms(language)})
    focus = gr.Textbox(lines=1, max_lines=3, elem_id="by-sum-focus")
    words(focus, label="sum_focus", placeholder="sum_focus_hint")
    into = gr.Dropdown(render_summarize.languages("en"), value="", elem_id="by-sum-into")
    words(into, label="sum_into")
    words.drawn(into, lambda language: {"choices": render_summarize.languages(language)})
    adapter = task_adapter(words, "sum")
    buttons, past = run_and_stop(words, "sum"), clickable("by-sum-past")
    return Given(reading, length, form, focus, into, adapter, buttons, past)
