"""The models tab: which event calls which handler."""

from chatbot.ui.models.handlers import Handlers
from chatbot.ui.models.layout import ModelsTab, build_models
from chatbot.ui.parts.tab import Frame, Tab
from chatbot.ui.services import PRIVATE, Services


def connect(tab: ModelsTab, frame: Frame, services: Services) -> None:
    do = Handlers(services, tab, frame)
    language = frame.language
    shown = [tab.list, tab.timer, tab.armed]
    done = [*shown, tab.notice, frame.timer]
    tab.tab.select(do.show, language, [*shown, tab.box, tab.elsewhere, tab.notice], **PRIVATE)
    language.change(do.look, language, shown, **PRIVATE)
    tab.timer.tick(do.look, language, shown, **PRIVATE)
    tab.list.click(do.act, [tab.armed, language], done, **PRIVATE)
    for event in (tab.fetch.click, tab.name.submit):
        event(do.fetch, [tab.name, language], [*done, tab.name], **PRIVATE)
    asked = [tab.address, tab.key, tab.model]
    for event in (tab.ask.click, tab.address.submit, tab.key.submit, tab.model.submit):
        event(do.ask, [*asked, language], [*done, *asked], **PRIVATE)


TAB = Tab("models", build_models, connect, offered=lambda services: services.models is not None)
