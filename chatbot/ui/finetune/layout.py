"""The fine-tune tab: the data set and its settings on the left, the doctor's report and the runs on the right."""

from dataclasses import dataclass

import gradio as gr

from chatbot.ui.finetune.corrections import CorrectionButtons, build_corrections
from chatbot.ui.finetune.form import Form, build_form
from chatbot.ui.finetune.questions.layout import Questions, build_questions
from chatbot.ui.finetune.run import Run, Use, build_run
from chatbot.ui.parts.localise import Localised
from chatbot.ui.services import Services


@dataclass(frozen=True, slots=True)
class FinetuneTab:
    tab: gr.Tab
    form: Form
    run: Run
    use: Use
    corrections: CorrectionButtons
    questions: Questions | None  # None: a page without documents


def build_finetune(words: Localised, tab: gr.Tab, services: Services) -> FinetuneTab:
    """The components; `connect` gives them life."""
    questions = build_questions(words) if services.library else None
    with gr.Row(elem_id="by-ft", equal_height=False):
        with gr.Column(scale=2, min_width=300, elem_id="by-ft-form"):
            corrections = build_corrections()
            form = build_form(words)
        with gr.Column(scale=3, min_width=300, elem_id="by-ft-run"):
            run, use = build_run(words)
    return FinetuneTab(tab, form, run, use, corrections, questions)
