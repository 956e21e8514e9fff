"""What the fine-tune tab does with a trained adapter: compare, share, download, export, merge, push."""

from collections.abc import Iterator

import gradio as gr

from chatbot.common.errors import InputError
from chatbot.engine.adapters.purpose import TASKS
from chatbot.training.results import Make
from chatbot.training.training import Training
from chatbot.ui.adapters import offered as adapters
from chatbot.ui.chat.compare import BASE
from chatbot.ui.chat.handlers import told
from chatbot.ui.chat.sidebar import Sidebar
from chatbot.ui.finetune.data import showing
from chatbot.ui.finetune.run import Use
from chatbot.ui.parts import render
from chatbot.ui.parts.under_way import under_way
from chatbot.ui.parts.updates import Updates
from chatbot.ui.services import Services
from chatbot.ui.strings.words import Language, text


class UseHandlers:
    """Each method is one event; `Training` checks that the run belongs to the owner or is shared.

    Those that take long are generators themselves: Gradio does not iterate what a plain method returns.
    """

    def __init__(self, services: Services, use: Use, bar: Sidebar, tabs: gr.Tabs) -> None:
        assert services.training is not None
        self._services = services
        self._training: Training = services.training
        self._use, self._bar, self._tabs = use, bar, tabs

    def compare(self, id: str | None, language: Language, request: gr.Request) -> Updates:
        """To the chat, where the adapter answers beside the base model."""
        owner = self._services.owner_of(request)
        with told(language) as notices:
            self._services.engine.refresh()
            job = self._training.jobs.get(owner, id or "")
            result = job.result
            if job.sweep and result and not result.adapter:
                raise InputError(
                    "This is not the best run of its sweep, or others run still: only the best is published. Download this one, or "
                    "merge it.",
                    kind="not_best",
                )
            if result is None or not result.adapter:
                raise InputError(
                    "Chats cannot use this adapter, because it is DoRA. Download it, or merge it into full weights.",
                    kind="not_served",
                )
            adapter = self._services.adapter(owner, result.adapter)
            if adapter.task in TASKS:
                raise InputError(
                    "This adapter is for a tab of its own (Documents, Translate, Summarize or Classify). Choose it there.",
                    kind="not_for_chat",
                )
            first = adapters.choices(self._services, owner, language)
            second = adapters.compare_choices(self._services, owner, language)
            return {
                self._bar.adapter: gr.update(choices=first, value=adapter.name),
                self._bar.compare: gr.update(choices=second, value=BASE),
                self._tabs: gr.Tabs(selected="chat"),
                self._use.notice: "",
            }
        return {self._use.notice: notices[0]}

    def share(self, id: str | None, language: Language, shared: bool, request: gr.Request) -> str:
        """The notice that says why it cannot be."""
        owner = self._services.owner_of(request)
        with told(language) as notices:
            self._training.jobs.share(owner, id or "", bool(shared))
            self._services.engine.refresh()
        return notices[0] if notices else ""

    def zip(self, id: str | None, language: Language, request: gr.Request) -> Iterator[Updates]:
        yield from self._made(id, language, request, self._training.pack)

    def gguf(self, id: str | None, language: Language, request: gr.Request) -> Iterator[Updates]:
        yield from self._made(id, language, request, self._training.to_gguf)

    def merge(self, id: str | None, language: Language, request: gr.Request) -> Iterator[Updates]:
        yield from self._made(id, language, request, self._training.merge)

    def merged(self, id: str | None, language: Language, kind: str, request: gr.Request) -> Iterator[Updates]:
        with told(language) as notices:
            make = self._training.merged_gguf(kind)
            yield from self._made(id, language, request, make)
        if notices:
            yield {self._use.notice: notices[0]}

    def _made(self, id: str | None, language: Language, request: gr.Request, make: Make) -> Iterator[Updates]:
        """A file is made among the owner's uploads, the only place it is served from."""
        use, owner = self._use, self._services.owner_of(request)
        with told(language) as notices:
            folder = self._services.uploads.bench(owner)
            work = under_way(lambda progress, stop: make(owner, id or "", folder, progress, stop))
            made = yield from showing(work, use.notice, language)
            yield {use.files: gr.update(value=str(made), visible=True), use.notice: ""}
        if notices:
            yield {use.notice: notices[0]}

    def push(self, id: str | None, language: Language, repository: str, token: str, request: gr.Request) -> Updates:
        """Whatever came of it, the token is not kept on the page."""
        use = self._use
        owner = self._services.owner_of(request)
        with told(language) as notices:
            address = self._training.push(owner, id or "", repository, token)
            return {use.notice: render.success(text("ft_pushed", language, address=address)), use.token: ""}
        return {use.notice: notices[0], use.token: ""}
