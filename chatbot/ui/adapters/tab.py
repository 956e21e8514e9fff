"""The adapters tab: what there is, what can be added, what can go."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import gradio as gr

from chatbot.common.errors import AccessDenied, InputError
from chatbot.engine.adapters import files as adapter_files
from chatbot.engine.adapters.folders import visible
from chatbot.engine.adapters.purpose import TASKS, for_chat
from chatbot.engine.adapters.shipped import set_aside
from chatbot.engine.models.names import require_free
from chatbot.types import Adapter
from chatbot.ui.adapters.render import aside, cards, outcome, task
from chatbot.ui.chat.compare import BASE
from chatbot.ui.chat.handlers import told
from chatbot.ui.chat.sidebar import Sidebar
from chatbot.ui.parts import render
from chatbot.ui.parts.localise import Localised
from chatbot.ui.parts.tab import Frame, Tab
from chatbot.ui.parts.updates import Updates
from chatbot.ui.services import PRIVATE, Services
from chatbot.ui.strings.words import Language, text


@dataclass(frozen=True, slots=True)
class AdaptersTab:
    tab: gr.Tab
    table: gr.HTML
    files: gr.File
    name: gr.Textbox
    mine: gr.Checkbox
    add: gr.Button
    chosen: gr.Dropdown
    remove: gr.Button
    notice: gr.HTML


def build_adapters(words: Localised, tab: gr.Tab, services: Services) -> AdaptersTab:
    with gr.Column(elem_classes="by-pane"):
        words(gr.Markdown(text("adapters_intro", "en")), value="adapters_intro")
        notice = gr.HTML(elem_id="by-adapter-notice", padding=False)
        table = gr.HTML(elem_id="by-adapter-table", padding=False)
        with gr.Row(equal_height=False):
            with gr.Column(scale=3, min_width=280):
                files = gr.File(
                    label=text("adapter_files", "en"), file_count="multiple", elem_id="by-adapter-files", height=150
                )
                words(files, label="adapter_files")
            with gr.Column(scale=2, min_width=240):
                name = gr.Textbox("", label=text("adapter_name", "en"), max_lines=1, elem_id="by-adapter-name")
                words(name, label="adapter_name", info="adapter_name_info")
                mine = gr.Checkbox(False, label=text("adapter_mine", "en"), elem_id="by-adapter-mine")
                words(mine, label="adapter_mine", info="adapter_mine_info")
                add = gr.Button(text("adapter_add", "en"), variant="primary", elem_id="by-adapter-add")
                words(add, value="adapter_add")
        with gr.Row(elem_classes="by-end"):
            chosen = gr.Dropdown(
                [], value=None, label=text("adapter_remove", "en"), elem_id="by-adapter-chosen", scale=3
            )
            words(chosen, label="adapter_remove")
            remove = gr.Button(text("adapter_remove_button", "en"), elem_id="by-adapter-remove", scale=0)
            words(remove, value="adapter_remove_button")
    return AdaptersTab(tab, table, files, name, mine, add, chosen, remove, notice)


def choices(services: Services, owner: str, language: Language) -> list[tuple[str, str]]:
    """What the chat's picker offers: the base first, then what `owner` may chat with. The adapters of tasks are in their tabs."""
    known = for_chat(visible(services.engine.adapters(), owner))
    return [(text("no_adapter", language), ""), *_named(known, language)]


def origins(services: Services, owner: str, language: Language) -> list[tuple[str, str]]:
    """What a fine-tune may go on from: nothing, or any adapter that `owner` may use."""
    return [(text("ft_origin_new", language), ""), *_named(visible(services.engine.adapters(), owner), language)]


def _named(adapters: Sequence[Adapter], language: Language) -> list[tuple[str, str]]:
    """Each with its task and verdict."""
    listed = []
    for adapter in adapters:
        said = (adapter.name, task(adapter.task, language) if adapter.task else "", outcome(adapter.verdict, language))
        listed.append((" · ".join(filter(None, said)), adapter.name))
    return listed


def connect(tab: AdaptersTab, frame: Frame, services: Services) -> None:
    bar, language = frame.bar, frame.language
    do = Handlers(services, tab, bar)
    lists = [tab.table, tab.chosen, bar.adapter, bar.compare]
    tab.tab.select(do.show, language, lists, **PRIVATE)
    tab.add.click(
        do.add, [tab.files, tab.name, tab.mine, language], [*lists, tab.notice, tab.files, tab.name], **PRIVATE
    )
    tab.remove.click(do.remove, [tab.chosen, language], [*lists, tab.notice], **PRIVATE)


class Handlers:
    """What the tab's buttons do."""

    def __init__(self, services: Services, tab: AdaptersTab, bar: Sidebar) -> None:
        self._services, self._tab, self._bar = services, tab, bar

    def show(self, language: Language, request: gr.Request) -> Updates:
        with told(language):
            self._services.engine.refresh()
            return self._lists(request, language)
        nothing: Updates = gr.skip()
        return nothing

    def add(self, files: list[str] | None, name: str, mine: bool, language: Language, request: gr.Request) -> Updates:
        owner = self._services.owner_of(request)
        with told(language) as notices:
            paths = [Path(file) for file in files or ()]
            folder = self._folder()
            if not paths:
                raise InputError("Choose the adapter's files first.", kind="adapter_files")
            own = [one for one in self._services.engine.adapters() if one.by == owner]
            self._services.quotas.require("adapters", len(own) + 1)
            added = adapter_files.install(
                paths,
                self._free(name or adapter_files.name_of(paths)),
                folder,
                owner=owner,
                shared=not mine,
                fit=self._services.engine.fit,
            )
            self._services.uploads.free(*paths)
            self._services.engine.refresh()
            done = render.success(_ready(added, language))
            return {
                **self._lists(request, language),
                self._tab.notice: done,
                self._tab.files: None,
                self._tab.name: "",
            }
        return {self._tab.notice: notices[0]}

    def remove(self, name: str | None, language: Language, request: gr.Request) -> Updates:
        with told(language) as notices:
            adapter = self._own(request, name or "")
            adapter_files.remove(adapter)
            self._services.engine.refresh()
            done = render.success(text("adapter_removed", language, name=adapter.name))
            return {**self._lists(request, language), self._tab.notice: done}
        return {self._tab.notice: notices[0]}

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
            raise AccessDenied(
                "Somebody else added this adapter. They can remove it, or whoever runs this server.",
                kind="adapter_of_others",
            )
        return adapter

    def _may_remove(self, request: gr.Request, adapter: Adapter) -> bool:
        added = adapter.path is not None and Path(adapter.path).parent == self._services.adapters
        mine = bool(adapter.by) and adapter.by == self._services.owner_of(request)
        return added and (mine or self._services.admins(request))

    def _lists(self, request: gr.Request, language: Language) -> Updates:
        engine, owner = self._services.engine, self._services.owner_of(request)
        known = visible(engine.adapters(), owner)
        removable = [adapter.name for adapter in known if self._may_remove(request, adapter)]
        folders = filter(None, (self._services.shipped, self._services.adapters))
        refused = [one for folder in folders for one in set_aside(known, folder, owner, engine.fit)]
        table = cards(known, language) + "".join(aside(name, reason, language) for name, reason in refused)
        return {
            self._tab.table: table,
            self._tab.chosen: gr.update(choices=removable, value=None),
            self._bar.adapter: gr.update(choices=choices(self._services, owner, language)),
            self._bar.compare: gr.update(choices=compare_choices(self._services, owner, language)),
        }


def _ready(adapter: Adapter, language: Language) -> str:
    """Where it can be chosen now."""
    if adapter.task in TASKS:
        return text("adapter_added_task", language, name=adapter.name, tab=task(adapter.task, language))
    return text("adapter_added", language, name=adapter.name)


def compare_choices(services: Services, owner: str, language: Language) -> list[tuple[str, str]]:
    """Off, the base, and every adapter. The base has a word of its own here, since the empty choice is off."""
    off, base = text("compare_off", language), text("compare_base", language)
    return [(off, ""), (base, BASE), *choices(services, owner, language)[1:]]


TAB = Tab("adapters", build_adapters, connect)
