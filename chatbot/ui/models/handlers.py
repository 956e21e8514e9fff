"""What the buttons of the models tab do. Each asks anew whether whoever pressed it runs this server."""

from collections.abc import Iterator, Mapping

import gradio as gr

from chatbot.common.errors import ModelError, ModelNotFound
from chatbot.common.system.devices import free_memory
from chatbot.common.system.extras import lacking
from chatbot.engine import registry
from chatbot.engine.models import on_disk
from chatbot.engine.models.catalogue import CATALOGUE
from chatbot.ui.chat.coming import moves
from chatbot.ui.chat.handlers import told
from chatbot.ui.models import render
from chatbot.ui.models.cards import cards, serving
from chatbot.ui.models.layout import ModelsTab
from chatbot.ui.parts import render as parts
from chatbot.ui.parts.clickable import clicked
from chatbot.ui.parts.tab import OFTEN, Frame
from chatbot.ui.parts.updates import Updates
from chatbot.ui.services import Services
from chatbot.ui.strings.words import Language, text


class Handlers:
    """Each method is one event; who asks comes from its request, the rest from its arguments."""

    def __init__(self, services: Services, tab: ModelsTab, frame: Frame) -> None:
        assert services.models is not None
        self._services, self._models, self._engine = services, services.models, services.engine
        self._tab, self._frame = tab, frame

    def show(self, language: Language, request: gr.Request) -> Updates:
        """The tab was opened."""
        own = gr.update(visible=self._services.admins(request))
        return {
            **self._list(language, request),
            self._tab.box: own,
            self._tab.elsewhere: own if self._services.servers else gr.skip(),
            self._tab.notice: "",
        }

    def look(self, language: Language, request: gr.Request) -> Updates:
        return self._list(language, request)

    def fetch(self, typed: str, language: Language, request: gr.Request) -> Updates:
        """A model of the hub was named."""
        with told(language) as notices:
            self._services.admins.require(request)
            self._models.start(on_disk.asked(typed))
            return {**self._list(language, request), self._tab.notice: "", self._tab.name: ""}
        return {self._tab.notice: notices[0]}

    def ask(self, address: str, key: str, model: str, language: Language, request: gr.Request) -> Iterator[Updates]:
        """A server was named: it is asked at once, and answers everybody where it can."""
        with told(language) as notices:
            self._services.admins.require(request)
            assert self._services.servers
            yield {self._tab.notice: parts.success(text("mo_server_asking", language))}
            self._engine.switch(self._services.servers.add(address, key, model).reference)
            yield {
                **self._list(language, request),
                self._tab.notice: "",
                **dict.fromkeys((self._tab.address, self._tab.key, self._tab.model), ""),
                self._frame.timer: gr.update(value=OFTEN),
            }
        if notices:
            yield {self._tab.notice: notices[0]}

    def act(self, armed: str, language: Language, request: gr.Request, event: gr.EventData) -> Updates:
        """A button of the list was pressed. Remove asks first."""
        said = clicked(event)
        asks = said.get("act") == "remove" and armed != said.get("id")
        with told(language) as notices:
            self._services.admins.require(request)
            if not asks:
                self._do(said)
        shown = self._list(language, request, said.get("id", "") if asks and not notices else "")
        return {
            **shown,
            self._tab.notice: "".join(notices),
            self._frame.timer: gr.update(value=OFTEN),  # the sidebar follows
        }

    def _do(self, said: Mapping[str, str]) -> None:
        """Raises `ModelNotFound` for what is not listed: a browser may send any name."""
        reference = said.get("id", "")
        if reference not in [card.reference for card in cards(self._services)]:
            raise ModelNotFound(f"There is no model {reference} here.", kind="model_not_listed", name=reference)
        acts = {
            "use": self._engine.switch,
            "fetch": self._models.start,
            "cancel": self._models.cancel,
            "remove": self._remove,
            "leave": self._leave,
            "forget": self._forget,
        }
        if act := acts.get(said.get("act", "")):
            act(reference)

    def _remove(self, reference: str) -> None:
        servers = self._services.servers
        if not servers or not servers.of(reference):
            self._models.remove(reference)
        elif reference in self._engine.in_use():
            raise ModelError(
                f"{reference} is in use or on its way. Use another model first, or wait for what runs.",
                kind="model_in_use",
                name=reference,
            )
        else:
            servers.remove(reference)
            self._leave(reference)  # what failed of it is no longer told

    def _leave(self, reference: str) -> None:
        if self._engine.coming and self._engine.coming.reference == reference:
            self._engine.cancel()

    def _forget(self, reference: str) -> None:
        """What failed."""
        self._leave(reference)
        self._models.cancel(reference)

    def _list(self, language: Language, request: gr.Request, armed: str = "") -> Updates:
        services = self._services
        moving = moves(self._engine) or bool(
            self._models.under_way()
        )  # asked first: what ends meanwhile is looked at again
        admin = services.admins(request)
        with told(language) as notices:
            listed = [card for card in cards(services) if admin or card.state != "server"]
        if notices:
            return {self._tab.list: notices[0]}
        answers = CATALOGUE.get(serving(services))
        room = free_memory() + (answers.memory if answers else 0)
        html = (
            self._now(language)
            + render.little_memory(services.machine, language)
            + (self._slow(language) + self._light(language) if admin else "")
            + render.listed(listed, services.machine, room, language, admin=admin, armed=armed)
        )
        return {self._tab.list: html, self._tab.timer: gr.update(active=moving), self._tab.armed: armed}

    def _slow(self, language: Language) -> str:
        found = registry.slow(self._engine.present) if self._engine.present else None
        return render.slow(found, language) if found else ""

    def _light(self, language: Language) -> str:
        return render.light(language) if lacking("train") else ""

    def _now(self, language: Language) -> str:
        present = self._engine.present
        if present is None:
            return parts.loading(self._engine.state(), language)
        return render.now(present.model, present.name, present.device, present.context_window, language)
