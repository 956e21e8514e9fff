"""The tour's component, and what is remembered of it: who has seen it, or skipped it, is not asked again."""

from collections.abc import Collection

import gradio as gr

from chatbot.ui.parts.clickable import clickable
from chatbot.ui.parts.localise import Localised
from chatbot.ui.parts.updates import Updates
from chatbot.ui.services import QUICK, Services
from chatbot.ui.strings.words import ENGLISH, Language
from chatbot.ui.tour.render import tour_html

SETTING = "toured"


class Tour:
    def __init__(self, words: Localised, services: Services, tabs: Collection[str]) -> None:
        """Called where the component is to stand. `tabs` are the names of those that the page has."""
        self._services, self._tabs = services, tabs
        self.shown = clickable("by-tour", tour_html(ENGLISH, tabs, offered=False))
        words.first(self.shown, lambda language: {"value": tour_html(language, tabs, offered=False)})
        self.shown.click(self.over, None, None, **QUICK)

    def spoken(self, owner: str, language: Language) -> Updates:
        offered = not self._services.store.setting(owner, SETTING)
        return {self.shown: tour_html(language, self._tabs, offered=offered)}

    def over(self, request: gr.Request) -> None:
        self._services.store.set_setting(self._services.owner_of(request), SETTING, True)
