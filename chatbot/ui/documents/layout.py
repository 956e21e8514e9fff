"""What the documents tab shows: files on the left, the conversation in the middle, the source on the right."""

from dataclasses import dataclass

import gradio as gr

from chatbot.ui.adapters.picker import task_adapter
from chatbot.ui.documents import render as render_documents
from chatbot.ui.documents import render_answers
from chatbot.ui.parts.clickable import clickable
from chatbot.ui.parts.localise import Localised
from chatbot.ui.services import Services
from chatbot.ui.strings.words import text

POLL = 0.5  # seconds between looks at files on their way


@dataclass(frozen=True, slots=True)
class LibraryColumn:
    files: gr.File
    jobs: gr.HTML
    listing: gr.HTML
    adapter: gr.Dropdown


@dataclass(frozen=True, slots=True)
class Talk:
    past: gr.HTML
    live: gr.HTML
    notice: gr.HTML
    composer: gr.Textbox
    clear: gr.Button
    turns: gr.State  # the questions and answers of this page
    asked: gr.State  # the question that is being answered


@dataclass(frozen=True, slots=True)
class SourceColumn:
    shown: gr.HTML
    manage: gr.Column
    name: gr.Textbox
    rename: gr.Button
    remove: gr.Button
    opened: gr.State  # id of the document that is shown, if it is one
    armed: gr.State  # whether Remove was pressed once


@dataclass(frozen=True, slots=True)
class DocumentsTab:
    tab: gr.Tab
    library: LibraryColumn
    talk: Talk
    source: SourceColumn
    timer: gr.Timer


def build_documents(words: Localised, tab: gr.Tab, services: Services) -> DocumentsTab:
    """The components; `connect` of the tab gives them life."""
    with gr.Row(elem_id="by-desk"):
        with gr.Column(scale=3, min_width=230, elem_id="by-shelf"):
            library = _library(words)
        with gr.Column(scale=6, min_width=320, elem_id="by-talk"):
            talk = _talk(words)
        with gr.Column(scale=5, min_width=300, elem_id="by-source-column"):
            source = _source(words)
    return DocumentsTab(tab=tab, library=library, talk=talk, source=source, timer=gr.Timer(POLL))


def _library(words: Localised) -> LibraryColumn:
    files = gr.File(label=text("doc_drop", "en"), file_count="multiple", elem_id="by-doc-files", height=150)
    words(files, label="doc_drop")
    jobs, listing = clickable("by-doc-jobs"), clickable("by-doc-list")
    return LibraryColumn(files=files, jobs=jobs, listing=listing, adapter=task_adapter(words, "doc"))


def _talk(words: Localised) -> Talk:
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
    return Talk(
        past=past,
        live=live,
        notice=notice,
        composer=composer,
        clear=clear,
        turns=gr.State([]),
        asked=gr.State(""),
    )


def _source(words: Localised) -> SourceColumn:
    shown = clickable("by-source", render_documents.source_none("en"))
    with gr.Column(visible=False, elem_id="by-manage", elem_classes="by-panel") as manage:
        name = gr.Textbox("", label=text("doc_name", "en"), max_lines=1, elem_id="by-doc-name")
        words(name, label="doc_name")
        with gr.Row():
            rename = gr.Button(text("doc_rename", "en"), size="sm", elem_id="by-doc-rename")
            remove = gr.Button(text("doc_remove", "en"), size="sm", elem_id="by-doc-remove")
        words(rename, value="doc_rename")
    return SourceColumn(
        shown=shown,
        manage=manage,
        name=name,
        rename=rename,
        remove=remove,
        opened=gr.State(None),
        armed=gr.State(False),
    )
