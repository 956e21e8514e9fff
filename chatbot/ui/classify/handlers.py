"""What the sentiment tab does. Every handler reads files and saved results under the owner of its request."""

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

import gradio as gr

from chatbot.common.errors import InputError
from chatbot.tasks.chat import title_of
from chatbot.tasks.classify import labels as sentiment_labels
from chatbot.tasks.classify.evidence import Weighing
from chatbot.tasks.classify.labels import Allowed
from chatbot.tasks.classify.result import Result, foreign, judge_text
from chatbot.tasks.classify.tables import kept as sentiment_kept
from chatbot.tasks.classify.tables.kept import Keeping, Outcome
from chatbot.tasks.classify.tables.rows import Judged, judge_rows
from chatbot.tasks.classify.tables.seen import Seen
from chatbot.tasks.classify.tables.table import Table, read_table
from chatbot.tasks.classify.taught import doubtful
from chatbot.tasks.classify.work import classifier
from chatbot.ui.adapters.picker import chosen
from chatbot.ui.chat.handlers import told
from chatbot.ui.classify import render as render_sentiment
from chatbot.ui.classify.layout import SentimentTab
from chatbot.ui.parts import render_task
from chatbot.ui.parts.clickable import clicked
from chatbot.ui.parts.clock import on_a_clock
from chatbot.ui.parts.task_handlers import TaskHandlers
from chatbot.ui.parts.updates import Updates
from chatbot.ui.services import Services
from chatbot.ui.strings.words import Language, text
from retrieval.search.embed import Embedder

ROWS_FOR_LANGUAGE = 50
ROWS_TICK = 0.4  # seconds between updates: each counts all rows that are done
HIDDEN = gr.update(visible=False)


@dataclass(frozen=True, slots=True)
class Asked:
    """By what is judged."""

    labels: sentiment_labels.Labels
    adapter: str | None
    allowed: Allowed
    embedder: Embedder | None

    @property
    def how(self) -> dict[str, Any]:
        return {"adapter": self.adapter, "allowed": self.allowed, "embedder": self.embedder}


class Handlers(TaskHandlers):
    task = sentiment_kept.TASK

    def __init__(self, services: Services, tab: SentimentTab) -> None:
        super().__init__(services)
        self._tab = tab

    # The left side

    def pick(self, source: str) -> Updates:
        given = self._tab.given
        typed, table = gr.update(visible=source == "text"), gr.update(visible=source == "table")
        return {given.typed: typed, given.about: typed, given.file: table, given.column: table}

    def look(self, language: Language, request: gr.Request) -> str:
        """The list of saved results."""
        return self._past(self._services.owner_of(request), language)

    def _past(self, owner: str, language: Language) -> str:
        return render_sentiment.past(self._results(owner), language)

    def spoken(self, shown: Result | Outcome | None, language: Language, request: gr.Request) -> Updates:
        """After a change of language."""
        tab = self._tab
        return {
            tab.shown: render_sentiment.shown(shown, language),
            tab.given.past: self.look(language, request),
        }

    def open(self, file: str | None, language: Language) -> Updates:
        """A file was added or taken away."""
        tab, column = self._tab, gr.update(choices=[], value=None)
        head = render_task.welcome("sen", language)
        with told(language) as notices:
            if file:
                table = _table(file)
                column = gr.update(choices=list(table.columns), value=table.likely())
                head = render_sentiment.table_head(table, language)
        shown = {tab.given.column: column, tab.shown: head, tab.download: HIDDEN, tab.notice: "".join(notices)}
        return shown | tab.teach.hidden

    # Judging

    def begin(self, language: Language) -> Updates:
        tab, reading = self._tab, render_task.progress(text("sen_reading", language))
        fresh = {tab.notice: "", tab.shown: reading, tab.download: HIDDEN}
        return tab.given.buttons.running() | fresh | tab.teach.hidden

    def run(
        self,
        source: str,
        typed: str,
        file: str | None,
        column: str | None,
        labels: str,
        allowed: Sequence[str],
        adapter: str,
        language: Language,
        request: gr.Request,
    ) -> Iterator[Updates]:
        yield gr.skip()
        with told(language) as notices, self._running(request) as (owner, stop):
            several = Allowed(several="several" in allowed, none="none" in allowed)
            embedder = self._services.embedder()
            asked = Asked(sentiment_labels.parse(labels), chosen(adapter), several, embedder)
            if source == "table":
                yield from self._judge_table(owner, file, column, asked, language, stop)
            else:
                yield from self._judge_text(owner, typed, asked, language, stop)
        if notices:
            yield self._unjudged(language) | {self._tab.notice: notices[0]}

    def _unjudged(self, language: Language) -> Updates:
        return {self._tab.result: None, self._tab.shown: render_task.welcome("sen", language)}

    def _judge_text(self, owner: str, typed: str, asked: Asked, language: Language, stop: Event) -> Iterator[Updates]:
        tab = self._tab
        result: Result | None = None
        engine = self._services.engine.asked_by(owner)
        steps = judge_text(engine, owner, typed, asked.labels, stop=stop, **asked.how)
        for step in on_a_clock(steps, lambda step: isinstance(step, Result)):
            result = step if isinstance(step, Result) else result
            if result:
                weighing = step if isinstance(step, Weighing) else Weighing(0, 1)
                yield {tab.shown: render_sentiment.result(result, language, weighing)}
        unsaved = self._keep(owner, title_of(result.text), result.to_dict(), language) if result else ""
        yield {
            tab.result: result,
            tab.shown: render_sentiment.shown(result, language),
            tab.given.past: self._past(owner, language),
            tab.notice: unsaved,
        }

    def _judge_table(
        self,
        owner: str,
        file: str | None,
        column: str | None,
        asked: Asked,
        language: Language,
        stop: Event,
    ) -> Iterator[Updates]:
        """What was judged is kept, also when it was stopped, the model failed on the way, or the page has gone."""
        if not file:
            raise InputError("Send a file.", kind="no_file")
        table = _table(file, stop)
        column = column or table.likely()
        known = self._services.engine.traits.languages
        strange = _foreign(table, column, known)  # now: after Stop nobody wants to wait for it
        judge = classifier(self._services.engine.asked_by(owner), owner, asked.labels, stop=stop, **asked.how)
        if judge is None:
            yield self._unjudged(language)
            return
        judged = Judged()
        seen = Seen(table, column, judged, known, scored=judge.scored)
        keeping = Keeping(self._services.tables, owner, table, Path(file), judge, judged, seen, strange)
        notices: list[str] = []
        try:
            with told(language) as notices:
                rows = judge_rows(judge, table, column, judged, stop=stop)
                yield from self._rows_on_the_way(rows, keeping, judged, len(table.rows), asked.labels, language)
        finally:
            found, data = keeping.so_far()
            with told(language) as unkept:
                found, data = keeping.at_the_end()
                keeping.keep(found, data)
        past = {self._tab.given.past: self._past(owner, language)}
        teach = self._tab.teach.offering(doubtful(table, column, judged), asked.labels, language)
        yield self._outcome(owner, found, data, language, "".join([*notices, *unkept])) | past | teach

    def _rows_on_the_way(
        self,
        rows: Iterator[None],
        keeping: Keeping,
        judged: Judged,
        total: int,
        labels: sentiment_labels.Labels,
        language: Language,
    ) -> Iterator[Updates]:
        begin = time.monotonic()
        for _ in on_a_clock(rows, tick=ROWS_TICK):
            keeping.now_and_then()
            seconds = time.monotonic() - begin
            yield {self._tab.shown: render_sentiment.rows_progress(judged, total, seconds, language, labels)}

    def _outcome(self, owner: str, found: Outcome, data: bytes, language: Language, notice: str = "") -> Updates:
        """What came of a table, and its rows with their labels as a file, where there are any."""
        tab = self._tab
        file = self._services.uploads.new(owner, file_name(found.name, found.ending), data) if data else None
        return {
            tab.result: found,
            tab.shown: render_sentiment.rows_done(found, language),
            tab.download: gr.update(value=file, visible=True) if file else HIDDEN,
            tab.notice: notice,
        }

    # Saved results

    def reopen(self, language: Language, request: gr.Request, event: gr.EventData) -> Updates:
        """Show a saved result again, or remove it."""
        tab = self._tab
        owner, said = self._services.owner_of(request), clicked(event)
        with told(language) as notices:
            record, tables = self._opened(owner, said), self._services.tables
            if record is None:
                if tables:
                    tables.tidy(owner)
                return {tab.given.past: self._past(owner, language), tab.notice: ""}
            if tables and "file" in record:
                return self._outcome(owner, *tables.opened(owner, record), language) | tab.teach.hidden
            found = Result.from_dict(record)
            shown = {tab.result: found, tab.shown: render_sentiment.result(found, language)}
            return shown | {tab.download: HIDDEN, tab.notice: ""} | tab.teach.hidden
        return {tab.notice: notices[0]}


def file_name(table: str, ending: str) -> str:
    """`reviews-labelled.csv` for `reviews.tsv`."""
    stem = re.sub(r"[^\w-]+", "_", Path(table).stem)[:60]
    return f"{stem}-labelled{ending}"


def _table(file: str, stop: Event | None = None) -> Table:
    return read_table(Path(file), Path(file).name, stop=stop)


def _foreign(table: Table, column: str, known: frozenset[str] | None) -> str:
    """The language of the first rows, where the model does not know it."""
    at = table.column(column)
    return foreign(known, "\n".join(row.fields[at] for row in table.rows[:ROWS_FOR_LANGUAGE] if at < len(row.fields)))
