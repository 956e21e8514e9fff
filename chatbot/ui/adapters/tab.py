"""The adapters tab: what there is, what can be done with each, what can be added."""

from chatbot.ui.adapters.handlers import Handlers
from chatbot.ui.adapters.layout import AdaptersTab, build_adapters
from chatbot.ui.parts.tab import Frame, Tab
from chatbot.ui.services import PRIVATE, Services


def connect(tab: AdaptersTab, frame: Frame, services: Services) -> None:
    bar, language = frame.bar, frame.language
    do = Handlers(services, tab, frame)
    lists = [tab.cards, tab.armed, bar.adapter, bar.compare]
    tab.tab.select(do.show, language, [*lists, tab.notice, tab.file], **PRIVATE)
    language.change(do.spoken, [tab.cards, tab.armed, language], lists, **PRIVATE)
    done = [*lists, tab.notice, tab.file, frame.tabs, frame.wanted]
    tab.cards.click(do.act, [tab.armed, language], done, **PRIVATE)
    tab.add.click(
        do.add, [tab.files, tab.name, tab.mine, language], [*lists, tab.notice, tab.files, tab.name], **PRIVATE
    )


TAB = Tab("adapters", build_adapters, connect)
