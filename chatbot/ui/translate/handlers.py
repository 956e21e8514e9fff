"""What the translate tab does with text. Every handler reads what was kept under the owner of its request."""

from collections.abc import Iterator, Mapping
from typing import Any

import gradio as gr

from chatbot.common.errors import BanyanError
from chatbot.tasks.chat import title_of
from chatbot.tasks.language import LANGUAGES
from chatbot.tasks.translate.order import AUTO
from chatbot.tasks.translate.support import Support, support
from chatbot.tasks.translate.text import Translated, translate
from chatbot.ui.chat.handlers import told
from chatbot.ui.parts.clickable import clicked
from chatbot.ui.parts.clock import on_a_clock
from chatbot.ui.parts.task_handlers import NOTHING, RUNNING, TaskHandlers
from chatbot.ui.strings.words import Language
from chatbot.ui.translate import render as render_translate

Record = Mapping[str, Any]


class Handlers(TaskHandlers):
    task = "translate"

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
        return *RUNNING, "", "", ""

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
        with told(language) as notices, self._running(request, adapter) as (owner, stop):
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
            for step in on_a_clock(steps, lambda step: isinstance(step, Translated)):
                if isinstance(step, Translated):
                    record = step.to_dict(typed or "")
                    title = title_of(record["original"][:500])
                    unsaved = self._keep(owner, title, record, language) if step.text else ""
                    past = self._past(owner, language)
                    yield step.text, render_translate.report(record, language), record, past, unsaved
                else:
                    bar = render_translate.working(step.done, step.total, language)
                    yield step.text, bar if step.total > 1 else "", *NOTHING * 3
        if notices:
            yield gr.skip(), "", None, gr.skip(), notices[0]

    def reopen(self, language: Language, request: gr.Request, event: gr.EventData) -> tuple[Any, ...]:
        """Show a saved translation again, or remove it. -> typed, output, report, last, source, target, past, notice"""
        owner, said = self._services.owner_of(request), clicked(event)
        with told(language) as notices:
            record = self._opened(owner, said)
            if record is None:
                return *NOTHING * 6, self._past(owner, language), ""
            report = render_translate.report(record, language)
            pair = record["source"], record["target"]
            return record["original"], record["text"], report, record, *pair, gr.skip(), ""
        return *NOTHING * 7, notices[0]

    def _past(self, owner: str, language: Language) -> str:
        return render_translate.past(self._results(owner), language)
