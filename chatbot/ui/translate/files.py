"""What the translate tab does with files: translate, stop, go on, look at what is doubtful, fetch, remove."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from chatbot.common.errors import InputError
from chatbot.tasks.translate.jobs import Job, Translations
from chatbot.tasks.translate.order import AUTO
from chatbot.ui.chat.handlers import told
from chatbot.ui.parts.clickable import clicked
from chatbot.ui.parts.clock import on_a_clock
from chatbot.ui.parts.endpoints import served
from chatbot.ui.parts.task_handlers import NOTHING, RUNNING, TaskHandlers
from chatbot.ui.services import Services
from chatbot.ui.strings.words import Language, text
from chatbot.ui.translate import render as render_translate

LOOK = 0.4  # seconds between two looks at the progress of a file


class FileHandlers(TaskHandlers):
    """`Translations` checks that a job belongs to the owner."""

    task = "translate-file"

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        assert services.translations is not None  # the files are shown only where there is a folder for them
        self._jobs: Translations = services.translations

    def look(self, looked: str | None, language: Language, request: gr.Request) -> tuple[str, str]:
        """-> jobs, report"""
        owner = self._services.owner_of(request)
        report = ""
        with told(language):
            report = self._doubts(owner, looked, language) if looked else ""
        return self._listing(owner, language), report

    def begin(self) -> tuple[Any, ...]:
        """-> run, stop, result, report, notice"""
        return *RUNNING, gr.update(value=None, visible=False), "", ""

    def run(
        self,
        file: str | None,
        source: str,
        target: str,
        glossary: str,
        adapter: str,
        language: Language,
        request: gr.Request,
    ) -> Iterator[tuple[Any, ...]]:
        """A new file. -> progress, result, report, looked, jobs, notice"""
        owner = self._services.owner_of(request)
        with told(language) as notices:
            if not file:
                raise InputError("Send a file.", kind="no_file")
            name = Path(file).name
            yield render_translate.note(text("tr_reading", language, name=name)), *NOTHING * 5
            if adapter:
                self._services.adapter(owner, adapter)
            job = self._jobs.add(
                self._services.engine,
                owner,
                Path(file),
                name,
                target=target or "",
                source=source or AUTO,
                adapter=adapter or None,
                glossary=glossary or "",
            )
            yield from self._under_way(owner, job.id, language, request)
        if notices:
            yield "", *NOTHING * 4, notices[0]

    def resuming(self, begun: str | None) -> tuple[Any, ...]:
        """-> run, stop"""
        return RUNNING if begun else NOTHING * 2

    def resume(self, begun: str | None, language: Language, request: gr.Request) -> Iterator[tuple[Any, ...]]:
        """What was stopped goes on. -> begun, progress, result, report, looked, jobs, notice"""
        if not begun:
            yield NOTHING * 7
            return
        with told(language) as notices:
            for shown in self._under_way(self._services.owner_of(request), begun, language, request):
                yield gr.skip(), *shown
        yield None, "" if notices else gr.skip(), *NOTHING * 4, notices[0] if notices else gr.skip()

    def _under_way(self, owner: str, id: str, language: Language, request: gr.Request) -> Iterator[tuple[Any, ...]]:
        """-> progress, result, report, looked, jobs, notice"""
        with self._running(request) as (_, stop):
            for step in on_a_clock(self._jobs.run(self._services.engine, owner, id, stop), tick=LOOK):
                bar = render_translate.working(step.job.done, step.job.total, language)
                yield bar, *NOTHING * 3, self._listing(owner, language, id), gr.skip()
            job = self._jobs.get(owner, id)
            if not job.done:
                yield "", *NOTHING * 3, self._listing(owner, language), ""
                return
            yield render_translate.note(text("tr_writing", language)), *NOTHING * 5
            stopped = render_translate.note(text("tr_stopped", language, done=job.done, total=job.total))
            file = gr.update(value=self._file(owner, job), visible=True)
            yield (
                "" if job.complete else stopped,
                file,
                self._doubts(owner, id, language),
                id,
                self._listing(owner, language),
                "",
            )

    def settled_with_files(self, language: Language, request: gr.Request) -> tuple[Any, ...]:
        """-> run, stop, jobs"""
        return *self.settled(), self._listing(self._services.owner_of(request), language)

    def act(self, language: Language, request: gr.Request, event: gr.EventData) -> tuple[Any, ...]:
        """A click in the list of files. -> begun, result, report, looked, jobs, notice"""
        owner, said = self._services.owner_of(request), clicked(event)
        with told(language) as notices:
            job = self._jobs.get(owner, said.get("id", ""))
            if said.get("act") == "resume":
                return job.id, gr.update(value=None, visible=False), "", None, gr.skip(), ""
            if said.get("act") == "fetch":
                return gr.skip(), gr.update(value=self._file(owner, job), visible=True), *NOTHING * 3, ""
            if said.get("act") == "look":
                return gr.skip(), gr.skip(), self._doubts(owner, job.id, language), job.id, gr.skip(), ""
            if said.get("act") == "remove":
                self._jobs.remove(owner, job.id)
                hidden = gr.update(value=None, visible=False)
                return gr.skip(), hidden, "", None, self._listing(owner, language), ""
            return (*NOTHING * 5, "")
        return *NOTHING * 5, notices[0]

    def _file(self, owner: str, job: Job) -> str:
        return served(job.result_name, self._jobs.result(owner, job.id))

    def _doubts(self, owner: str, id: str, language: Language) -> str:
        job = self._jobs.get(owner, id)
        return render_translate.doubts(self._jobs.pairs(owner, id), job.flagged, job.total, language)

    def _listing(self, owner: str, language: Language, busy: str | None = None) -> str:
        return render_translate.jobs(self._jobs.jobs(owner), busy, language)
