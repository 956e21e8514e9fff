"""What the page says while a model is on its way, and what it knows of the one that answers."""

from html import escape
from typing import Any

import gradio as gr

from chatbot.engine.models.catalogue import SMALL
from chatbot.ui.adapters import offered as adapters
from chatbot.ui.chat.coming import card, moves
from chatbot.ui.chat.handlers import meter_of, told
from chatbot.ui.chat.layout import ChatTab
from chatbot.ui.chat.sampling import OWN
from chatbot.ui.chat.sidebar import follow
from chatbot.ui.chat.turns import render as render_turns
from chatbot.ui.parts import render
from chatbot.ui.parts.clickable import clicked
from chatbot.ui.parts.tab import OFTEN, SELDOM, Frame
from chatbot.ui.parts.updates import Updates
from chatbot.ui.services import PRIVATE, Services
from chatbot.ui.strings.words import Language, text


def connect_loading(frame: Frame, tab: ChatTab, services: Services) -> None:
    """Look at the model while one is on its way, and whenever somebody is about to ask it: it may be another by now."""
    do = Handlers(services, frame, tab)
    bar = frame.bar
    own = bar.sampling[: len(OWN)]
    given = [frame.answers, frame.language, tab.conversation, bar.defaults, *own]
    moving = [frame.loading, frame.timer, tab.card]
    shown = [*moving, frame.answers, bar.model, bar.adapter, bar.compare, tab.again, tab.meter, bar.defaults, *own]
    frame.timer.tick(do.tick, given, shown, **PRIVATE)
    for event in (
        frame.language.change,
        bar.adapter.focus,
        bar.compare.focus,
        tab.tab.select,
    ):
        event(do.look, given, shown, **PRIVATE)
    tab.card.click(do.act, frame.language, [*moving, tab.notice], **PRIVATE)


class Handlers:
    """Each method is one event. `answers` is the reference of the model whose name this page shows."""

    def __init__(self, services: Services, frame: Frame, tab: ChatTab) -> None:
        self._services, self._engine, self._frame, self._tab = services, services.engine, frame, tab

    def tick(
        self,
        answers: str,
        language: Language,
        id: str | None,
        last: list[float],
        request: gr.Request,
        *controls: float,
    ) -> Updates:
        """As `look`, but what another model changes is read only when it is another one."""
        moving = moves(self._engine)  # asked first: a model that comes after this is looked at with the next tick
        if self._engine.present is None or self._engine.reference == answers:
            shown = self._moving(language, request)
        else:
            shown = self.look(answers, language, id, last, request, *controls)
        return {**shown, self._frame.timer: _pace(moving)}

    def look(
        self,
        answers: str,
        language: Language,
        id: str | None,
        last: list[float],
        request: gr.Request,
        *controls: float,
    ) -> Updates:
        services, engine, bar = self._services, self._engine, self._frame.bar
        if engine.present is None:
            return {**self._moving(language, request), **self._unlisted(language)}
        engine.refresh()
        owner = services.owner_of(request)
        gone = {"value": ""} if answers and answers != engine.reference else {}  # its adapters went with the old model
        known = adapters.choices(services, owner, language)
        return {
            **self._moving(language, request),
            self._tab.again: render_turns.menu(known, language),
            self._frame.answers: engine.reference,
            bar.model: model_html(services, language),
            bar.adapter: gr.update(choices=known, **gone),
            bar.compare: gr.update(choices=adapters.compare_choices(services, owner, language), **gone),
            self._tab.meter: meter_of(services, owner, id, language),
            **follow(bar, controls, last, engine.traits.sampling),
        }

    def _unlisted(self, language: Language) -> Updates:
        """The pickers without adapters, which are known once there is a model."""
        bar = self._frame.bar
        return {
            bar.adapter: gr.update(choices=[(text("no_adapter", language), "")]),
            bar.compare: gr.update(choices=[(text("compare_off", language), "")]),
        }

    def act(self, language: Language, request: gr.Request, event: gr.EventData) -> Updates:
        """A button of the card, which only whoever runs the server may press."""
        with told(language) as notices:
            self._services.admins.require(request)
            self._do(clicked(event).get("act", ""))
        return {**self._moving(language, request), self._tab.notice: "".join(notices)}

    def _do(self, act: str) -> None:
        engine = self._engine
        if act == "meanwhile" and engine.present is None:
            engine.meanwhile(SMALL.name)
        elif act == "heard":
            engine.instead = None
            if engine.coming and engine.coming.state.status == "failed":
                engine.cancel()

    def _moving(self, language: Language, request: gr.Request) -> Updates:
        engine, admin = self._engine, self._services.admins(request)
        state = engine.state()
        return {
            self._frame.loading: render.loading(state, language),
            self._frame.timer: _pace(moves(engine)),
            self._tab.card: card(engine, self._services.machine, language, admin=admin),
        }


def _pace(moving: bool) -> Any:
    return gr.update(value=OFTEN if moving else SELDOM)


def model_html(services: Services, language: Language) -> str:
    engine = services.engine
    words = escape(f"{text('base_model', language)} · {engine.name} · {engine.device}")
    return f'<div class="by-model" title="{words}">{escape(engine.model)}</div>'
