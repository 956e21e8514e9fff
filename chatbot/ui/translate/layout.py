"""What the translate tab shows: languages on top, then a text and its translation side by side, or files."""

from dataclasses import dataclass

import gradio as gr

from chatbot.tasks.translate.files.lines import WIDTH
from chatbot.tasks.translate.order import AUTO
from chatbot.ui.adapters.picker import task_adapter
from chatbot.ui.parts.clickable import clickable
from chatbot.ui.parts.kinds import translatable
from chatbot.ui.parts.localise import Localised
from chatbot.ui.parts.task_parts import RunStop, example_buttons, run_and_stop
from chatbot.ui.services import Services
from chatbot.ui.strings.words import text
from chatbot.ui.translate import render as render_translate
from chatbot.ui.translate.edit import Edit, build_edit

EXAMPLES = {
    "short": "Dear {name}, thank you for your order. It will arrive on Friday.",
    "mixed": "The bridge is 1,280 metres long and was opened in 1937. More about it: https://example.org/bridge?id=7",
    "list": "What you need for the cake:\n\n- three eggs\n- 200 g of sugar\n- a little salt\n\nBake it for 40 minutes at 180 °C.",
}


@dataclass(frozen=True, slots=True)
class TextSide:
    typed: gr.Textbox
    output: gr.Textbox
    buttons: RunStop
    examples: tuple[gr.Button, ...]
    notice: gr.HTML
    report: gr.HTML
    edit: Edit
    past: gr.HTML
    last: gr.State  # the record of the translation that is shown


@dataclass(frozen=True, slots=True)
class FileSide:
    file: gr.File
    width: gr.Number
    buttons: RunStop
    notice: gr.HTML
    progress: gr.HTML
    result: gr.File
    jobs: gr.HTML
    report: gr.HTML
    edit: Edit
    begun: gr.State  # id of the job to go on with; None: a new one
    looked: gr.State  # id of the job whose doubts are shown


@dataclass(frozen=True, slots=True)
class TranslateTab:
    tab: gr.Tab
    source: gr.Dropdown
    target: gr.Dropdown
    formality: gr.Dropdown  # for targets that have the choice
    swap: gr.Button
    adapter: gr.Dropdown
    who: gr.HTML
    glossary: gr.Textbox
    terms: gr.UploadButton
    texts: TextSide
    files: FileSide | None

    @property
    def starts(self) -> list[gr.Button]:
        """What begins a translation."""
        return [side.buttons.run for side in (self.texts, self.files) if side]


def build_translate(words: Localised, tab: gr.Tab, services: Services) -> TranslateTab:
    """The components; `connect` of the tab gives them life. Files are translated where there is a folder to keep them in."""
    with gr.Column(elem_classes="by-pane", elem_id="by-tr"):
        source, swap, target, formality, adapter = _languages(words)
        who = clickable("by-tr-who", padding=False)
        with gr.Tabs(elem_id="by-tr-tabs"):
            with gr.Tab(text("tr_text", "en"), id="text") as first:
                texts = _texts(words)
            words(first, label="tr_text")
            side = None
            if services.translations is not None:
                with gr.Tab(text("tr_files", "en"), id="files") as second:
                    side = _files(words)
                words(second, label="tr_files")
        with gr.Accordion(text("tr_glossary", "en"), open=False, elem_id="by-tr-terms") as drawer:
            glossary = gr.Textbox(
                "",
                label=text("tr_glossary_label", "en"),
                info=text("tr_glossary_info", "en"),
                placeholder=text("tr_glossary_hint", "en"),
                lines=3,
                max_lines=8,
                elem_id="by-tr-glossary",
            )
            words(glossary, label="tr_glossary_label", info="tr_glossary_info", placeholder="tr_glossary_hint")
            terms = gr.UploadButton(text("tr_glossary_file", "en"), size="sm", elem_id="by-tr-glossary-file")
            words(terms, label="tr_glossary_file")
        words(drawer, label="tr_glossary")
        texts.past.render()
    return TranslateTab(
        tab=tab,
        source=source,
        target=target,
        formality=formality,
        swap=swap,
        adapter=adapter,
        who=who,
        glossary=glossary,
        terms=terms,
        texts=texts,
        files=side,
    )


def _languages(words: Localised) -> tuple[gr.Dropdown, gr.Button, gr.Dropdown, gr.Dropdown, gr.Dropdown]:
    with gr.Row(elem_id="by-tr-languages"):
        source = gr.Dropdown(
            render_translate.choices("en", detect=True),
            value=AUTO,
            label=text("tr_from", "en"),
            elem_id="by-tr-from",
        )
        swap = gr.Button(text("tr_swap", "en"), size="sm", elem_id="by-tr-swap", scale=0, min_width=90)
        target = gr.Dropdown(
            render_translate.choices("en", detect=False), value="fr", label=text("tr_to", "en"), elem_id="by-tr-to"
        )
        formality = gr.Dropdown(
            render_translate.formalities("en"),
            value="",
            label=text("tr_formality", "en"),
            elem_id="by-tr-formality",
        )
        adapter = task_adapter(words, "tr")
    words(source, label="tr_from")
    words.drawn(source, lambda language: {"choices": render_translate.choices(language, detect=True)})
    words(swap, value="tr_swap")
    words(target, label="tr_to")
    words(formality, label="tr_formality")
    words.drawn(formality, lambda language: {"choices": render_translate.formalities(language)})
    words.drawn(target, lambda language: {"choices": render_translate.choices(language, detect=False)})
    return source, swap, target, formality, adapter


def _texts(words: Localised) -> TextSide:
    with gr.Row(elem_id="by-tr-both"):
        typed = gr.Textbox(
            "",
            label=text("tr_input", "en"),
            placeholder=text("tr_input_hint", "en"),
            lines=7,
            max_lines=16,
            elem_id="by-tr-input",
        )
        output = gr.Textbox(
            label=text("tr_output", "en"),
            lines=7,
            max_lines=16,
            interactive=False,
            buttons=["copy"],
            elem_id="by-tr-output",
        )
    words(typed, label="tr_input", placeholder="tr_input_hint")
    words(output, label="tr_output")
    _, examples = example_buttons(words, "tr", EXAMPLES)
    buttons = run_and_stop(words, "tr", name="text")
    notice = gr.HTML(elem_id="by-tr-notice", padding=False)
    report = gr.HTML(elem_id="by-tr-report", padding=False)
    edit = build_edit(words, "by-tr-text-edit")
    past = clickable("by-tr-past", padding=False, render=False)
    return TextSide(
        typed=typed,
        output=output,
        buttons=buttons,
        examples=examples,
        notice=notice,
        report=report,
        edit=edit,
        past=past,
        last=gr.State(None),
    )


def _files(words: Localised) -> FileSide:
    file = gr.File(
        label=text("tr_drop", "en", kinds=translatable("en")), elem_id="by-tr-file", height=150, file_count="multiple"
    )
    words(file, lambda language: {"kinds": translatable(language)}, label="tr_drop")
    about = gr.Markdown(text("tr_drop_info", "en"), elem_classes="by-sub")
    words(about, value="tr_drop_info")
    width = gr.Number(WIDTH, minimum=16, maximum=80, precision=0, elem_id="by-tr-width")
    words(width, label="tr_width", info="tr_width_info")
    buttons = run_and_stop(words, "tr", run="file_run", name="file")
    notice = gr.HTML(elem_id="by-tr-file-notice", padding=False)
    progress = gr.HTML(elem_id="by-tr-progress", padding=False)
    result = gr.File(label=text("tr_result", "en"), visible=False, interactive=False, elem_id="by-tr-result")
    words(result, label="tr_result")
    jobs = clickable("by-tr-jobs", padding=False)
    report = gr.HTML(elem_id="by-tr-file-report", padding=False)
    edit = build_edit(words, "by-tr-edit")
    return FileSide(
        file=file,
        width=width,
        buttons=buttons,
        notice=notice,
        progress=progress,
        result=result,
        jobs=jobs,
        report=report,
        edit=edit,
        begun=gr.State(None),
        looked=gr.State(None),
    )
