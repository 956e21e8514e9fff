"""What the translate tab does with files: translate, stop, go on, look at what is doubtful, fetch, remove."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from chatbot.common.errors import InputError
from chatbot.tasks.translate.jobs import Job, Translations
from chatbot.tasks.translate.order import AUTO
from chatbot.ui.adapters.picker import chosen
from chatbot.ui.chat.handlers import told
from chatbot.ui.parts.clickable import clicked
from chatbot.ui.parts.clock import on_a_clock
from chatbot.ui.parts.task_handlers import TaskHandlers
from chatbot.ui.parts.updates import Updates
from chatbot.ui.services import Services
from chatbot.ui.strings.words import Language, text
from chatbot.ui.translate import render as render_translate
from chatbot.ui.translate.layout import FileSide

LOOK = 0.4  # seconds between two looks at the progress of a file


class FileHandlers(TaskHandlers):
    """`Translations` checks that a job belongs to the owner."""

    task = "translate-file"

    def __init__(self, services: Services, side: FileSide) -> None:
        super().__init__(services)
        assert services.translations is not None  # the files are shown only where there is a folder for them
        self._jobs: Translations = services.translations
        self._side = side

    def look(self, looked: str | None, language: Language, request: gr.Request) -> Updates:
        owner = self._services.owner_of(request)
        report = ""
        with told(language):
            report = self._doubts(owner, looked, language) if looked else ""
        return {self._side.jobs: self._listing(owner, language), self._side.report: report}

    def begin(self) -> Updates:
        side = self._side
        return side.buttons.running() | {side.result: _hidden(), side.report: "", side.notice: ""}

    def run(
        self,
        file: str | None,
        source: str,
        target: str,
        glossary: str,
        adapter: str,
        language: Language,
        request: gr.Request,
    ) -> Iterator[Updates]:
        """A new file."""
        owner = self._services.owner_of(request)
        with told(language) as notices:
            if not file:
                raise InputError("Send a file.", kind="no_file")
            name = Path(file).name
            yield {self._side.progress: render_translate.note(text("tr_reading", language, name=name))}
            if who := chosen(adapter):
                self._services.adapter(owner, who)
            job = self._jobs.add(
                self._services.engine,
                owner,
                Path(file),
                name,
                target=target or "",
                source=source or AUTO,
                adapter=chosen(adapter),
                glossary=glossary or "",
            )
            yield from self._under_way(owner, job.id, language, request)
        if notices:
            yield self._failed(notices[0])

    def resuming(self, begun: str | None) -> Updates:
        return self._side.buttons.running() if begun else gr.skip()

    def resume(self, begun: str | None, language: Language, request: gr.Request) -> Iterator[Updates]:
        """What was stopped goes on."""
        if not begun:
            yield gr.skip()
            return
        with told(language) as notices:
            yield from self._under_way(self._services.owner_of(request), begun, language, request)
        over: Updates = {self._side.begun: None}
        yield over | self._failed(notices[0]) if notices else over

    def _under_way(self, owner: str, id: str, language: Language, request: gr.Request) -> Iterator[Updates]:
        side = self._side
        with self._running(request) as (_, stop):
            for step in on_a_clock(self._jobs.run(self._services.engine.asked_by(owner), owner, id, stop), tick=LOOK):
                bar = render_translate.working(step.job.done, step.job.total, language)
                yield {side.progress: bar, side.jobs: self._listing(owner, language, id)}
            job = self._jobs.get(owner, id)
            if not job.done and job.total:
                yield {side.progress: "", side.jobs: self._listing(owner, language), side.notice: ""}
                return
            yield {side.progress: render_translate.note(text("tr_writing", language))}
            yield self._written(owner, job, language)

    def _written(self, owner: str, job: Job, language: Language) -> Updates:
        """The file as far as it is done, and what is doubtful in it."""
        stopped = render_translate.note(text("tr_stopped", language, done=job.done, total=job.total))
        return {
            self._side.progress: "" if job.complete else stopped,
            **self._fetched(owner, job),
            **self._looked(owner, job, language),
            self._side.jobs: self._listing(owner, language),
            self._side.notice: "",
        }

    def _failed(self, notice: str) -> Updates:
        return {self._side.progress: "", self._side.notice: notice}

    def settled(self, language: Language, request: gr.Request) -> Updates:
        listing = self._listing(self._services.owner_of(request), language)
        return self._side.buttons.idle() | {self._side.jobs: listing}

    def act(self, language: Language, request: gr.Request, event: gr.EventData) -> Updates:
        """A click in the list of files."""
        owner, said = self._services.owner_of(request), clicked(event)
        with told(language) as notices:
            job = self._jobs.get(owner, said.get("id", ""))
            return {**self._acted(said.get("act"), owner, job, language), self._side.notice: ""}
        return {self._side.notice: notices[0]}

    def _acted(self, act: str | None, owner: str, job: Job, language: Language) -> Updates:
        match act:
            case "resume":
                return {self._side.begun: job.id, **self._put_away()}
            case "fetch":
                return self._fetched(owner, job)
            case "look":
                return self._looked(owner, job, language)
            case "remove":
                self._jobs.remove(owner, job.id)
                return {**self._put_away(), self._side.jobs: self._listing(owner, language)}
        return {}

    def _fetched(self, owner: str, job: Job) -> Updates:
        path = self._services.uploads.new(owner, job.result_name, self._jobs.result(owner, job.id))
        return {self._side.result: gr.update(value=path, visible=True)}

    def _looked(self, owner: str, job: Job, language: Language) -> Updates:
        return {self._side.report: self._doubts(owner, job.id, language), self._side.looked: job.id}

    def _put_away(self) -> Updates:
        return {self._side.result: _hidden(), self._side.report: "", self._side.looked: None}

    def _doubts(self, owner: str, id: str, language: Language) -> str:
        job = self._jobs.get(owner, id)
        return render_translate.doubts(self._jobs.pairs(owner, id), job.flagged, job.total, language)

    def _listing(self, owner: str, language: Language, busy: str | None = None) -> str:
        return render_translate.jobs(self._jobs.jobs(owner), busy, language)


def _hidden() -> Any:
    return gr.update(value=None, visible=False)
