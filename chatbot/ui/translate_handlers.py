"""What the translate tab does with text. Every handler reads what was kept under the owner of its request."""

import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any

import gradio as gr

from chatbot.errors import BanyanError, NotFound
from chatbot.tasks.chat import title_of
from chatbot.tasks.language import LANGUAGES
from chatbot.tasks.translate_order import AUTO
from chatbot.tasks.translate_support import Support, support
from chatbot.tasks.translate_text import Step, Translated, translate
from chatbot.ui import render_translate
from chatbot.ui.answering import TICK
from chatbot.ui.chat_handlers import told
from chatbot.ui.documents_handlers import clicked
from chatbot.ui.keep import keep
from chatbot.ui.services import Services
from chatbot.ui.strings import Language

TASK = "translate"
PAST = 6  # saved translations that are listed
NOTHING = (gr.skip(),)

Record = Mapping[str, Any]


class Handlers:
    """Each method is one event; the owner comes from its request, the rest from its arguments."""

    def __init__(self, services: Services) -> None:
        self._services = services

    # Languages

    def who(self, source: str, target: str, adapter: str, language: Language, request: gr.Request) -> str:
        """-> who would translate. With the source to be detected, English stands for it unless it is the target."""
        try:
            return render_translate.support(self._support(source, target, adapter, request), language)
        except BanyanError:  # there is no model yet; the page says so above
            return ""

    def _support(self, source: str, target: str, adapter: str, request: gr.Request) -> Support | None:
        if source not in (*LANGUAGES, AUTO) or target not in LANGUAGES or source == target:
            return None
        if source == AUTO and target == "en":
            return None
        owner = self._services.owner_of(request)
        return support(self._services.engine, owner, "en" if source == AUTO else source, target, adapter or None)

    def spoken(self, source: str, target: str, language: Language) -> tuple[Any, ...]:
        """After a change of language. -> source, target"""
        return (
            gr.update(choices=render_translate.choices(language, detect=True), value=source),
            gr.update(choices=render_translate.choices(language, detect=False), value=target),
        )

    def swap(self, source: str, target: str, typed: str, output: str, last: Record | None) -> tuple[Any, ...]:
        """-> source, target, typed, output"""
        if source == AUTO:
            source = str(last["source"]) if last else "en" if target != "en" else "fr"
        return target, source, output or typed or "", ""

    # A text

    def look(self, last: Record | None, language: Language, request: gr.Request) -> tuple[str, str]:
        """-> report, past"""
        return render_translate.report(last, language), self._past(self._services.owner_of(request), language)

    def begin(self) -> tuple[Any, ...]:
        """-> run, stop, output, report, notice"""
        return gr.update(visible=False), gr.update(visible=True), "", "", ""

    def run(
        self,
        typed: str,
        source: str,
        target: str,
        glossary: str,
        adapter: str,
        language: Language,
        request: gr.Request,
    ) -> Iterator[tuple[Any, ...]]:
        """-> output, report, last, past, notice"""
        yield NOTHING * 5
        owner = self._services.owner_of(request)
        runs = self._services.runs
        with told(language) as notices, runs.open(owner, self._run(request), request.session_hash) as stop:
            if adapter:
                self._services.adapter(owner, adapter)
            steps = translate(
                self._services.engine,
                owner,
                typed or "",
                target=target or "",
                source=source or AUTO,
                adapter=adapter or None,
                glossary=glossary or "",
                stop=stop,
            )
            for step in _on_the_clock(steps):
                if isinstance(step, Translated):
                    record = step.to_dict(typed or "")
                    unsaved = self._keep(owner, record, language)
                    past = self._past(owner, language)
                    yield step.text, render_translate.report(record, language), record, past, unsaved
                else:
                    bar = render_translate.working(step.done, step.total, language)
                    yield step.text, bar if step.total > 1 else "", *NOTHING * 3
        if notices:
            yield gr.skip(), "", None, gr.skip(), notices[0]

    def settled(self) -> tuple[Any, ...]:
        """-> run, stop"""
        return gr.update(visible=True), gr.update(visible=False)

    def stop(self, request: gr.Request) -> None:
        self._services.runs.stop(self._services.owner_of(request), self._run(request))

    def reopen(self, language: Language, request: gr.Request, event: gr.EventData) -> tuple[Any, ...]:
        """A saved translation. -> typed, output, report, last, source, target, notice"""
        with told(language) as notices:
            owner, said = self._services.owner_of(request), clicked(event)
            results = self._services.store.results(owner, TASK, PAST)
            record = next((saved.result for saved in results if saved.id == said.get("id")), None)
            if record is None:
                raise NotFound("There is no such translation. It may have been removed.", kind="no_translation")
            report = render_translate.report(record, language)
            return record["original"], record["text"], report, record, record["source"], record["target"], ""
        return *NOTHING * 6, notices[0]

    def _keep(self, owner: str, record: dict[str, Any], language: Language) -> str:
        """-> notice"""
        title = title_of(record["original"][:500])
        return keep(self._services.store, owner, TASK, title, record, language) if record["text"] else ""

    def _past(self, owner: str, language: Language) -> str:
        return render_translate.past(self._services.store.results(owner, TASK, PAST), language)

    def _run(self, request: gr.Request) -> str:
        return f"translate:{request.session_hash}"


def _on_the_clock(steps: Iterator[Step]) -> Iterator[Step]:
    """Steps that come faster than the clock are passed over, but for the last."""
    shown = 0.0
    with closing(steps):  # type: ignore[type-var]
        for step in steps:
            if isinstance(step, Translated) or time.monotonic() - shown >= TICK:
                shown = time.monotonic()
                yield step
