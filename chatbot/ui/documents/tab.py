"""The documents tab: files on the left, the conversation in the middle, the source on the right."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from chatbot.ui.chat.sidebar import Sidebar
from chatbot.ui.documents import render as render_documents
from chatbot.ui.documents import render_answers
from chatbot.ui.documents.handlers import Handlers
from chatbot.ui.parts.clickable import clickable
from chatbot.ui.parts.localise import Localised
from chatbot.ui.services import MODEL_QUEUE, MODEL_READERS, PRIVATE, Services
from chatbot.ui.strings.words import text

POLL = 0.5  # seconds between looks at files on their way


@dataclass(frozen=True, slots=True)
class DocumentsTab:
    tab: gr.Tab
    files: gr.File
    jobs: gr.HTML
    listing: gr.HTML
    past: gr.HTML
    live: gr.HTML
    notice: gr.HTML
    composer: gr.Textbox
    clear: gr.Button
    source: gr.HTML
    manage: gr.Column
    name: gr.Textbox
    rename: gr.Button
    remove: gr.Button
    turns: gr.State  # the questions and answers of this page
    asked: gr.State  # the question that is being answered
    opened: gr.State  # id of the document on the right, if it is one
    armed: gr.State  # whether Remove was pressed once
    timer: gr.Timer


def build_documents(words: Localised, tab: gr.Tab) -> DocumentsTab:
    """The components; `connect` gives them life."""
    turns, asked, opened, armed = gr.State([]), gr.State(""), gr.State(None), gr.State(False)
    with gr.Row(elem_id="by-desk"):
        with gr.Column(scale=3, min_width=230, elem_id="by-shelf"):
            files, jobs, listing = _shelf(words)
        with gr.Column(scale=6, min_width=320, elem_id="by-talk"):
            past, live, notice, composer, clear = _talk(words)
        with gr.Column(scale=5, min_width=300, elem_id="by-source-column"):
            source = clickable("by-source", render_documents.source_none("en"))
            with gr.Column(visible=False, elem_id="by-manage", elem_classes="by-panel") as manage:
                name = gr.Textbox("", label=text("doc_name", "en"), max_lines=1, elem_id="by-doc-name")
                words(name, label="doc_name")
                with gr.Row():
                    rename = gr.Button(text("doc_rename", "en"), size="sm", elem_id="by-doc-rename")
                    remove = gr.Button(text("doc_remove", "en"), size="sm", elem_id="by-doc-remove")
                words(rename, value="doc_rename")
    timer = gr.Timer(POLL)
    return DocumentsTab(
        tab,
        files,
        jobs,
        listing,
        past,
        live,
        notice,
        composer,
        clear,
        source,
        manage,
        name,
        rename,
        remove,
        turns,
        asked,
        opened,
        armed,
        timer,
    )


def _shelf(words: Localised) -> tuple[gr.File, gr.HTML, gr.HTML]:
    files = gr.File(label=text("doc_drop", "en"), file_count="multiple", elem_id="by-doc-files", height=150)
    words(files, label="doc_drop")
    jobs = clickable("by-doc-jobs")
    listing = clickable("by-doc-list")
    return files, jobs, listing


def _talk(words: Localised) -> tuple[gr.HTML, gr.HTML, gr.HTML, gr.Textbox, gr.Button]:
    with gr.Column(elem_id="by-answers"):
        past = clickable("by-past", render_answers.welcome("en"), autoscroll=True)
        live = clickable("by-live", autoscroll=True)
    notice = gr.HTML(elem_id="by-ask-notice", padding=False)
    with gr.Row(elem_id="by-ask-row"):
        composer = gr.Textbox(
            show_label=False,
            label=text("ask_label", "en"),
            placeholder=text("ask_composer", "en"),
            container=False,
            lines=1,
            max_lines=6,
            submit_btn=True,
            elem_id="by-ask",
            elem_classes="by-composer",
        )
        words(composer, label="ask_label", placeholder="ask_composer")
        clear = gr.Button(text("ask_clear", "en"), size="sm", elem_id="by-ask-clear", scale=0, min_width=64)
        words(clear, value="ask_clear")
    return past, live, notice, composer, clear


def connect(tab: DocumentsTab, page: gr.Blocks, bar: Sidebar, language: gr.State, services: Services) -> None:
    do = Handlers(services)
    _connect_library(do, tab, page, language)
    _connect_questions(do, tab, page, bar, language)
    _connect_source(do, tab, language)


def _connect_library(do: Handlers, tab: DocumentsTab, page: gr.Blocks, language: gr.State) -> None:
    shelf = [tab.jobs, tab.listing, tab.timer]
    tab.files.upload(do.add, [tab.files, tab.opened, language], [*shelf, tab.files, tab.notice], **PRIVATE)
    tab.timer.tick(do.look, [tab.opened, language], shelf, **PRIVATE)
    tab.tab.select(do.look, [tab.opened, language], shelf, **PRIVATE)
    page.load(do.look, [tab.opened, language], shelf, **PRIVATE)
    language.change(
        do.spoken,
        [tab.turns, tab.opened, language],
        [*shelf, tab.past, tab.source, tab.opened, tab.manage, tab.remove, tab.armed],
        **PRIVATE,
    )
    tab.jobs.click(do.stop_jobs, [tab.opened, language], shelf, **PRIVATE)


def _connect_questions(do: Handlers, tab: DocumentsTab, page: gr.Blocks, bar: Sidebar, language: gr.State) -> None:
    page.load(do.recall, None, [tab.turns, tab.past], **PRIVATE)
    settled: dict[str, Any] = {"fn": do.settled, "inputs": None, "outputs": tab.composer}
    tab.composer.submit(
        do.send, [tab.composer, language], [tab.composer, tab.asked, tab.live, tab.notice], **PRIVATE
    ).success(
        do.respond,
        [tab.asked, tab.turns, bar.adapter, language],
        [tab.turns, tab.past, tab.live, tab.notice, tab.composer],
        concurrency_id=MODEL_QUEUE,
        concurrency_limit=MODEL_READERS,
        **PRIVATE,
    ).then(**settled, **PRIVATE)
    tab.composer.stop(do.stop, None, None, queue=False, **PRIVATE)
    tab.clear.click(do.clear, language, [tab.turns, tab.past, tab.live, tab.notice], **PRIVATE)


def _connect_source(do: Handlers, tab: DocumentsTab, language: gr.State) -> None:
    right = [tab.source, tab.opened, tab.manage, tab.name, tab.remove, tab.armed]
    shown = [tab.listing, *right, tab.notice]
    for part in (tab.listing, tab.past, tab.live, tab.source):
        part.click(do.act, [tab.opened, language], shown, **PRIVATE)
    for event in (tab.rename.click, tab.name.submit):
        event(do.rename, [tab.opened, tab.name, language], shown, **PRIVATE)
    tab.remove.click(do.remove, [tab.opened, tab.armed, language], shown, **PRIVATE).then(
        do.recall, None, [tab.turns, tab.past], **PRIVATE
    )
