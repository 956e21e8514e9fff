"""What the translate tab does with files: translate, stop, go on, look at what is doubtful, fetch, remove."""

from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

import gradio as gr

from chatbot.common.errors import InputError
from chatbot.tasks.translate import bilingual
from chatbot.tasks.translate.files.bundle import is_bundle, packed, unpacked
from chatbot.tasks.translate.jobs import Job, Translations
from chatbot.tasks.translate.order import AUTO
from chatbot.tasks.translate.own import memory
from chatbot.ui.adapters.picker import chosen
from chatbot.ui.chat.handlers import told
from chatbot.ui.parts.clickable import clicked
from chatbot.ui.parts.clock import on_a_clock
from chatbot.ui.parts.task_handlers import TaskHandlers
from chatbot.ui.parts.updates import Updates
from chatbot.ui.services import Services
from chatbot.ui.strings.words import Language, language_name, text
from chatbot.ui.translate import render as render_translate
from chatbot.ui.translate.edit import corrected
from chatbot.ui.translate.handlers import keep_glossary
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
        return side.buttons.running() | {side.result: _hidden(), side.report: "", side.notice: ""} | side.edit.hidden

    def run(
        self,
        files: list[str] | None,
        source: str,
        target: str,
        glossary: str,
        width: float | None,
        adapter: str,
        formality: str,
        language: Language,
        request: gr.Request,
    ) -> Iterator[Updates]:
        """New files, one after the other; what is wrong with one holds up no other."""
        owner, side = self._services.owner_of(request), self._side
        order: dict[str, Any] = {
            "target": target or "",
            "source": source or AUTO,
            "adapter": chosen(adapter),
            "glossary": glossary or "",
            "formality": render_translate.formality(formality, target),
        }
        notices: list[str] = []
        begun: list[str] = []
        with told(language) as refused, self._running(request, chosen(adapter) or "") as (_, stop):
            keep_glossary(self._services.store, owner, glossary)
            paths = self._unpacked(owner, files)
            for path in paths:
                if stop.is_set():
                    break
                yield {side.progress: render_translate.note(text("tr_reading", language, name=path.name))}
                with told(language) as wrong:
                    added = self._jobs.add(
                        self._services.engine, owner, path, path.name, **order, width=int(width or 0), stop=stop
                    )
                    begun.append(added.id)
                    yield from self._under_way(owner, added.id, language, stop)
                notices += wrong
            if len(paths) > 1 and begun:
                yield self._together(owner, begun)
        if notices or refused:
            yield self._failed("".join([*notices, *refused]))

    def _unpacked(self, owner: str, files: list[str] | None) -> list[Path]:
        """Raises `InputError` for none, and for an archive that cannot be taken."""
        if not files:
            raise InputError("Send a file.", kind="no_file")
        found: list[Path] = []
        for path in map(Path, files):
            found += unpacked(path, self._services.uploads.bench(owner)) if is_bundle(path) else [path]
        return found

    def _together(self, owner: str, ids: list[str]) -> Updates:
        """The files that were translated at once, in one archive."""
        jobs = [job for id in ids if (job := self._jobs.get(owner, id)).done or not job.total]
        data = packed((job.result_name, self._jobs.result(owner, job.id)) for job in jobs)
        path = self._services.uploads.new(owner, "translations.zip", data)
        return {self._side.result: gr.update(value=path, visible=bool(jobs))}

    def resuming(self, begun: str | None) -> Updates:
        return self._side.buttons.running() if begun else gr.skip()

    def resume(self, begun: str | None, language: Language, request: gr.Request) -> Iterator[Updates]:
        """What was stopped goes on."""
        if not begun:
            yield gr.skip()
            return
        with told(language) as notices, self._running(request) as (owner, stop):
            yield from self._under_way(owner, begun, language, stop)
        over: Updates = {self._side.begun: None}
        yield over | self._failed(notices[0]) if notices else over

    def _under_way(self, owner: str, id: str, language: Language, stop: Event) -> Iterator[Updates]:
        side, recall = self._side, memory.of(self._services.store, owner)
        steps = self._jobs.run(self._services.engine.asked_by(owner), owner, id, stop, recall)
        for step in on_a_clock(steps, tick=LOOK):
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
            case "both":
                return {self._side.result: gr.update(value=self._both(owner, job, language), visible=True)}
            case "remove":
                self._jobs.remove(owner, job.id)
                return {**self._put_away(), self._side.jobs: self._listing(owner, language)}
        return {}

    def _fetched(self, owner: str, job: Job) -> Updates:
        path = self._services.uploads.new(owner, job.result_name, self._jobs.result(owner, job.id))
        return {self._side.result: gr.update(value=path, visible=True)}

    def _both(self, owner: str, job: Job, language: Language) -> str:
        """The path of a page with the source beside the translation."""
        heads = (language_name(job.source, language), language_name(job.target, language))
        pairs = self._jobs.pairs(owner, job.id, flagged=False, limit=job.total)
        data = bilingual.as_html(job.name, job.source, job.target, heads, pairs)
        name = f"{Path(job.result_name).stem}.{job.source}-{job.target}.html"
        return self._services.uploads.new(owner, name, data)

    def _looked(self, owner: str, job: Job, language: Language) -> Updates:
        doubts = {self._side.report: self._doubts(owner, job.id, language), self._side.looked: job.id}
        return doubts | self._side.edit.shown(self._jobs.rows(owner, job.id), language)

    def correct(self, looked: str | None, table: list[list[Any]], language: Language, request: gr.Request) -> Updates:
        """Keep what was changed in the table: in the file, and for the next one."""
        owner = self._services.owner_of(request)
        with told(language) as notices:
            job = self._jobs.get(owner, looked or "")
            changed = self._jobs.correct(owner, job.id, corrected(table))
            memory.learn(self._services.store, owner, job.source, job.target, changed)
            said = render_translate.edited(len(changed), language)
            shown = {**self._fetched(owner, job), **self._looked(owner, job, language), self._side.notice: said}
            return shown | {self._side.jobs: self._listing(owner, language)}
        return {self._side.notice: notices[0]}

    def _put_away(self) -> Updates:
        away: Updates = {self._side.result: _hidden(), self._side.report: "", self._side.looked: None}
        return away | self._side.edit.hidden

    def _doubts(self, owner: str, id: str, language: Language) -> str:
        job = self._jobs.get(owner, id)
        return render_translate.doubts(self._jobs.pairs(owner, id), job.flagged, job.total, language)

    def _listing(self, owner: str, language: Language, busy: str | None = None) -> str:
        return render_translate.jobs(self._jobs.jobs(owner), busy, language)


def _hidden() -> Any:
    return gr.update(value=None, visible=False)
