"""What the summary tab does. Every handler reads files, documents and saved summaries under the owner of its request."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Event
from typing import Any

import gradio as gr

from chatbot.common.errors import BanyanError, InputError, NotFound
from chatbot.tasks.chat import title_of
from chatbot.tasks.summarize import text as summarize_text
from chatbot.tasks.summarize.check import Summary
from chatbot.tasks.summarize.text import Text
from chatbot.tasks.summarize.work import Step, summarize
from chatbot.ui.adapters.picker import chosen
from chatbot.ui.chat.handlers import told
from chatbot.ui.documents.sources import Sources
from chatbot.ui.parts import render_task
from chatbot.ui.parts.clickable import clicked
from chatbot.ui.parts.clock import on_a_clock
from chatbot.ui.parts.task_handlers import TaskHandlers
from chatbot.ui.parts.updates import Updates
from chatbot.ui.services import Services
from chatbot.ui.strings.words import Language, text
from chatbot.ui.summarize import render as render_summarize
from chatbot.ui.summarize.layout import SummarizeTab
from retrieval.checks.verify import Similarity
from retrieval.types import Citation


class Handlers(TaskHandlers):
    task = "summarize"

    def __init__(self, services: Services, tab: SummarizeTab) -> None:
        super().__init__(services)
        self._tab = tab
        self._sources = Sources(services.library) if services.library else None

    # The left side

    def look(self, chosen: Sequence[str] | None, language: Language, request: gr.Request) -> Updates:
        """The documents and the saved summaries, as they are now."""
        given = self._tab.given
        owner = self._services.owner_of(request)
        return {given.reading.documents: self._documents(owner, chosen), given.past: self._past(owner, language)}

    def _past(self, owner: str, language: Language) -> str:
        return render_task.past("sum", self._results(owner), lambda one: "", language)

    def spoken(self, summary: Summary | None, language: Language, request: gr.Request) -> Updates:
        """After a change of language."""
        tab = self._tab
        return {
            tab.shown: render_summarize.shown(summary, language),
            tab.where: render_summarize.source(None, 0, language),
            tab.given.past: self._past(self._services.owner_of(request), language),
        }

    # The summary

    def begin(self, language: Language) -> Updates:
        tab, reading = self._tab, render_task.progress(text("sum_reading_file", language))
        nowhere = render_summarize.source(None, 0, language)
        return tab.given.buttons.running() | {tab.notice: "", tab.shown: reading, tab.where: nowhere}

    def run(
        self,
        source: str,
        typed: str,
        file: str | None,
        documents: Sequence[str] | None,
        length: str,
        form: str,
        focus: str,
        into: str,
        adapter: str,
        language: Language,
        request: gr.Request,
    ) -> Iterator[Updates]:
        tab, who = self._tab, chosen(adapter)
        yield gr.skip()
        with told(language) as notices, self._running(request, who or "") as (owner, stop):
            given = self._text(owner, source, typed, file, documents, stop)
            wanted = {"form": form, "focus": focus or "", "into": into or ""}
            steps = summarize_steps(self._services, owner, given, length, who, stop=stop, **wanted)
            for step in on_a_clock(steps, lambda step: isinstance(step, Summary)):
                if isinstance(step, Summary):
                    yield self._done(owner, step, step.name or title_of(_first_line(typed)), language)
                else:
                    yield {tab.shown: render_summarize.working(step, language)}
        if notices:
            yield {tab.summary: None, tab.shown: render_task.welcome("sum", language), tab.notice: notices[0]}

    def _done(self, owner: str, found: Summary, title: str, language: Language) -> Updates:
        """Kept where it has a sentence, and shown."""
        tab = self._tab
        unsaved = self._keep(owner, title, found.to_dict(), language) if found.sentences else ""
        return {
            tab.summary: found,
            tab.shown: render_summarize.summary(found, language),
            tab.given.past: self._past(owner, language),
            tab.notice: unsaved,
        }

    def _text(
        self, owner: str, source: str, typed: str, file: str | None, documents: Sequence[str] | None, stop: Event
    ) -> Text:
        if source == "file":
            if not file:
                raise InputError("Send a file.", kind="no_file")
            return summarize_text.of_file(Path(file), Path(file).name, stop=stop)
        if source == "library":
            return library_text(self._services, owner, documents or ())
        return summarize_text.of_typed(typed)

    # Sources and saved summaries

    def act(
        self, summary: Summary | None, language: Language, request: gr.Request, event: gr.EventData
    ) -> Iterator[Updates]:
        """A click on a number, or on what the source offers."""
        tab, owner, said = self._tab, self._services.owner_of(request), clicked(event)
        yield gr.skip()
        with told(language) as notices:
            if said.get("act") != "source":
                yield from self._document(owner, said, language)
                return
            n = int(said["n"]) if said.get("n", "").isdigit() else 0
            yield {tab.where: render_summarize.source(summary, n, language), tab.notice: ""}
            if summary is not None and 1 <= n <= len(summary.citations) and summary.citations[n - 1].document:
                try:
                    yield from self._document(owner, _place(summary.citations[n - 1]), language)
                except NotFound:
                    return  # the document is gone; its passage was kept with the summary and is shown
        if notices:
            yield {tab.notice: notices[0]}

    def _document(self, owner: str, said: dict[str, str], language: Language) -> Iterator[Updates]:
        if self._sources is not None:
            for shown in self._sources.show(owner, said, language):
                yield {self._tab.where: shown.html, self._tab.notice: ""}

    def reopen(self, language: Language, request: gr.Request, event: gr.EventData) -> Updates:
        """Show a saved summary again, or remove it."""
        tab = self._tab
        owner, said = self._services.owner_of(request), clicked(event)
        with told(language) as notices:
            record = self._opened(owner, said)
            if record is None:
                return {tab.given.past: self._past(owner, language), tab.notice: ""}
            found = Summary.from_dict(record)
            return {
                tab.summary: found,
                tab.shown: render_summarize.summary(found, language),
                tab.where: render_summarize.source(None, 0, language),
                tab.notice: "",
            }
        return {tab.notice: notices[0]}


def library_text(
    services: Services, owner: str, ids: Sequence[str], patience: float = 0.0, stop: Event | None = None
) -> Text:
    """Documents of the owner's library as one text. Raises `NotFound` for what is not the owner's."""
    if services.library is None:
        raise NotFound("There are no documents here.", kind="no_document")
    library = services.library.get(patience).library
    return summarize_text.together([summarize_text.of_document(library, owner, id, stop) for id in dict.fromkeys(ids)])


def summarize_steps(
    services: Services, owner: str, given: Text, length: str, adapter: str | None, **rest: Any
) -> Iterator[Step]:
    """The task with what the page knows: the engine, and cosines where the embedder is there and knows the language."""
    similarity: Similarity | None = None
    if services.library is not None:
        try:
            similarity = services.library.get().similarity(given.passages[0].text[:2000])
        except BanyanError:  # the library is still opening: words alone decide
            similarity = None
    engine = services.engine.asked_by(owner)
    return summarize(engine, given, owner=owner, length=length, adapter=adapter, similarity=similarity, **rest)


def _place(one: Citation) -> dict[str, str]:
    """What a click that opens the document there would say."""
    place = {"act": "cite", "id": one.document, "n": str(one.n), "page": str(one.page)}
    return place | {"start": str(one.start), "end": str(one.end)}


def _first_line(typed: str) -> str:
    return next((line for line in (line.strip("# \t") for line in typed[:2000].splitlines()) if line), "…")
