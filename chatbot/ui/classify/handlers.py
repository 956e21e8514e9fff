"""What the sentiment tab does. Every handler reads files and saved results under the owner of its request."""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

import gradio as gr

from chatbot.common.errors import InputError
from chatbot.tasks.chat import title_of
from chatbot.tasks.classify import kept as sentiment_kept
from chatbot.tasks.classify import labels as sentiment_labels
from chatbot.tasks.classify.evidence import Weighing
from chatbot.tasks.classify.kept import Keeping, Outcome
from chatbot.tasks.classify.result import Result, foreign, judge_text
from chatbot.tasks.classify.rows import Judged, judge_rows
from chatbot.tasks.classify.table import Table, read_table
from chatbot.tasks.classify.work import classifier
from chatbot.ui.chat.handlers import told
from chatbot.ui.classify import render as render_sentiment
from chatbot.ui.parts import render_task
from chatbot.ui.parts.clickable import clicked
from chatbot.ui.parts.clock import on_a_clock
from chatbot.ui.parts.endpoints import served
from chatbot.ui.parts.task_handlers import NOTHING, RUNNING, TaskHandlers
from chatbot.ui.strings.words import Language, text

ROWS_FOR_LANGUAGE = 50
ROWS_TICK = 0.4  # seconds between updates: each counts all rows that are done
HIDDEN = gr.update(visible=False)
Labels = sentiment_labels.Labels


class Handlers(TaskHandlers):
    task = sentiment_kept.TASK

    # The left side

    def pick(self, source: str) -> tuple[Any, ...]:
        """-> typed, examples, file, column"""
        typed, table = gr.update(visible=source == "text"), gr.update(visible=source == "table")
        return typed, typed, table, table

    def look(self, language: Language, request: gr.Request) -> str:
        """-> past"""
        return self._past(self._services.owner_of(request), language)

    def _past(self, owner: str, language: Language) -> str:
        return render_sentiment.past(self._results(owner), language)

    def spoken(self, shown: Result | Outcome | None, language: Language, request: gr.Request) -> tuple[Any, ...]:
        """After a change of language. -> source, shown, past"""
        choices = gr.update(choices=render_sentiment.sources(language))
        return choices, render_sentiment.shown(shown, language), self.look(language, request)

    def open(self, file: str | None, language: Language) -> tuple[Any, ...]:
        """A file was added or taken away. -> column, shown, download, notice"""
        nothing = gr.update(choices=[], value=None), render_task.welcome("sen", language), HIDDEN
        if not file:
            return *nothing, ""
        with told(language) as notices:
            table = _table(file)
            column = gr.update(choices=list(table.columns), value=table.likely())
            return column, render_sentiment.table_head(table, language), HIDDEN, ""
        return *nothing, notices[0]

    # Judging

    def begin(self, language: Language) -> tuple[Any, ...]:
        """-> run, stop, notice, shown, download"""
        return *RUNNING, "", render_task.progress(text("sen_reading", language)), HIDDEN

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
        with told(language) as notices, self._running(request) as (owner, stop):
            chosen = sentiment_labels.parse(labels)
            if source == "table":
                yield from self._judge_table(owner, file, column, chosen, adapter, language, stop)
            else:
                yield from self._judge_text(owner, typed, chosen, adapter, language, stop)
        if notices:
            yield None, render_task.welcome("sen", language), *NOTHING * 2, notices[0]

    def _judge_text(
        self, owner: str, typed: str, labels: Labels, adapter: str, language: Language, stop: Event
    ) -> Iterator[tuple[Any, ...]]:
        result: Result | None = None
        steps = judge_text(self._services.engine, owner, typed, labels, adapter=adapter or None, stop=stop)
        for step in on_a_clock(steps, lambda step: isinstance(step, Result)):
            result = step if isinstance(step, Result) else result
            if result:
                weighing = step if isinstance(step, Weighing) else Weighing(0, 1)
                yield gr.skip(), render_sentiment.result(result, language, weighing), *NOTHING * 3
        unsaved = self._keep(owner, title_of(result.text), result.to_dict(), language) if result else ""
        yield result, render_sentiment.shown(result, language), self._past(owner, language), gr.skip(), unsaved

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
        """What was judged is kept, also when it was stopped, the model failed on the way, or the page has gone."""
        if not file:
            raise InputError("Send a file.", kind="no_file")
        table = _table(file, stop)
        column = column or table.likely()
        strange = _foreign(table, column, self._services.engine.model)  # now: after Stop nobody wants to wait for it
        judge = classifier(self._services.engine, owner, labels, adapter=adapter or None, stop=stop)
        if judge is None:
            yield None, render_task.welcome("sen", language), *NOTHING * 3
            return
        judged, begin = Judged(), time.monotonic()
        keeping = Keeping(self._services.tables, owner, table, labels, judge, judged, strange)
        notices: list[str] = []
        try:
            with told(language) as notices:
                for _ in on_a_clock(judge_rows(judge, table, column, judged, stop=stop), tick=ROWS_TICK):
                    keeping.now_and_then()
                    seconds = time.monotonic() - begin
                    progress = render_sentiment.rows_progress(judged, len(table.rows), seconds, language)
                    yield gr.skip(), progress, *NOTHING * 3
        finally:
            found, data = keeping.so_far()
            with told(language) as unkept:
                keeping.keep(found, data)
        download = _offered(found, data) if data else HIDDEN
        yield (
            found,
            render_sentiment.rows_done(found, language),
            self._past(owner, language),
            download,
            "".join([*notices, *unkept]),
        )

    # Saved results

    def reopen(self, language: Language, request: gr.Request, event: gr.EventData) -> tuple[Any, ...]:
        """Show a saved result again, or remove it. -> result, shown, past, download, notice"""
        owner, said = self._services.owner_of(request), clicked(event)
        with told(language) as notices:
            record, tables = self._opened(owner, said), self._services.tables
            if record is None:
                if tables:
                    tables.tidy(owner)
                return *NOTHING * 2, self._past(owner, language), gr.skip(), ""
            if tables and "file" in record:
                table, data = tables.opened(owner, record)
                return table, render_sentiment.rows_done(table, language), gr.skip(), _offered(table, data), ""
            found = Result.from_dict(record)
            return found, render_sentiment.result(found, language), gr.skip(), HIDDEN, ""
        return *NOTHING * 4, notices[0]


def file_name(table: str) -> str:
    """`reviews-labelled.csv` for `reviews.xlsx`."""
    stem = re.sub(r"[^\w-]+", "_", Path(table).stem)[:60]
    return f"{stem}-labelled.csv"


def _offered(found: Outcome, data: bytes) -> Any:
    return gr.update(value=served(file_name(found.name), data), visible=True)


def _table(file: str, stop: Event | None = None) -> Table:
    return read_table(Path(file), Path(file).name, stop=stop)


def _foreign(table: Table, column: str, model: str) -> str:
    """The language of the first rows, where the model does not know it."""
    at = table.column(column)
    return foreign(model, "\n".join(row.fields[at] for row in table.rows[:ROWS_FOR_LANGUAGE] if at < len(row.fields)))
