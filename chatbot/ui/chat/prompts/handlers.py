"""What the list of prompts and the box below it do. Each method is one event; the owner comes from its request."""

import gradio as gr

from chatbot.tasks import chat
from chatbot.ui.chat.handlers import told
from chatbot.ui.chat.prompts.layout import Prompts
from chatbot.ui.chat.prompts.render import prompts_html
from chatbot.ui.parts import render
from chatbot.ui.parts.clickable import clicked
from chatbot.ui.parts.tab import Frame
from chatbot.ui.parts.updates import Updates
from chatbot.ui.services import PRIVATE, Services
from chatbot.ui.strings.words import Language, text


class Handlers:
    def __init__(self, services: Services, prompts: Prompts, notice: gr.HTML) -> None:
        self._services, self._store, self._prompts, self._notice = services, services.store, prompts, notice

    def spoken(self, language: Language, request: gr.Request) -> Updates:
        """After a change of language."""
        return self._list(self._services.owner_of(request), language)

    def arrive(self, request: gr.Request) -> Updates:
        return self.spoken(self._services.language_of(request), request)

    def act(self, language: Language, request: gr.Request, event: gr.EventData) -> Updates:
        """A new one, or another name and other words for one of the list."""
        owner, said = self._services.owner_of(request), clicked(event)
        with told(language) as notices:
            prompt = self._store.prompt(owner, said.get("id", "")) if said.get("act") == "edit" else None
            return {
                **self._written(prompt.id if prompt else ""),
                self._prompts.name: prompt.name if prompt else "",
                self._prompts.words: prompt.words if prompt else "",
                self._notice: "",
            }
        return {self._notice: notices[0]}

    def keep(self, id: str, name: str, words: str, language: Language, request: gr.Request) -> Updates:
        owner = self._services.owner_of(request)
        with told(language) as notices:
            name = " ".join(name.split())
            self._store.keep_prompt(owner, name, chat.clean(words), id)
            said = render.success(text("prompt_kept", language, name=name))
            return {**self._list(owner, language), **self.cancel(), self._notice: said}
        return {self._notice: notices[0]}

    def remove(self, id: str, language: Language, request: gr.Request) -> Updates:
        """Its name and words stay in the box: Save brings it back."""
        owner = self._services.owner_of(request)
        with told(language) as notices:
            name = self._store.prompt(owner, id).name
            self._store.remove_prompt(owner, id)
            said = render.success(text("prompt_removed", language, name=name))
            return {**self._list(owner, language), **self._written(""), self._notice: said}
        return {self._notice: notices[0]}

    def cancel(self) -> Updates:
        return {self._prompts.box: gr.update(visible=False)}

    def _written(self, id: str) -> Updates:
        """The box is open, for the prompt of that id."""
        prompts = self._prompts
        return {prompts.box: gr.update(visible=True), prompts.id: id, prompts.remove: gr.update(visible=bool(id))}

    def _list(self, owner: str, language: Language) -> Updates:
        return {self._prompts.shown: prompts_html(self._store.prompts(owner), language)}


def connect(prompts: Prompts, notice: gr.HTML, frame: Frame, services: Services) -> None:
    do, language = Handlers(services, prompts, notice), frame.language
    box = [prompts.box, prompts.id, prompts.remove, notice]
    frame.page.load(do.arrive, None, prompts.shown, **PRIVATE)
    language.change(do.spoken, language, prompts.shown, **PRIVATE)
    prompts.shown.click(do.act, language, [*box, prompts.name, prompts.words], **PRIVATE)
    written = [prompts.id, prompts.name, prompts.words, language]
    prompts.keep.click(do.keep, written, [prompts.shown, prompts.box, notice], **PRIVATE)
    prompts.remove.click(do.remove, [prompts.id, language], [prompts.shown, *box], **PRIVATE)
    prompts.cancel.click(do.cancel, None, prompts.box, **PRIVATE)
