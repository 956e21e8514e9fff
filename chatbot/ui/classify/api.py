"""Labels for programs: `/sentiment` and `/sentiment_file`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from chatbot.common.errors import BanyanError, InputError
from chatbot.tasks.classify import labels as sentiment_labels
from chatbot.tasks.classify.result import Result, judge_text
from chatbot.tasks.classify.tables.rows import Judged, judge_rows
from chatbot.tasks.classify.tables.table import as_file, read_table
from chatbot.tasks.classify.work import classifier
from chatbot.ui.classify.handlers import file_name
from chatbot.ui.parts.clock import on_a_clock
from chatbot.ui.parts.endpoints import publish_file, raised, session_of
from chatbot.ui.services import MODEL, OPENING, Services

PULSE = 1.0  # seconds between yields: Gradio ends the work of a program that has gone at the next one


def publish(services: Services) -> None:
    """Register the endpoints on the page that is being built. Each works under the owner of its request."""
    do = Endpoints(services)
    gr.api(do.sentiment, api_name="sentiment", **MODEL)
    publish_file(do.sentiment_file, "sentiment_file", ("", "", ""))


class Endpoints:
    def __init__(self, services: Services) -> None:
        self._services = services

    def sentiment(
        self,
        text: str,
        labels: str = "",
        adapter: str | None = None,
        several: bool = False,
        none: bool = False,
        request: gr.Request = None,  # Gradio fills it in
    ) -> dict[str, Any]:
        """Judge which label fits a text, with every label's probability and the words it hangs on.

        Args:
            text: The text to judge.
            labels: "negative, neutral, positive" when empty, or your own: "spam, not spam", or one to a line with
                ": description".
            adapter: The adapter that judges; for the default labels the one named "sentiment" where there is one.
            several: Whether several labels may fit at once; `labels` of the answer names them.
            none: Whether none of them may fit; then the label is "(none)".
        """
        with raised(), self._services.runs.call(session_of(request)) as stop:
            owner = self._services.owner_of(request)
            result: Result | None = None
            for step in judge_text(
                self._services.engine.asked_by(owner),
                owner,
                text,
                sentiment_labels.parse(labels or ""),
                adapter=adapter or None,
                allowed=sentiment_labels.Allowed(several, none),
                embedder=self._services.embedder(OPENING),
                stop=stop,
            ):
                result = step if isinstance(step, Result) else result
            if result is None:
                raise BanyanError("The text was not judged. Please try again.", kind="no_outcome")
            return said(result)

    def sentiment_file(
        self, file: str | None, column: str, labels: str, adapter: str, request: gr.Request
    ) -> Iterator[str | None]:
        """Judge a column of a CSV file or workbook. Returns the same table with predicted_label and p_<label> behind it."""
        with raised(), self._services.runs.call(session_of(request)) as stop:
            if not file:
                raise InputError("Send a file.", kind="no_file")
            owner = self._services.owner_of(request)
            chosen = sentiment_labels.parse(labels or "")
            with self._services.uploads.once(Path(file)) as path:
                table = read_table(path, path.name, stop=stop)
                at = column or table.likely()
                table.column(at)
                judge = classifier(
                    self._services.engine.asked_by(owner),
                    owner,
                    chosen,
                    adapter=adapter or None,
                    embedder=self._services.embedder(OPENING),
                )
                assert judge is not None  # nothing stops it
                judged = Judged()
                for _ in on_a_clock(judge_rows(judge, table, at, judged), tick=PULSE):
                    yield None
                data = as_file(table, path, judge.names, judged.rows)
            yield self._services.uploads.new(owner, file_name(table.name, table.ending), data)


def said(result: Result) -> dict[str, Any]:
    """The result as the API tells it. A weight is the probability that the label loses without those words."""
    return {
        "label": result.label,
        "labels": list(result.fitting or (result.label,)),
        "scores": dict(result.scores),
        "evidence": [[result.text[part.start : part.end], part.weight] for part in result.parts],
        "clauses": [[result.text[one.start : one.end].strip(), one.label] for one in result.clauses],
        "calibrated": bool(result.fitted),
        "embedder": result.embedder,
        "probabilities": not result.chosen,
        "model": result.model,
        "adapter": result.adapter,
        "foreign": result.foreign,
    }
