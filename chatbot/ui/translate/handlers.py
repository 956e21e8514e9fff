"""What the translate tab does with text. Every handler reads what was kept under the owner of its request."""

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import gradio as gr

from chatbot.common.errors import BanyanError, InputError, NotFound
from chatbot.store.store import Store
from chatbot.tasks.chat import title_of
from chatbot.tasks.language import LANGUAGES
from chatbot.tasks.translate.formality import forms
from chatbot.tasks.translate.order import AUTO, parse_glossary
from chatbot.tasks.translate.own import glossary, memory
from chatbot.tasks.translate.support import Support, support
from chatbot.tasks.translate.text import Translated, corrected, kept, translate
from chatbot.ui.adapters.picker import chosen
from chatbot.ui.chat.handlers import told
from chatbot.ui.parts.clickable import clicked
from chatbot.ui.parts.clock import on_a_clock
from chatbot.ui.parts.task_handlers import TaskHandlers
from chatbot.ui.parts.updates import Updates
from chatbot.ui.services import Services
from chatbot.ui.strings.words import Language
from chatbot.ui.translate import render as render_translate
from chatbot.ui.translate.edit import corrected as texts_of
from chatbot.ui.translate.layout import TranslateTab

Record = Mapping[str, Any]


class Handlers(TaskHandlers):
    task = "translate"

    def __init__(self, services: Services, tab: TranslateTab) -> None:
        super().__init__(services)
        self._tab, self._side = tab, tab.texts

    # Languages

    def who(self, source: str, target: str, adapter: str, language: Language, request: gr.Request) -> Updates:
        """Who would translate; a pair that nobody knows cannot be begun. With the source to be detected, which may turn out to be
        another one, the page's language stands for it unless it is the target."""
        meant = render_translate.own_language(language) if source == AUTO else source
        try:
            found = self._support(meant, target, adapter, request)
        except BanyanError:  # there is no model yet; the page says so above
            found = None
        works = source == AUTO or found is None or found.status != "no"
        there = {"models": self._services.models, "finetune": self._services.training}
        ways = [tab for tab in render_translate.WAYS if there[tab] is not None]
        starts = dict.fromkeys(self._tab.starts, gr.update(interactive=works))
        return {
            self._tab.who: render_translate.support(found, ways, language),
            self._tab.formality: gr.update(interactive=forms(target or "") is not None),
            **starts,
        }

    def take(self, event: gr.EventData) -> tuple[str, float]:
        """The adapter that would translate was pressed: the picker asks whose it is, and chooses it."""
        return clicked(event).get("id", ""), time.monotonic()

    def _support(self, source: str, target: str, adapter: str, request: gr.Request) -> Support | None:
        if source not in LANGUAGES or target not in LANGUAGES or source == target:
            return None
        return support(self._services.engine, self._services.owner_of(request), source, target, chosen(adapter))

    def arrive(self, request: gr.Request) -> Updates:
        """What is translated into is the other language that the visitor reads; the terms are those of the last time."""
        own, accepted = (
            render_translate.own_language(self._services.language_of(request)),
            request.headers.get("accept-language"),
        )
        terms = self._services.store.setting(self._services.owner_of(request), glossary.SETTING, "")
        return {self._tab.target: render_translate.other_language(own, accepted), self._tab.glossary: str(terms)}

    def import_terms(
        self, file: str | None, typed: str, source: str, target: str, language: Language, request: gr.Request
    ) -> Updates:
        """The terms of a file behind those that are there, and kept."""
        with told(language) as notices:
            if not file:
                raise InputError("Send a file.", kind="no_file")
            found = glossary.lines(Path(file), "" if source == AUTO else source, target or "")
            whole = "\n".join(dict.fromkeys([*filter(None, (typed or "").splitlines()), *found.splitlines()]))
            parse_glossary(whole)
            keep_glossary(self._services.store, self._services.owner_of(request), whole)
            return {self._tab.glossary: whole, self._side.notice: ""}
        return {self._side.notice: notices[0]}

    def swap(
        self, source: str, target: str, typed: str, output: str, last: Record | None, language: Language
    ) -> Updates:
        if source == AUTO:
            own = render_translate.own_language(language)
            source = str(last["source"]) if last else own if own != target else render_translate.other_language(own)
        return {
            self._tab.source: target,
            self._tab.target: source,
            self._side.typed: output or typed or "",
            self._side.output: "",
        }

    # A text

    def look(self, last: Record | None, language: Language, request: gr.Request) -> Updates:
        return {
            self._side.report: render_translate.report(last, language),
            self._side.past: self._past(self._services.owner_of(request), language),
        }

    def begin(self) -> Updates:
        side = self._side
        return side.buttons.running() | {side.output: "", side.report: "", side.notice: ""} | side.edit.hidden

    def run(
        self,
        typed: str,
        source: str,
        target: str,
        terms: str,
        adapter: str,
        formality: str,
        language: Language,
        request: gr.Request,
    ) -> Iterator[Updates]:
        with told(language) as notices, self._running(request, chosen(adapter) or "") as (owner, stop):
            keep_glossary(self._services.store, owner, terms)
            steps = translate(
                self._services.engine.asked_by(owner),
                owner,
                typed or "",
                target=target or "",
                source=source or AUTO,
                adapter=chosen(adapter),
                glossary=terms or "",
                formality=render_translate.formality(formality, target),
                recall=memory.of(self._services.store, owner),
                stop=stop,
            )
            for step in on_a_clock(steps, lambda step: isinstance(step, Translated)):
                if isinstance(step, Translated):
                    yield self._translated(owner, typed or "", step, language)
                else:
                    bar = render_translate.working(step.done, step.total, language)
                    yield {self._side.output: step.text, self._side.report: bar if step.total > 1 else ""}
        if notices:
            yield {self._side.report: "", self._side.last: None, self._side.notice: notices[0]} | self._side.edit.hidden

    def _translated(self, owner: str, typed: str, step: Translated, language: Language) -> Updates:
        """Shown, and kept unless nothing of it was done."""
        record = step.to_dict(typed)
        title = title_of(record["original"][:500])
        unsaved = self._keep(owner, title, record, language) if step.text else ""
        return self._shown(record, language) | {
            self._side.past: self._past(owner, language),
            self._side.notice: unsaved,
        }

    def _shown(self, record: Record, language: Language) -> Updates:
        shown: Updates = {
            self._side.output: record["text"],
            self._side.report: render_translate.report(record, language),
            self._side.last: record,
        }
        return shown | self._side.edit.shown(kept(record), language)

    def correct(self, last: Record | None, table: list[list[Any]], language: Language, request: gr.Request) -> Updates:
        """Keep what was changed in the table: in the translation, in the list of past ones, and for the next one."""
        owner, store = self._services.owner_of(request), self._services.store
        with told(language) as notices:
            if not last:
                raise NotFound("There is no such translation. It may have been removed.", kind="no_translation")
            record, changed = corrected(last, texts_of(table))
            memory.learn(store, owner, record["source"], record["target"], changed)
            before = [saved.id for saved in self._results(owner) if saved.result == last]
            unsaved = self._keep(owner, title_of(record["original"][:500]), record, language)
            for id in before if not unsaved else ():
                store.remove_result(owner, id)
            notice = unsaved or render_translate.edited(len(changed), language)
            return self._shown(record, language) | {
                self._side.past: self._past(owner, language),
                self._side.notice: notice,
            }
        return {self._side.notice: notices[0]}

    def reopen(self, language: Language, request: gr.Request, event: gr.EventData) -> Updates:
        """Show a saved translation again, or remove it."""
        owner, said = self._services.owner_of(request), clicked(event)
        with told(language) as notices:
            record = self._opened(owner, said)
            if record is None:
                return {self._side.past: self._past(owner, language), self._side.notice: ""}
            return self._reopened(record, language)
        return {self._side.notice: notices[0]}

    def _reopened(self, record: Record, language: Language) -> Updates:
        return {
            self._tab.source: record["source"],
            self._tab.target: record["target"],
            self._side.typed: record["original"],
            self._side.notice: "",
            **self._shown(record, language),
        }

    def _past(self, owner: str, language: Language) -> str:
        return render_translate.past(self._results(owner), language)


def keep_glossary(store: Store, owner: str, terms: str | None) -> None:
    """Where it is another one than the last time."""
    if store.setting(owner, glossary.SETTING, "") != (terms or ""):
        store.set_setting(owner, glossary.SETTING, terms or "")
