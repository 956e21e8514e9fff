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
from chatbot.ui.chat.handlers import told
from chatbot.ui.documents.sources import Sources
from chatbot.ui.parts import render_task
from chatbot.ui.parts.clickable import clicked
from chatbot.ui.parts.clock import on_a_clock
from chatbot.ui.parts.task_handlers import NOTHING, RUNNING, TaskHandlers
from chatbot.ui.services import Services
from chatbot.ui.strings.words import Language, text
from chatbot.ui.summarize import render as render_summarize
from retrieval.checks.verify import Similarity


class Handlers(TaskHandlers):
    task = "summarize"

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self._sources = Sources(services.library) if services.library else None

    # The left side

    def pick(self, source: str) -> tuple[Any, ...]:
        """-> typed, examples, file, documents"""
        wanted = ("text", "text", "file", "library")
        return tuple(gr.update(visible=source == name) for name in wanted)

    def look(self, chosen: Sequence[str] | None, language: Language, request: gr.Request) -> tuple[Any, ...]:
        """-> documents, past"""
        owner = self._services.owner_of(request)
        choices = self._choices(owner)
        kept = [id for id in chosen or () if id in {id for _, id in choices}]
        return gr.update(choices=choices, value=kept), self._past(owner, language)

    def _choices(self, owner: str) -> list[tuple[str, str]]:
        if self._services.library is None:
            return []
        try:
            documents = self._services.library.get().library.list(owner)
        except BanyanError:  # it is still opening; the documents tab says so
            return []
        return [(document.name, document.id) for document in documents if document.passages]

    def _past(self, owner: str, language: Language) -> str:
        return render_task.past("sum", self._results(owner), lambda one: "", language)

    def spoken(self, summary: Summary | None, language: Language, request: gr.Request) -> tuple[Any, ...]:
        """After a change of language. -> source, length, shown, where, past"""
        library = self._services.library is not None
        return (
            gr.update(choices=render_summarize.sources(language, library=library)),
            gr.update(choices=render_summarize.lengths(language)),
            render_summarize.shown(summary, language),
            render_summarize.source(None, 0, language),
            self._past(self._services.owner_of(request), language),
        )

    # The summary

    def begin(self, language: Language) -> tuple[Any, ...]:
        """-> run, stop, notice, shown, where"""
        reading = render_task.progress(text("sum_reading_file", language))
        return *RUNNING, "", reading, render_summarize.source(None, 0, language)

    def run(
        self,
        source: str,
        typed: str,
        file: str | None,
        documents: Sequence[str] | None,
        length: str,
        adapter: str,
        language: Language,
        request: gr.Request,
    ) -> Iterator[tuple[Any, ...]]:
        """-> summary, shown, where, past, notice"""
        yield NOTHING * 5
        with told(language) as notices, self._running(request, adapter) as (owner, stop):
            given = self._text(owner, source, typed, file, documents, stop)
            steps = summarize_steps(self._services, owner, given, length, adapter, stop=stop)
            for step in on_a_clock(steps, lambda step: isinstance(step, Summary)):
                if isinstance(step, Summary):
                    title = step.name or title_of(_first_line(typed))
                    unsaved = self._keep(owner, title, step.to_dict(), language) if step.sentences else ""
                    past = self._past(owner, language)
                    yield step, render_summarize.summary(step, language), gr.skip(), past, unsaved
                else:
                    yield gr.skip(), render_summarize.working(step, language), *NOTHING * 3
        if notices:
            yield None, render_task.welcome("sum", language), *NOTHING * 2, notices[0]

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
    ) -> Iterator[tuple[Any, ...]]:
        """A click on a number, or on what the source offers. -> where, notice"""
        owner, said = self._services.owner_of(request), clicked(event)
        yield NOTHING * 2
        with told(language) as notices:
            if said.get("act") != "source":
                yield from ((shown, "") for shown in self._document(owner, said, language))
                return
            n = int(said["n"]) if said.get("n", "").isdigit() else 0
            yield render_summarize.source(summary, n, language), ""
            if summary is not None and 1 <= n <= len(summary.citations) and summary.citations[n - 1].document:
                one = summary.citations[n - 1]
                place = {"act": "cite", "id": one.document, "n": str(n), "page": str(one.page)}
                span = {"start": str(one.start), "end": str(one.end)}
                try:
                    yield from ((shown, "") for shown in self._document(owner, place | span, language))
                except NotFound:
                    return  # the document is gone; its passage was kept with the summary and is shown
        if notices:
            yield gr.skip(), notices[0]

    def _document(self, owner: str, said: dict[str, str], language: Language) -> Iterator[str]:
        if self._sources is not None:
            yield from (shown.html for shown in self._sources.show(owner, said, language))

    def reopen(self, language: Language, request: gr.Request, event: gr.EventData) -> tuple[Any, ...]:
        """Show a saved summary again, or remove it. -> summary, shown, where, past, notice"""
        owner, said = self._services.owner_of(request), clicked(event)
        with told(language) as notices:
            record = self._opened(owner, said)
            if record is None:
                return *NOTHING * 3, self._past(owner, language), ""
            found = Summary.from_dict(record)
            shown = render_summarize.summary(found, language)
            return found, shown, render_summarize.source(None, 0, language), gr.skip(), ""
        return *NOTHING * 4, notices[0]


def library_text(services: Services, owner: str, ids: Sequence[str], patience: float = 0.0) -> Text:
    """Documents of the owner's library as one text. Raises `NotFound` for what is not the owner's."""
    if services.library is None:
        raise NotFound("There are no documents here.", kind="no_document")
    library = services.library.get(patience).library
    return summarize_text.together([summarize_text.of_document(library, owner, id) for id in dict.fromkeys(ids)])


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
    return summarize(
        services.engine, given, owner=owner, length=length, adapter=adapter or None, similarity=similarity, **rest
    )


def _first_line(typed: str) -> str:
    return next((line for line in (line.strip("# \t") for line in typed[:2000].splitlines()) if line), "…")
