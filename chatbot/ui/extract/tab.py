"""How the events of the extraction tab hang together."""

from chatbot.ui.adapters.picker import connect_task_adapter
from chatbot.ui.extract import api
from chatbot.ui.extract.examples import EXAMPLES
from chatbot.ui.extract.handlers import Handlers
from chatbot.ui.extract.layout import ExtractTab, build_extract
from chatbot.ui.parts.tab import Frame, Tab
from chatbot.ui.parts.task_parts import connect_examples, connect_run
from chatbot.ui.services import LATEST, PRIVATE, QUICK, Services


def connect(tab: ExtractTab, frame: Frame, services: Services) -> None:
    page, language = frame.page, frame.language
    do, given = Handlers(services, tab), tab.given
    given.reading.source.change(given.reading.pick, given.reading.source, given.reading.picked, **QUICK)
    given.template.input(do.choose, [given.template, language], [given.fields, given.rows], **QUICK, **LATEST)
    filled = connect_examples(
        given.reading.examples, EXAMPLES, [given.reading.typed, given.template, given.fields, given.rows]
    )
    page.load(do.arrive, None, [given.fields, given.rows, given.template], **PRIVATE)
    for event in (tab.tab.select, page.load):
        event(do.look, [given.reading.documents, language], [given.reading.documents, given.past], **PRIVATE)
    spoken = [given.fields, tab.shown, tab.where, given.past]
    language.change(do.spoken, [tab.result, given.template, given.fields, language], spoken, **PRIVATE)
    asked = [
        *given.reading.given,
        given.fields,
        given.rows,
        given.adapter,
        language,
    ]
    connect_task_adapter(given.adapter, Handlers.task, tab.tab, frame, services)
    pair, shown = [given.buttons.run, given.buttons.stop], [tab.result, tab.shown, tab.where, given.past, tab.notice]
    connect_run(
        given.buttons,
        begin=(do.begin, language, [*pair, tab.notice, tab.shown, tab.where]),
        run=(do.run, asked, shown),
        settled=(given.buttons.idle, None, pair),
        stop=do.stop,
        after=filled,
    )
    tab.shown.click(do.act, [tab.result, language], tab.where, **PRIVATE)
    given.past.click(do.reopen, language, shown, **PRIVATE)


TAB = Tab("extract", build_extract, connect, api.publish)
