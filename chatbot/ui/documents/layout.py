"""What the documents tab shows: files on the left, the conversation in the middle, the source on the right."""

from dataclasses import dataclass

import gradio as gr

from chatbot.ui.documents import render as render_documents
from chatbot.ui.documents import render_answers
from chatbot.ui.documents.shelf.layout import LibraryColumn, build_library
from chatbot.ui.parts.clickable import clickable
from chatbot.ui.parts.localise import Localised
from chatbot.ui.services import Services
from chatbot.ui.strings.words import text

POLL = 0.5  # seconds between looks at files on their way


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
    opened: gr.State  # id of the document that is shown, if it is one


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
            library = build_library(words, services)
        with gr.Column(scale=6, min_width=320, elem_id="by-talk"):
            talk = _talk(words)
        with gr.Column(scale=5, min_width=300, elem_id="by-source-column"):
            source = SourceColumn(clickable("by-source", render_documents.source_none("en")), gr.State(None))
            words.first(source.shown, lambda language: {"value": render_documents.source_none(language)})
    return DocumentsTab(tab=tab, library=library, talk=talk, source=source, timer=gr.Timer(POLL))


def _talk(words: Localised) -> Talk:
    with gr.Column(elem_id="by-answers"):
        past = clickable("by-past", render_answers.welcome("en"))
        words.first(past, lambda language: {"value": render_answers.welcome(language)})
        live = clickable("by-live")
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
