"""The documents tab: which event calls which handler, and what it may change."""

import gradio as gr

from chatbot.tasks.answer.work import ADAPTER
from chatbot.ui.adapters.picker import connect_task_adapter
from chatbot.ui.documents import api
from chatbot.ui.documents.handlers import Handlers
from chatbot.ui.documents.layout import DocumentsTab, build_documents
from chatbot.ui.documents.shelf.handlers import CollectionHandlers
from chatbot.ui.documents.source_handlers import SourceHandlers
from chatbot.ui.parts.tab import Frame, Tab
from chatbot.ui.services import MODEL_EVENT, PRIVATE, Services


def connect(tab: DocumentsTab, frame: Frame, services: Services) -> None:
    page, language = frame.page, frame.language
    do = Handlers(services, tab)
    connect_task_adapter(tab.library.adapter, ADAPTER, tab.tab, frame, services)
    _connect_shelf(do, tab, page, language)
    _connect_collections(CollectionHandlers(services, tab), tab, language)
    _connect_language(do, tab, language)
    _connect_talk(do, tab, page, language)
    _connect_source(SourceHandlers(services, tab), do, tab, language)


def _connect_shelf(do: Handlers, tab: DocumentsTab, page: gr.Blocks, language: gr.State) -> None:
    library, opened = tab.library, tab.source.opened
    looked = [library.jobs, library.listing, library.collections, tab.timer]
    added = [library.jobs, tab.timer, library.files, tab.talk.notice]
    library.files.upload(do.add, [library.files, language], added, **PRIVATE)
    library.folder.upload(do.add_folder, [library.folder, language], added, **PRIVATE)
    library.address.submit(
        do.fetch, [library.address, language], [library.jobs, tab.timer, library.address, tab.talk.notice], **PRIVATE
    )
    library.sample.click(do.sample, language, [*added, tab.talk.composer], **PRIVATE)
    for event in (tab.timer.tick, tab.tab.select, page.load):
        event(do.look, [opened, language], looked, **PRIVATE)
    library.jobs.click(do.act_on_jobs, [opened, language], [*looked, tab.talk.notice], **PRIVATE)


def _connect_collections(do: CollectionHandlers, tab: DocumentsTab, language: gr.State) -> None:
    library, sharing, opened = tab.library, tab.library.sharing, tab.source.opened
    shown = [library.listing, library.collections, tab.talk.notice]
    panel = [sharing.panel, sharing.title, sharing.whom, sharing.names, sharing.id]
    library.collections.click(do.act, [opened, language], [*shown, *panel], **PRIVATE)
    given = [sharing.id, sharing.whom, sharing.names]
    sharing.save.click(do.share, [*given, opened, language], [*shown, sharing.panel, sharing.id], **PRIVATE)


def _connect_language(do: Handlers, tab: DocumentsTab, language: gr.State) -> None:
    library, talk = tab.library, tab.talk
    spoken = [library.jobs, library.listing, library.collections, tab.timer, talk.past, *_column(tab)]
    language.change(do.spoken, [talk.turns, language], spoken, **PRIVATE)


def _connect_talk(do: Handlers, tab: DocumentsTab, page: gr.Blocks, language: gr.State) -> None:
    talk = tab.talk
    recalled = [talk.turns, talk.past]
    page.load(do.recall, None, recalled, **PRIVATE)
    talk.composer.submit(
        do.send, [talk.composer, language], [talk.composer, talk.asked, talk.live, talk.notice], **PRIVATE
    ).success(
        do.respond,
        [talk.asked, talk.turns, tab.library.adapter, language],
        [*recalled, talk.live, talk.notice, talk.composer],
        **MODEL_EVENT,
    ).then(do.settled, None, talk.composer, **PRIVATE)
    talk.composer.stop(do.stop, None, None, queue=False, **PRIVATE)
    talk.clear.click(do.clear, language, [*recalled, talk.live, talk.notice], **PRIVATE)


def _connect_source(do: SourceHandlers, talk: Handlers, tab: DocumentsTab, language: gr.State) -> None:
    column, library = tab.source, tab.library
    shown = [*_column(tab), library.listing, library.collections, tab.talk.notice]
    for part in (tab.talk.past, tab.talk.live, column.shown):
        part.click(do.act, [column.opened, language], shown, **PRIVATE)
    library.listing.click(do.act, [column.opened, language], shown, **PRIVATE).then(
        talk.recall, None, [tab.talk.turns, tab.talk.past], **PRIVATE
    )  # what quoted a document goes with it


def _column(tab: DocumentsTab) -> list[gr.blocks.Block]:
    column = tab.source
    return [column.shown, column.opened]


TAB = Tab("documents", build_documents, connect, api.publish, offered=lambda services: services.library is not None)
