"""The box above the form: which documents, how many questions, and the table of what was made."""

from dataclasses import dataclass

import gradio as gr

from chatbot.tasks.questions.work import MOST
from chatbot.ui.parts.localise import Localised
from chatbot.ui.parts.task_parts import RunStop, run_and_stop
from chatbot.ui.strings.words import Language, text

COLUMNS = ("kept", "number", "question", "answer", "quote")
TYPES = ["bool", "number", "str", "str", "str"]
FIXED = [1, 4]  # what is not changed by hand


@dataclass(frozen=True, slots=True)
class Questions:
    """Its components."""

    documents: gr.Dropdown
    count: gr.Slider
    buttons: RunStop
    shown: gr.HTML
    table: gr.Dataframe
    beside: gr.Checkbox
    use: gr.Button


def build_questions(words: Localised) -> Questions:
    with words(gr.Accordion(text("ftq_title", "en"), open=False, elem_id="by-ftq"), label="ftq_title"):
        words(gr.Markdown(text("ftq_info", "en"), elem_classes="by-map-title"), value="ftq_info")
        with gr.Row(equal_height=False):
            documents = gr.Dropdown(
                [], multiselect=True, label=text("ftq_documents", "en"), elem_id="by-ftq-documents", scale=3
            )
            words(documents, label="ftq_documents")
            count = gr.Slider(10, MOST, 40, step=10, label=text("ftq_count", "en"), elem_id="by-ftq-count", scale=2)
            words(count, label="ftq_count", info="ftq_count_info")
        buttons = run_and_stop(words, "ftq")
        shown = gr.HTML(elem_id="by-ftq-shown", padding=False)
        table = gr.Dataframe(
            headers=headers("en"),
            datatype=TYPES,
            type="array",
            interactive=True,
            visible=False,
            wrap=True,
            static_columns=FIXED,
            column_widths=["84px", "70px", "26%", "26%", "32%"],
            max_height=420,
            elem_id="by-ftq-table",
        )
        beside = gr.Checkbox(True, label=text("ftq_beside", "en"), visible=False, elem_id="by-ftq-beside")
        words(beside, label="ftq_beside", info="ftq_beside_info")
        use = gr.Button("", variant="primary", visible=False, elem_id="by-ftq-use")
    return Questions(documents, count, buttons, shown, table, beside, use)


def headers(language: Language) -> list[str]:
    return [text(f"ftq_column_{name}", language) for name in COLUMNS]
