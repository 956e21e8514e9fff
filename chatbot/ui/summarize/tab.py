"""How the events of the summary tab hang together."""

from chatbot.tasks.summarize.work import ADAPTER
from chatbot.ui.adapters.picker import connect_task_adapter
from chatbot.ui.parts.tab import Frame, Tab
from chatbot.ui.parts.task_parts import connect_examples, connect_run
from chatbot.ui.services import PRIVATE, QUICK, Services
from chatbot.ui.summarize import api
from chatbot.ui.summarize.examples import EXAMPLES
from chatbot.ui.summarize.handlers import Handlers
from chatbot.ui.summarize.layout import SummarizeTab, build_summarize


def connect(tab: SummarizeTab, frame: Frame, services: Services) -> None:
    page, language = frame.page, frame.language
    do, given = Handlers(services, tab), tab.given
    given.reading.source.change(given.reading.pick, given.reading.source, given.reading.picked, **QUICK)
    connect_examples(given.reading.examples, EXAMPLES, given.reading.typed)
    for event in (tab.tab.select, page.load):
        event(do.look, [given.reading.documents, language], [given.reading.documents, given.past], **PRIVATE)
    language.change(do.spoken, [tab.summary, language], [tab.shown, tab.where, given.past], **PRIVATE)
    asked = [
        *given.reading.given,
        given.length,
        given.form,
        given.focus,
        given.into,
        given.adapter,
        language,
    ]
    connect_task_adapter(given.adapter, ADAPTER, tab.tab, frame, services)
    pair = [given.buttons.run, given.buttons.stop]
    connect_run(
        given.buttons,
        begin=(do.begin, language, [*pair, tab.notice, tab.shown, tab.where]),
        run=(do.run, asked, [tab.summary, tab.shown, tab.where, given.past, tab.notice]),
        settled=(given.buttons.idle, None, pair),
        stop=do.stop,
    )
    for part in (tab.shown, tab.where):
        part.click(do.act, [tab.summary, language], [tab.where, tab.notice], **PRIVATE)
    opened = [tab.summary, tab.shown, tab.where, given.past, tab.notice]
    given.past.click(do.reopen, language, opened, **PRIVATE)


TAB = Tab("summarize", build_summarize, connect, api.publish)
