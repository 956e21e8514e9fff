"""What the sentiment tab does. Every handler reads files and saved results under the owner of its request."""

import re
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import Any

import gradio as gr
from gradio import processing_utils
from gradio.utils import get_upload_folder

from chatbot.errors import InputError, NotFound
from chatbot.tasks import sentiment_labels
from chatbot.tasks.chat import title_of
from chatbot.tasks.sentiment import classifier
from chatbot.tasks.sentiment_evidence import Weighing
from chatbot.tasks.sentiment_result import Result, foreign, judge_text
from chatbot.tasks.sentiment_rows import Judged, judge_rows
from chatbot.tasks.sentiment_table import Table, read_table, write_table
from chatbot.ui import render_sentiment
from chatbot.ui.answering import TICK
from chatbot.ui.chat_handlers import told
from chatbot.ui.documents_handlers import clicked
from chatbot.ui.keep import keep
from chatbot.ui.services import Services
from chatbot.ui.strings import Language, text

TASK = "sentiment"
PAST = 8  # saved results that are listed
ROWS_FOR_LANGUAGE = 50
ROWS_TICK = 0.4  # seconds between updates: each counts all rows that are done
NOTHING = (gr.skip(),)
Labels = sentiment_labels.Labels


class Handlers:
    """Each method is one event; the owner comes from its request, the rest from its arguments."""

    def __init__(self, services: Services) -> None:
        self._services = services

    # The left side

    def pick(self, source: str) -> tuple[Any, ...]:
        """-> typed, examples, file, column"""
        typed, table = gr.update(visible=source == "text"), gr.update(visible=source == "table")
        return typed, typed, table, table

    def look(self, language: Language, request: gr.Request) -> str:
        """-> past"""
        saved = self._services.store.results(self._services.owner_of(request), TASK, PAST)
        return render_sentiment.past(saved, language)

    def spoken(self, result: Result | None, language: Language, request: gr.Request) -> tuple[Any, ...]:
        """After a change of language. -> source, shown, past"""
        shown = render_sentiment.result(result, language) if result else render_sentiment.welcome(language)
        return gr.update(choices=render_sentiment.sources(language)), shown, self.look(language, request)

    def open(self, file: str | None, language: Language) -> tuple[Any, ...]:
        """A file was added or taken away. -> column, shown, download, notice"""
        hidden = gr.update(visible=False)
        if not file:
            return gr.update(choices=[], value=None), render_sentiment.welcome(language), hidden, ""
        with told(language) as notices:
            table = _table(file)
            column = gr.update(choices=list(table.columns), value=table.likely())
            return column, render_sentiment.table_head(table, language), hidden, ""
        return gr.update(choices=[], value=None), render_sentiment.welcome(language), hidden, notices[0]

    # Judging

    def begin(self, language: Language) -> tuple[Any, ...]:
        """-> run, stop, notice, shown, download"""
        reading = render_sentiment.note(text("sen_reading", language))
        return gr.update(visible=False), gr.update(visible=True), "", reading, gr.update(visible=False)

    def run(
        self,
        source: str,
        typed: str,
        file: str | None,
        column: str | None,
        labels: str,
        adapter: str,
        language: Language,
        request: gr.Request,
    ) -> Iterator[tuple[Any, ...]]:
        """-> result, shown, past, download, notice"""
        yield NOTHING * 5
        owner = self._services.owner_of(request)
        with (
            told(language) as notices,
            self._services.runs.open(owner, self._run(request), request.session_hash) as stop,
        ):
            chosen = sentiment_labels.parse(labels)
            if source == "table":
                yield from self._judge_table(owner, file, column, chosen, adapter, language, stop)
            else:
                yield from self._judge_text(owner, typed, chosen, adapter, language, stop, request)
        if notices:
            yield None, render_sentiment.welcome(language), *NOTHING * 2, notices[0]

    def _judge_text(
        self,
        owner: str,
        typed: str,
        labels: Labels,
        adapter: str,
        language: Language,
        stop: Event,
        request: gr.Request,
    ) -> Iterator[tuple[Any, ...]]:
        result: Result | None = None
        weighing: Weighing | None = None
        shown = 0.0
        steps = judge_text(self._services.engine, owner, typed, labels, adapter=adapter or None, stop=stop)
        with closing(steps):  # type: ignore[type-var]
            for step in steps:
                if isinstance(step, Weighing):
                    weighing = step
                elif step is not None:
                    result, weighing = step, weighing or Weighing(0, 1)
                if result and time.monotonic() - shown >= TICK:
                    shown = time.monotonic()
                    yield gr.skip(), render_sentiment.result(result, language, weighing), *NOTHING * 3
        if result is None:
            yield None, render_sentiment.welcome(language), *NOTHING * 3
            return
        unsaved = keep(self._services.store, owner, TASK, title_of(result.text), result.to_dict(), language)
        past = self.look(language, request)
        yield result, render_sentiment.result(result, language), past, gr.skip(), unsaved

    def _judge_table(
        self,
        owner: str,
        file: str | None,
        column: str | None,
        labels: Labels,
        adapter: str,
        language: Language,
        stop: Event,
    ) -> Iterator[tuple[Any, ...]]:
        """What was judged is offered for download, also when it was stopped or the model failed on the way."""
        if not file:
            raise InputError("Send a file.", kind="no_file")
        table = _table(file, stop)
        column = column or table.likely()
        judge = classifier(self._services.engine, owner, labels, adapter=adapter or None, stop=stop)
        judged = Judged()
        begin = shown = time.monotonic()
        with told(language) as notices:
            steps = judge_rows(judge, table, column, judged, stop=stop) if judge else iter(())
            with closing(steps):  # type: ignore[type-var]
                for _ in steps:
                    if time.monotonic() - shown >= ROWS_TICK:
                        shown = time.monotonic()
                        progress = render_sentiment.rows_progress(judged, len(table.rows), shown - begin, language)
                        yield gr.skip(), progress, *NOTHING * 3
        strange = _foreign(table, column, judge.engine.model) if judge else ""
        done = render_sentiment.rows_done(judged, table, judge, strange, language)
        download = gr.update(value=labelled(table, labels, judged), visible=True) if judged.rows else gr.skip()
        yield None, done, gr.skip(), download, "".join(notices)

    def settled(self) -> tuple[Any, ...]:
        """-> run, stop"""
        return gr.update(visible=True), gr.update(visible=False)

    def stop(self, request: gr.Request) -> None:
        self._services.runs.stop(self._services.owner_of(request), self._run(request))

    def _run(self, request: gr.Request) -> str:
        return f"{TASK}:{request.session_hash}"

    # Saved results

    def reopen(self, language: Language, request: gr.Request, event: gr.EventData) -> tuple[Any, ...]:
        """Show a saved result again, or remove it. -> result, shown, past, download, notice"""
        owner, said = self._services.owner_of(request), clicked(event)
        with told(language) as notices:
            if said.get("act") == "remove":
                self._services.store.remove_result(owner, said.get("id", ""))
                return *NOTHING * 2, self.look(language, request), gr.skip(), ""
            saved = {one.id: one for one in self._services.store.results(owner, TASK, PAST)}
            if said.get("id") not in saved:
                raise NotFound("There is no such result. It may have been removed in another window.")
            found = Result.from_dict(saved[said["id"]].result)
            return found, render_sentiment.result(found, language), gr.skip(), gr.update(visible=False), ""
        return *NOTHING * 4, notices[0]


def labelled(table: Table, labels: Labels, judged: Judged) -> str:
    """The table with its labels as a file in Gradio's cache, the only place it is served from."""
    with TemporaryDirectory(prefix="banyan-") as folder:
        stem = re.sub(r"[^\w-]+", "_", Path(table.name).stem)[:60]
        path = Path(folder) / f"{stem}-labelled.csv"
        write_table(table, labels, judged.rows, path)
        return str(processing_utils.save_file_to_cache(path, get_upload_folder()))


def _table(file: str, stop: Event | None = None) -> Table:
    return read_table(Path(file), Path(file).name, stop=stop)


def _foreign(table: Table, column: str, model: str) -> str:
    """The language of the first rows, where the model does not know it."""
    at = table.column(column)
    return foreign(model, "\n".join(row.fields[at] for row in table.rows[:ROWS_FOR_LANGUAGE] if at < len(row.fields)))
