"""The translate tab: which event calls which handler, and what it may change."""

import gradio as gr

from chatbot.tasks.translate.support import ADAPTER
from chatbot.ui.adapters.picker import connect_task_adapter
from chatbot.ui.parts.tab import Frame, Tab
from chatbot.ui.parts.task_parts import connect_examples, connect_run
from chatbot.ui.services import MODEL_EVENT, PRIVATE, QUICK, Services
from chatbot.ui.translate import api
from chatbot.ui.translate.files import FileHandlers
from chatbot.ui.translate.handlers import Handlers
from chatbot.ui.translate.layout import EXAMPLES, FileSide, TranslateTab, build_translate


def connect(tab: TranslateTab, frame: Frame, services: Services) -> None:
    page, language = frame.page, frame.language
    do = Handlers(services, tab)
    connect_task_adapter(tab.adapter, ADAPTER, tab.tab, frame, services)
    pair = [tab.source, tab.target, tab.adapter, language]
    for event in (
        tab.source.change,
        tab.target.change,
        tab.adapter.change,
        frame.answers.change,
        tab.tab.select,
        language.change,
    ):
        event(do.who, pair, [tab.who, tab.formality, *tab.starts], **PRIVATE)
    tab.who.click(do.take, None, frame.wanted, **PRIVATE)
    page.load(do.arrive, None, [tab.target, tab.glossary], **PRIVATE)
    asked = [tab.terms, tab.glossary, tab.source, tab.target, language]
    tab.terms.upload(do.import_terms, asked, [tab.glossary, tab.texts.notice], **PRIVATE)
    _connect_texts(do, tab, page, language)
    if tab.files:
        _connect_files(FileHandlers(services, tab.files), tab, tab.files, page, language)


def _connect_texts(do: Handlers, tab: TranslateTab, page: gr.Blocks, language: gr.State) -> None:
    side = tab.texts
    connect_examples(side.examples, EXAMPLES, side.typed)
    swapped = [tab.source, tab.target, side.typed, side.output]
    tab.swap.click(do.swap, [*swapped, side.last, language], swapped, **QUICK)
    for event in (tab.tab.select, page.load, language.change):
        event(do.look, [side.last, language], [side.report, side.past], **PRIVATE)
    pair = [side.buttons.run, side.buttons.stop]
    asked = [side.typed, tab.source, tab.target, tab.glossary, tab.adapter, tab.formality, language]
    shown = [side.output, side.report, side.last, side.past, side.notice, *side.edit.parts]
    connect_run(
        side.buttons,
        begin=(do.begin, None, [*pair, side.output, side.report, side.notice, *side.edit.parts]),
        run=(do.run, asked, shown),
        settled=(side.buttons.idle, None, pair),
        stop=do.stop,
    )
    side.edit.keep.click(do.correct, [side.last, side.edit.table, language], shown, **PRIVATE)
    side.past.click(do.reopen, language, [side.typed, tab.source, tab.target, *shown], **PRIVATE)


def _connect_files(do: FileHandlers, tab: TranslateTab, side: FileSide, page: gr.Blocks, language: gr.State) -> None:
    for event in (tab.tab.select, page.load, language.change):
        event(do.look, [side.looked, language], [side.jobs, side.report], **PRIVATE)
    pair = [side.buttons.run, side.buttons.stop]
    shown = [side.progress, side.result, side.report, side.looked, side.jobs, side.notice, *side.edit.parts]
    asked = [side.file, tab.source, tab.target, tab.glossary, side.width, tab.adapter, tab.formality, language]
    settled = (do.settled, language, [*pair, side.jobs])
    connect_run(
        side.buttons,
        begin=(do.begin, None, [*pair, side.result, side.report, side.notice, *side.edit.parts]),
        run=(do.run, asked, shown),
        settled=settled,
        stop=do.stop,
    )
    looked = [side.result, side.report, side.looked, side.jobs, side.notice, *side.edit.parts]
    side.jobs.click(do.act, language, [side.begun, *looked], **PRIVATE)
    side.edit.keep.click(do.correct, [side.looked, side.edit.table, language], looked, **PRIVATE)
    side.begun.change(do.resuming, side.begun, pair, **QUICK).then(
        do.resume, [side.begun, language], [side.begun, *shown], **MODEL_EVENT
    ).then(*settled, **QUICK)


TAB = Tab("translate", build_translate, connect, api.publish)
