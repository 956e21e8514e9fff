"""The translate tab: languages on top, then a text and its translation side by side, or files."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from chatbot.tasks.translate_order import AUTO
from chatbot.ui import render_translate
from chatbot.ui.documents import CLICKS
from chatbot.ui.localise import Localised
from chatbot.ui.services import MODEL_QUEUE, MODEL_READERS, PRIVATE, Services
from chatbot.ui.sidebar import Sidebar
from chatbot.ui.strings import text
from chatbot.ui.translate_files import FileHandlers
from chatbot.ui.translate_handlers import Handlers

EXAMPLES = {
    "short": "Dear {name}, thank you for your order. It will arrive on Friday.",
    "mixed": "The bridge is 1,280 metres long and was opened in 1937. More about it: https://example.org/bridge?id=7",
    "list": "What you need for the cake:\n\n- three eggs\n- 200 g of sugar\n- a little salt\n\nBake it for 40 minutes at 180 °C.",
}


@dataclass(frozen=True, slots=True)
class TextSide:
    typed: gr.Textbox
    output: gr.Textbox
    run: gr.Button
    stop: gr.Button
    examples: tuple[gr.Button, ...]
    notice: gr.HTML
    report: gr.HTML
    past: gr.HTML
    last: gr.State  # the record of the translation that is shown


@dataclass(frozen=True, slots=True)
class FileSide:
    file: gr.File
    run: gr.Button
    stop: gr.Button
    notice: gr.HTML
    progress: gr.HTML
    result: gr.File
    jobs: gr.HTML
    report: gr.HTML
    begun: gr.State  # id of the job to go on with; None: a new one
    looked: gr.State  # id of the job whose doubts are shown


@dataclass(frozen=True, slots=True)
class TranslateTab:
    tab: gr.Tab
    source: gr.Dropdown
    target: gr.Dropdown
    swap: gr.Button
    who: gr.HTML
    glossary: gr.Textbox
    texts: TextSide
    files: FileSide | None


def build_translate(words: Localised, tab: gr.Tab, *, files: bool) -> TranslateTab:
    """The components; `connect` gives them life. `files`: there is a folder to keep files in."""
    with gr.Column(elem_classes="by-pane", elem_id="by-tr"):
        source, swap, target = _languages(words)
        who = gr.HTML(elem_id="by-tr-who", padding=False)
        with gr.Tabs(elem_id="by-tr-tabs"):
            with gr.Tab(text("tr_text", "en"), id="text") as first:
                texts = _texts(words)
            words(first, label="tr_text")
            shelf = None
            if files:
                with gr.Tab(text("tr_files", "en"), id="files") as second:
                    shelf = _files(words)
                words(second, label="tr_files")
        with gr.Accordion(text("tr_glossary", "en"), open=False, elem_id="by-tr-terms") as terms:
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
        words(terms, label="tr_glossary")
        texts.past.render()
    return TranslateTab(tab, source, target, swap, who, glossary, texts, shelf)


def _languages(words: Localised) -> tuple[gr.Dropdown, gr.Button, gr.Dropdown]:
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
    words(source, label="tr_from")
    words(swap, value="tr_swap")
    words(target, label="tr_to")
    return source, swap, target


def _texts(words: Localised) -> TextSide:
    with gr.Row(elem_id="by-tr-both"):
        typed = gr.Textbox(
            "",
            label=text("tr_input", "en"),
            placeholder=text("tr_input_hint", "en"),
            lines=9,
            max_lines=16,
            elem_id="by-tr-input",
        )
        output = gr.Textbox(
            label=text("tr_output", "en"),
            lines=9,
            max_lines=16,
            interactive=False,
            buttons=["copy"],
            elem_id="by-tr-output",
        )
    words(typed, label="tr_input", placeholder="tr_input_hint")
    words(output, label="tr_output")
    run, stop = _buttons(words, "tr_run", "text")
    examples = []
    with gr.Row(elem_id="by-tr-examples"):
        for name in EXAMPLES:
            button = gr.Button(text(f"tr_example_{name}", "en"), size="sm", elem_classes="by-tr-example", min_width=0)
            words(button, value=f"tr_example_{name}")
            examples.append(button)
    notice = gr.HTML(elem_id="by-tr-notice", padding=False)
    report = gr.HTML(elem_id="by-tr-report", padding=False)
    past = gr.HTML(elem_id="by-tr-past", padding=False, js_on_load=CLICKS, apply_default_css=False, render=False)
    return TextSide(typed, output, run, stop, tuple(examples), notice, report, past, gr.State(None))


def _files(words: Localised) -> FileSide:
    file = gr.File(label=text("tr_drop", "en"), elem_id="by-tr-file", height=120)
    words(file, label="tr_drop")
    about = gr.Markdown(text("tr_drop_info", "en"), elem_classes="by-sub")
    words(about, value="tr_drop_info")
    run, stop = _buttons(words, "tr_file_run", "file")
    notice = gr.HTML(elem_id="by-tr-file-notice", padding=False)
    progress = gr.HTML(elem_id="by-tr-progress", padding=False)
    result = gr.File(label=text("tr_result", "en"), visible=False, interactive=False, elem_id="by-tr-result")
    words(result, label="tr_result")
    jobs = gr.HTML(elem_id="by-tr-jobs", padding=False, js_on_load=CLICKS, apply_default_css=False)
    report = gr.HTML(elem_id="by-tr-file-report", padding=False)
    return FileSide(file, run, stop, notice, progress, result, jobs, report, gr.State(None), gr.State(None))


def _buttons(words: Localised, key: str, name: str) -> tuple[gr.Button, gr.Button]:
    with gr.Row(elem_classes="by-tr-buttons"):
        run = gr.Button(text(key, "en"), variant="primary", elem_id=f"by-tr-run-{name}", scale=0, min_width=150)
        stop = gr.Button(text("tr_stop", "en"), visible=False, elem_id=f"by-tr-stop-{name}", scale=0, min_width=150)
    words(run, value=key)
    words(stop, value="tr_stop")
    return run, stop


def connect(tab: TranslateTab, page: gr.Blocks, bar: Sidebar, language: gr.State, services: Services) -> None:
    do = Handlers(services)
    pair = [tab.source, tab.target, bar.adapter, language]
    for event in (tab.source.change, tab.target.change, bar.adapter.change, tab.tab.select, language.change):
        event(do.who, pair, tab.who, **PRIVATE)
    language.change(do.spoken, [tab.source, tab.target, language], [tab.source, tab.target], **PRIVATE)
    _connect_texts(do, tab, page, bar, language)
    if tab.files:
        _connect_files(FileHandlers(services), tab, tab.files, page, bar, language)


def _connect_texts(do: Handlers, tab: TranslateTab, page: gr.Blocks, bar: Sidebar, language: gr.State) -> None:
    side = tab.texts
    quick: dict[str, Any] = {**PRIVATE, "queue": False}
    for button, name in zip(side.examples, EXAMPLES, strict=True):
        button.click(_example(name), None, side.typed, **quick)
    tab.swap.click(
        do.swap,
        [tab.source, tab.target, side.typed, side.output, side.last],
        [tab.source, tab.target, side.typed, side.output],
        **quick,
    )
    for event in (tab.tab.select, page.load, language.change):
        event(do.look, [side.last, language], [side.report, side.past], **PRIVATE)
    side.run.click(do.begin, None, [side.run, side.stop, side.output, side.report, side.notice], **quick).success(
        do.run,
        [side.typed, tab.source, tab.target, tab.glossary, bar.adapter, language],
        [side.output, side.report, side.last, side.past, side.notice],
        concurrency_id=MODEL_QUEUE,
        concurrency_limit=MODEL_READERS,
        **PRIVATE,
    ).then(do.settled, None, [side.run, side.stop], **quick)
    side.stop.click(do.stop, None, None, **quick)
    side.past.click(
        do.reopen,
        language,
        [side.typed, side.output, side.report, side.last, tab.source, tab.target, side.notice],
        **PRIVATE,
    )


def _connect_files(
    do: FileHandlers, tab: TranslateTab, side: FileSide, page: gr.Blocks, bar: Sidebar, language: gr.State
) -> None:
    quick: dict[str, Any] = {**PRIVATE, "queue": False}
    for event in (tab.tab.select, page.load, language.change):
        event(do.look, [side.looked, language], [side.jobs, side.report], **PRIVATE)
    settled = {"fn": do.settled, "inputs": language, "outputs": [side.run, side.stop, side.jobs]}
    work: dict[str, Any] = {"concurrency_id": MODEL_QUEUE, "concurrency_limit": MODEL_READERS, **PRIVATE}
    shown = [side.progress, side.result, side.report, side.looked, side.jobs, side.notice]
    side.run.click(do.begin, None, [side.run, side.stop, side.result, side.report, side.notice], **quick).success(
        do.run, [side.file, tab.source, tab.target, tab.glossary, bar.adapter, language], shown, **work
    ).then(**settled, **PRIVATE)
    side.stop.click(do.stop, None, None, **quick)
    side.jobs.click(
        do.act, language, [side.begun, side.result, side.report, side.looked, side.jobs, side.notice], **PRIVATE
    )
    side.begun.change(do.resuming, side.begun, [side.run, side.stop], **quick).then(
        do.resume, [side.begun, language], [side.begun, *shown], **work
    ).then(**settled, **PRIVATE)


def _example(name: str) -> Any:
    return lambda: EXAMPLES[name]
