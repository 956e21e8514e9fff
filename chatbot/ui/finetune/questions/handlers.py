"""What the box of questions does. Documents and what was made of them are read under the owner of each request."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import gradio as gr

from chatbot.common.errors import InputError
from chatbot.tasks.questions import prompt
from chatbot.tasks.questions.work import SoFar, make
from chatbot.ui.chat.handlers import told
from chatbot.ui.finetune.questions.layout import Questions, headers
from chatbot.ui.parts import render
from chatbot.ui.parts.clock import on_a_clock
from chatbot.ui.parts.task_handlers import TaskHandlers
from chatbot.ui.parts.updates import Updates
from chatbot.ui.services import Services
from chatbot.ui.strings.words import Language, text
from retrieval.types import Hit, Passage

FILE = "questions.jsonl"
Row = dict[str, Any]  # `Made.to_dict`, and whether it is kept


class QuestionHandlers(TaskHandlers):
    """Each method is one event. What was made is a saved result, which goes with the documents that it names."""

    task = "questions"

    def __init__(self, services: Services, box: Questions) -> None:
        super().__init__(services)
        self._box = box

    def offer(self, chosen: Sequence[str] | None, language: Language, request: gr.Request) -> Updates:
        """The documents and the last set, as they are now."""
        owner = self._services.owner_of(request)
        return {self._box.documents: self._documents(owner, chosen)} | self._table(self._rows(owner), language)

    def begin(self, language: Language) -> Updates:
        waiting = render.under_way(text("ftq_starting", language), None)
        return self._box.buttons.running() | {self._box.shown: waiting}

    def run(
        self, documents: Sequence[str] | None, count: float, language: Language, request: gr.Request
    ) -> Iterator[Updates]:
        box = self._box
        yield gr.skip()
        with told(language) as notices, self._running(request) as (owner, stop):
            if not documents or self._services.library is None:
                raise InputError("No document is chosen. Choose at least one.", kind="none_chosen")
            library = self._services.library.get().library
            steps = make(self._services.engine, library, owner, documents, int(count), stop)
            for step in on_a_clock(steps, lambda step: step.done):
                if step.done:
                    yield self._done(owner, step, language)
                else:
                    yield {box.shown: render.under_way(_told("ftq_progress", step, language), _share(step, count))}
        if notices:
            yield {box.shown: notices[0]}

    def settled(self) -> Updates:
        return self._box.buttons.idle()

    def _done(self, owner: str, last: SoFar, language: Language) -> Updates:
        """Kept in place of the set before, where there is something."""
        if not last.made:
            return {self._box.shown: render.success(text("ftq_nothing", language))}
        rows: list[Row] = [{**made.to_dict(), "kept": True} for made in last.made]
        unsaved = self._replace(owner, rows, language)
        said = render.success(_told("ftq_done", last, language))
        return {self._box.shown: unsaved or said} | self._table(rows, language)

    def use(self, table: list[list[Any]], beside: bool, language: Language, request: gr.Request) -> Any:
        """The rows as they stand in the table now, kept, and as a file of the owner's as if it had been dropped."""
        owner = self._services.owner_of(request)
        rows = edited(self._rows(owner), table)
        self._replace(owner, rows, language)
        lines = [line(row, beside=beside) for row in rows if row["kept"] and (beside or row["quote"])]
        return self._services.uploads.new(owner, FILE, "".join(f"{one}\n" for one in lines).encode("utf-8"))

    def _rows(self, owner: str) -> list[Row]:
        saved = self._services.store.results(owner, self.task, 1)
        return list(saved[0].result["rows"]) if saved else []

    def _replace(self, owner: str, rows: list[Row], language: Language) -> str:
        self._services.store.remove_results(owner, self.task)
        return self._keep(owner, FILE, {"rows": rows}, language)

    def _table(self, rows: Sequence[Row], language: Language) -> Updates:
        box, there = self._box, bool(rows)
        values = [
            [row["kept"], n, row["question"], row["answer"], _stands(row, language)] for n, row in enumerate(rows, 1)
        ]
        count = sum(row["kept"] for row in rows)
        return {
            box.table: gr.update(value=values, headers=headers(language), visible=there),
            box.beside: gr.update(visible=there),
            box.use: gr.update(value=text("ftq_use", language, count=count), visible=there),
        }


def edited(rows: Sequence[Row], table: Sequence[Sequence[Any]]) -> list[Row]:
    """The rows with what a person changed; each is known by its number, however the table was sorted. What left it is struck out."""
    said = {int(number): (kept, question, answer) for kept, number, question, answer, _ in table if number}
    found = []
    for n, row in enumerate(rows, 1):
        kept, question, answer = said.get(n, (False, row["question"], row["answer"]))
        question, answer = str(question or "").strip(), str(answer or "").strip()
        kept = kept in (True, "true") and bool(question and answer)
        found.append({**row, "kept": kept, "question": question, "answer": answer})
    return found


def line(row: Mapping[str, Any], *, beside: bool) -> str:
    """One row of the data set, in the `messages` form; with its passage before the question where that is asked for."""
    hit = Hit(Passage(row["page"], 0, len(row["passage"]), row["passage"]), 1.0) if beside else None
    turns = prompt.row(row["question"], row["answer"], hit)
    return json.dumps({"messages": [{"role": m.role, "content": m.content} for m in turns]}, ensure_ascii=False)


def _stands(row: Mapping[str, Any], language: Language) -> str:
    quote = row["quote"] or text("ftq_unanswered", language)
    return f"{quote} ({row['name']}, {row['page']})"


def _told(key: str, step: SoFar, language: Language) -> str:
    open = sum(not made.quote for made in step.made)
    figures = {"made": len(step.made), "read": step.read, "of": step.of, "left": step.left_out, "open": open}
    return text(key, language, **figures)


def _share(step: SoFar, count: float) -> float:
    return min(1.0, max(step.read / max(1, step.of), len(step.made) / max(1.0, count)))
