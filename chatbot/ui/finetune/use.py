"""What the fine-tune tab does with a trained adapter: compare, share, download, export, merge, push."""

from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import Any

import gradio as gr
from gradio import processing_utils
from gradio.utils import get_upload_folder

from chatbot.common.errors import InputError
from chatbot.engine.base import Progress
from chatbot.training.training import Training
from chatbot.ui.adapters import tab as adapters
from chatbot.ui.chat.compare import BASE
from chatbot.ui.chat.handlers import told
from chatbot.ui.finetune import render as render_finetune
from chatbot.ui.parts import render
from chatbot.ui.parts.under_way import under_way
from chatbot.ui.services import Services
from chatbot.ui.strings.words import Language, text

Make = Callable[[str, str, Path, Progress, Event], Path]
"""(owner, job, folder) -> a file in the folder."""


class UseHandlers:
    """Each method is one event; `Training` checks that the run belongs to the owner or is shared.

    Those that take long are generators themselves: Gradio does not iterate what a plain method returns.
    """

    def __init__(self, services: Services) -> None:
        assert services.training is not None
        self._services = services
        self._training: Training = services.training

    def compare(self, id: str | None, language: Language, request: gr.Request) -> tuple[Any, ...]:
        """-> adapter, second adapter, tabs, notice"""
        owner = self._services.owner_of(request)
        with told(language) as notices:
            self._services.engine.refresh()
            result = self._training.jobs.get(owner, id or "").result
            if result is None or not result.adapter:
                raise InputError(
                    "Chats cannot use this adapter, because it is DoRA. Download it, or merge it into full weights.",
                    kind="not_served",
                )
            adapter = self._services.adapter(owner, result.adapter)
            return (
                gr.update(choices=adapters.choices(self._services, owner, language), value=adapter.name),
                gr.update(choices=adapters.compare_choices(self._services, owner, language), value=BASE),
                gr.Tabs(selected="chat"),
                "",
            )
        return (*(gr.skip(),) * 3, notices[0])

    def share(self, id: str | None, language: Language, shared: bool, request: gr.Request) -> str:
        """-> notice"""
        owner = self._services.owner_of(request)
        with told(language) as notices:
            self._training.jobs.share(owner, id or "", bool(shared))
            self._services.engine.refresh()
        return notices[0] if notices else ""

    def zip(self, id: str | None, language: Language, request: gr.Request) -> Iterator[tuple[Any, ...]]:
        """-> files, notice"""
        yield from self._made(id, language, request, lambda owner, job, to, *_: self._training.pack(owner, job, to))

    def gguf(self, id: str | None, language: Language, request: gr.Request) -> Iterator[tuple[Any, ...]]:
        """-> files, notice"""
        yield from self._made(id, language, request, lambda owner, job, to, *_: self._training.to_gguf(owner, job, to))

    def merge(self, id: str | None, language: Language, request: gr.Request) -> Iterator[tuple[Any, ...]]:
        """-> files, notice"""
        yield from self._made(id, language, request, self._training.merge)

    def _made(self, id: str | None, language: Language, request: gr.Request, make: Make) -> Iterator[tuple[Any, ...]]:
        """A file is made aside and handed to Gradio's cache, the only place it is served from."""
        owner = self._services.owner_of(request)
        with told(language) as notices, TemporaryDirectory(prefix="banyan-") as folder:
            work = under_way(lambda progress, stop: make(owner, id or "", Path(folder), progress, stop))
            while True:
                try:
                    step, fraction = next(work)
                    yield gr.skip(), render_finetune.step(step, fraction, language)
                except StopIteration as end:
                    cached = processing_utils.save_file_to_cache(end.value, get_upload_folder())
                    yield gr.update(value=cached, visible=True), ""
                    break
        if notices:
            yield gr.skip(), notices[0]

    def push(
        self, id: str | None, language: Language, repository: str, token: str, request: gr.Request
    ) -> tuple[Any, ...]:
        """-> notice, token"""
        owner = self._services.owner_of(request)
        with told(language) as notices:
            if not repository.strip() or not token.strip():
                raise InputError("The hub needs a repository such as user/name, and a token.", kind="no_token")
            address = self._training.push(owner, id or "", repository, token)
            return render.success(text("ft_pushed", language, address=address)), ""
        return notices[0], ""
