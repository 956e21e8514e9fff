"""How the events of the sentiment tab hang together."""

from chatbot.tasks.classify.work import ADAPTER
from chatbot.ui.adapters.picker import connect_task_adapter
from chatbot.ui.classify import api
from chatbot.ui.classify.examples import EXAMPLES
from chatbot.ui.classify.handlers import Handlers
from chatbot.ui.classify.layout import SentimentTab, build_sentiment
from chatbot.ui.classify.teach import TeachHandlers
from chatbot.ui.parts.tab import Frame, Tab
from chatbot.ui.parts.task_parts import connect_examples, connect_run
from chatbot.ui.services import PRIVATE, QUICK, Services


def connect(tab: SentimentTab, frame: Frame, services: Services) -> None:
    page, language = frame.page, frame.language
    do, given = Handlers(services, tab), tab.given
    given.source.change(do.pick, given.source, [given.typed, given.about, given.file, given.column], **QUICK)
    connect_examples(given.examples, EXAMPLES, [given.typed, given.labels])
    taught = tab.teach
    offered = [taught.box, taught.about, taught.table, taught.said]
    opened = [given.column, tab.shown, tab.download, tab.notice, *offered]
    given.file.change(do.open, [given.file, language], opened, **PRIVATE)
    for event in (tab.tab.select, page.load):
        event(do.look, language, given.past, **PRIVATE)
    language.change(do.spoken, [tab.result, language], [tab.shown, given.past], **PRIVATE)
    shown = [tab.result, tab.shown, given.past, tab.download, tab.notice, *offered]
    asked = [given.source, given.typed, given.file, given.column, given.labels, given.allowed, given.adapter, language]
    connect_task_adapter(given.adapter, ADAPTER, tab.tab, frame, services)
    pair = [given.buttons.run, given.buttons.stop]
    connect_run(
        given.buttons,
        begin=(do.begin, language, [*pair, tab.notice, tab.shown, tab.download, *offered]),
        run=(do.run, asked, shown),
        settled=(given.buttons.idle, None, pair),
        stop=do.stop,
    )
    given.past.click(do.reopen, language, shown, **PRIVATE)
    keep = TeachHandlers(services, taught).keep
    taught.keep.click(keep, [tab.result, taught.table, language], taught.said, **PRIVATE)


TAB = Tab("sentiment", build_sentiment, connect, api.publish)
