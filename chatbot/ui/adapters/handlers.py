"""What the adapters tab does. Each event asks anew who may use, share or take away the adapter that it names."""

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import gradio as gr

from chatbot.common.errors import AccessDenied, AdapterError, InputError, NotFound
from chatbot.engine.adapters import files as adapter_files
from chatbot.engine.adapters.folders import job_of, visible
from chatbot.engine.adapters.purpose import TASKS
from chatbot.engine.adapters.shipped import set_aside
from chatbot.engine.models.names import require_free
from chatbot.types import Adapter
from chatbot.ui.adapters import render
from chatbot.ui.adapters.layout import AdaptersTab
from chatbot.ui.adapters.measured import taught
from chatbot.ui.adapters.offered import choices, compare_choices
from chatbot.ui.chat.compare import BASE
from chatbot.ui.chat.handlers import told
from chatbot.ui.parts import render as parts
from chatbot.ui.parts.clickable import clicked
from chatbot.ui.parts.tab import Frame
from chatbot.ui.parts.updates import Updates
from chatbot.ui.services import Services
from chatbot.ui.strings.words import Language, text
from finetune.publish.publish import pack


class Handlers:
    """Each method is one event; the owner comes from its request, the rest from its arguments."""

    def __init__(self, services: Services, tab: AdaptersTab, frame: Frame) -> None:
        self._services, self._tab, self._frame, self._bar = services, tab, frame, frame.bar
        self._acts: dict[str, Callable[[gr.Request, str, Language], Updates]] = {
            "use": self._use,
            "compare": self._compare,
            "download": self._download,
            "share": lambda request, name, language: self._share(request, name, language, shared=True),
            "unshare": lambda request, name, language: self._share(request, name, language, shared=False),
            "remove": self._remove,
        }

    def show(self, language: Language, request: gr.Request) -> Updates:
        """The tab was opened."""
        with told(language):
            self._services.engine.refresh()
            return {**self._lists(request, language), self._tab.notice: "", self._tab.file: ""}
        nothing: Updates = gr.skip()
        return nothing

    def spoken(self, shown: str, armed: str, language: Language, request: gr.Request) -> Updates:
        """The cards once more, if they were looked at."""
        with told(language):
            if shown:
                return self._lists(request, language, armed)
        nothing: Updates = gr.skip()
        return nothing

    def act(self, armed: str, language: Language, request: gr.Request, event: gr.EventData) -> Updates:
        """A button of a card was pressed. Remove asks first."""
        said = clicked(event)
        act, name = said.get("act", ""), said.get("id", "")
        asks = act == "remove" and armed != name
        with told(language) as notices:
            done = {} if asks else self._done(act, request, name, language)
            return {self._tab.notice: "", **self._lists(request, language, name if asks else ""), **done}
        return {self._tab.notice: notices[0], self._tab.armed: ""}

    def _done(self, act: str, request: gr.Request, name: str, language: Language) -> Updates:
        if act.startswith(render.WITH):
            group = act.removeprefix(render.WITH)
            return self._share(request, name, language, shared=False, group=group)
        return self._acts[act](request, name, language) if act in self._acts else {}

    def add(self, files: list[str] | None, name: str, mine: bool, language: Language, request: gr.Request) -> Updates:
        owner = self._services.owner_of(request)
        with told(language) as notices:
            paths = [Path(file) for file in files or ()]
            folder = self._folder()
            if not paths:
                raise InputError("Choose the adapter's files first.", kind="adapter_files")
            own = [one for one in self._services.engine.adapters() if one.by == owner]
            self._services.quotas.require("adapters", len(own) + 1)
            added = self._services.mirror.install(
                paths,
                self._free(name or adapter_files.name_of(paths)),
                folder,
                owner=owner,
                shared=not mine,
                fit=self._services.engine.fit,
            )
            self._services.uploads.free(*paths)
            self._services.engine.refresh()
            done = parts.success(_ready(added, language))
            return {
                **self._lists(request, language),
                self._tab.notice: done,
                self._tab.files: None,
                self._tab.name: "",
            }
        return {self._tab.notice: notices[0]}

    def _use(self, request: gr.Request, name: str, language: Language) -> Updates:
        """To where it answers, with it chosen there."""
        owner = self._services.owner_of(request)
        adapter = self._services.adapter(owner, name)
        if adapter.task in TASKS:
            wanted = (adapter.name, time.monotonic())  # pressed once more, it is chosen once more
            return {self._frame.wanted: wanted, self._frame.tabs: gr.update(selected=render.tab_of(adapter.task))}
        first = choices(self._services, owner, language)
        return {
            self._bar.adapter: gr.update(choices=first, value=adapter.name),
            self._frame.tabs: gr.update(selected="chat"),
        }

    def _compare(self, request: gr.Request, name: str, language: Language) -> Updates:
        """To the chat, where it answers beside the base model. Raises `InputError` for one of another tab."""
        owner = self._services.owner_of(request)
        if self._services.adapter(owner, name).task in TASKS:
            raise InputError(
                "This adapter is for a tab of its own (Documents, Translate, Summarize or Classify). Choose it there.",
                kind="not_for_chat",
            )
        second = compare_choices(self._services, owner, language)
        return {**self._use(request, name, language), self._bar.compare: gr.update(choices=second, value=BASE)}

    def _download(self, request: gr.Request, name: str, language: Language) -> Updates:
        """The zip is made among the owner's uploads, the only place it is served from."""
        owner = self._services.owner_of(request)
        adapter = self._services.adapter(owner, name)
        if adapter.path is None:
            raise AdapterError("This adapter has no weights on disk. It may have been removed.", kind="adapter_gone")
        made = pack(Path(adapter.path), self._services.uploads.bench(owner) / f"{adapter.name}.zip")
        link = render.download(made.name, made.stat().st_size, made.as_posix(), time.monotonic_ns(), language)
        return {self._tab.file: link}

    def _share(self, request: gr.Request, name: str, language: Language, *, shared: bool, group: str = "") -> Updates:
        """Only whose it is may let others use it, or end that; with a group, who is in it."""
        owner = self._services.owner_of(request)
        adapter = self._services.adapter(owner, name)
        if not adapter.by or adapter.by != owner:
            raise _of_others()
        if group and group not in self._services.groups_of(owner):
            raise AccessDenied("You share with groups that you are in.", kind="adapter_group_of_others")
        self._services.mirror.share(adapter, shared, [group] if group else [])
        if (training := self._services.training) and (job := job_of(adapter)):
            with suppress(NotFound):  # the run was removed; what it published stays
                training.jobs.share(owner, job, shared)
        self._services.engine.refresh()
        key = "adapter_shared_with" if group else "adapter_shared" if shared else "adapter_unshared"
        said = text(key, language, name=adapter.name, group=group)
        return {self._tab.notice: parts.success(said), **self._lists(request, language)}

    def _remove(self, request: gr.Request, name: str, language: Language) -> Updates:
        adapter = self._own(request, name)
        self._services.mirror.remove(adapter)
        self._services.engine.refresh()
        said = text("adapter_removed", language, name=adapter.name)
        return {self._tab.notice: parts.success(said), **self._lists(request, language)}

    def _folder(self) -> Path:
        if self._services.adapters is None:
            raise AccessDenied("Adapters cannot be added here.", kind="adapters_closed")
        return self._services.adapters

    def _free(self, name: str) -> str:
        require_free(name.strip(), self._services.engine.model)
        return name

    def _own(self, request: gr.Request, name: str) -> Adapter:
        """Whoever added it, or runs the server, takes an adapter away. Raises `AdapterNotFound` or `AccessDenied`."""
        adapter = self._services.adapter(self._services.owner_of(request), name)
        if adapter.path is None or Path(adapter.path).parent != self._folder():
            raise AccessDenied("This adapter belongs to Banyan itself and stays.", kind="adapter_stays")
        if not self._may_remove(request, adapter):
            raise _of_others()
        return adapter

    def _may_remove(self, request: gr.Request, adapter: Adapter) -> bool:
        added = adapter.path is not None and Path(adapter.path).parent == self._services.adapters
        mine = bool(adapter.by) and adapter.by == self._services.owner_of(request)
        return added and (mine or self._services.admins(request))

    def _card(self, request: gr.Request, adapter: Adapter) -> render.Card:
        mine = bool(adapter.by) and adapter.by == self._services.owner_of(request)
        groups = tuple(sorted(self._services.groups_of(self._services.owner_of(request)))) if mine else ()
        return render.Card(adapter, taught(adapter), mine, groups, self._may_remove(request, adapter))

    def _lists(self, request: gr.Request, language: Language, armed: str = "") -> Updates:
        engine, owner = self._services.engine, self._services.owner_of(request)
        known = visible(engine.adapters(), owner)
        folders = filter(None, (self._services.shipped, self._services.adapters))
        refused = [one for folder in folders for one in set_aside(known, folder, owner, engine.fit)]
        listed = render.cards([self._card(request, adapter) for adapter in known], language, armed)
        return {
            self._tab.cards: listed + "".join(render.aside(name, reason, language) for name, reason in refused),
            self._tab.armed: armed,
            self._bar.adapter: gr.update(choices=choices(self._services, owner, language)),
            self._bar.compare: gr.update(choices=compare_choices(self._services, owner, language)),
        }


def _of_others() -> AccessDenied:
    return AccessDenied(
        "Somebody else added this adapter. They can remove it, or whoever runs this server.", kind="adapter_of_others"
    )


def _ready(adapter: Adapter, language: Language) -> str:
    """Where it can be chosen now."""
    if adapter.task in TASKS:
        return text("adapter_added_task", language, name=adapter.name, tab=render.task(adapter.task, language))
    return text("adapter_added", language, name=adapter.name)
