"""What the right side of the fine-tune tab does: start, watch, stop and resume runs. `Jobs` checks their owners."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import gradio as gr

from chatbot.common.errors import BanyanError, InputError
from chatbot.training.training import Training
from chatbot.ui.adapters import offered as adapters
from chatbot.ui.chat.handlers import told
from chatbot.ui.chat.sidebar import Sidebar
from chatbot.ui.finetune import render as render_finetune
from chatbot.ui.finetune.data import dataset_of, require_engine, showing
from chatbot.ui.finetune.knobs import spec_of
from chatbot.ui.finetune.layout import FinetuneTab
from chatbot.ui.finetune.render_curve import curve
from chatbot.ui.finetune.render_samples import samples
from chatbot.ui.finetune.render_verdict import outcome, scores
from chatbot.ui.finetune.run import IDLE, POLL
from chatbot.ui.parts import render
from chatbot.ui.parts.under_way import under_way
from chatbot.ui.parts.updates import Updates
from chatbot.ui.services import Services
from chatbot.ui.strings.words import Language, text
from finetune.jobs.jobs import Job
from finetune.spec.sweep import sweep_of

SHOWN, HIDDEN = gr.update(visible=True), gr.update(visible=False)


class Handlers:
    """What the buttons do. Each method is one event; the owner comes from its request, the rest from its arguments."""

    def __init__(self, services: Services, tab: FinetuneTab, bar: Sidebar) -> None:
        assert services.training is not None
        self._services = services
        self._training: Training = services.training
        self._tab, self._bar = tab, bar

    def open(self, language: Language, request: gr.Request) -> Updates:
        """The tab was opened; adapters may have come and gone."""
        self._training.warm()
        pickers = self._pickers(self._services.owner_of(request), language)
        return pickers | {self._tab.form.locked: self._locked(language)}

    def relabel(self, sizes: dict[str, Any] | None, language: Language) -> Updates:
        """After a change of language."""
        form = self._tab.form
        estimate = {} if sizes else {form.estimate: render_finetune.estimate(None, language)}
        return estimate | {
            form.locked: self._locked(language),
            self._tab.run.seen: "",
        }

    def _locked(self, language: Language) -> str:
        try:
            self._training.base.require()
        except BanyanError as error:
            return render_finetune.locked(render.message(error, language))
        return ""

    def start(
        self,
        request: gr.Request,
        file: str | None,
        name: str,
        origin: str,
        language: Language,
        sweep: str,
        *values: Any,
    ) -> Iterator[Updates]:
        """Check, measure and queue. `values` are those of `Form.settings`."""
        form, (fields, knobs) = self._tab.form, self._tab.form.parted(values)
        owner = self._services.owner_of(request)
        with told(language) as notices:
            require_engine(self._services)
            data, spec, name = dataset_of(file, fields), spec_of(knobs), name.strip()
            if not name:
                raise InputError("Give the adapter a name first.", kind="no_name")
            adapter, values_of_one = self._services.origin(owner, origin), sweep_of(sweep)
            work = under_way(
                lambda progress, stop: self._training.start(
                    owner, name, data, spec, progress, stop, adapter, values_of_one
                )
            )
            id = yield from showing(work, form.notice, language)
            yield self._started(owner, id, name, language)
        if notices:
            yield {form.notice: notices[0]}

    def _started(self, owner: str, id: str, name: str, language: Language) -> Updates:
        """The form is free for the next data set."""
        form, run = self._tab.form, self._tab.run
        return {
            form.notice: render.success(text("ft_started", language, name=name)),
            form.file: None,
            form.sweep: "",
            form.mapping.box: HIDDEN,
            run.report: "",
            run.runs: _listing(self._training.jobs.of(owner), id, language),
            run.seen: "",
        }

    def look(
        self, chosen: str | None, beside: list[str] | None, seen: str, language: Language, request: gr.Request
    ) -> Updates:
        """What is true now of the owner's runs, where it is not shown already."""
        run = self._tab.run
        owner = self._services.owner_of(request)
        jobs = self._training.jobs.of(owner)
        known = {job.id: job for job in jobs}
        job = known.get(chosen or "") or (jobs[0] if jobs else None)
        pace = gr.Timer(POLL if any(job.state in ("queued", "running") for job in jobs) else IDLE)
        states, now = _signature(jobs, job, language)
        if f"{states}#{now}" == seen:
            return {run.timer: pace}
        pickers = self._pickers(owner, language) if states != seen.partition("#")[0] else {}
        listing = _listing(jobs, job.id if job else None, language)
        shown = self._run(owner, job, _beside(jobs, job, beside), language) if job else self._no_run(language)
        if job:
            shown |= {run.beside: _choices(jobs, job, beside, language)}
        return shown | pickers | {run.runs: listing, run.seen: f"{states}#{now}", run.timer: pace}

    def _no_run(self, language: Language) -> Updates:
        run, use = self._tab.run, self._tab.use
        return {run.empty: render_finetune.empty(language), run.box: HIDDEN, use.box: HIDDEN}

    def _run(self, owner: str, job: Job, beside: Sequence[Job], language: Language) -> Updates:
        run, jobs = self._tab.run, self._training.jobs
        try:
            lines, words = jobs.progress(owner, job.id), jobs.log(owner, job.id)
            others = [(render_finetune.called(one), jobs.progress(owner, one.id)) for one in beside]
        except BanyanError:  # removed this very moment
            lines, words, others = [], "", []
        judged = job.result.verdict if job.result else {}
        return self._buttons(job) | {
            run.empty: "",
            run.box: SHOWN,
            run.head: render_finetune.run(job, language) + outcome(judged, language),
            run.curve: curve(lines, language, others),
            run.samples: samples(lines, language),
            run.figures: render_finetune.figures(lines, language),
            run.scores: scores(judged, language, job.start),
            run.log: render_finetune.log_tail(words, language),
        }

    def _buttons(self, job: Job) -> Updates:
        """What can be done with a run; what changes it, by its owner alone."""
        run, use = self._tab.run, self._tab.use
        active = job.state in ("queued", "running")
        ended = job.state in ("failed", "cancelled", "interrupted")
        retry = bool(job.result and job.result.retry)
        trained = job.state == "succeeded" or bool(job.result and job.result.adapter)
        return {
            run.stop: gr.update(visible=job.own and active and not job.stopping),
            run.resume: gr.update(visible=job.own and ended and not retry),
            run.retry: gr.update(visible=job.own and ended and retry),
            run.remove: gr.update(visible=job.own and not active),
            use.box: gr.update(visible=trained),
            use.share: gr.update(value=job.shared, interactive=job.own),
        }

    def _pickers(self, owner: str, language: Language) -> Updates:
        """A run began or ended: every picker of adapters knows it now."""
        bar, services = self._bar, self._services
        try:
            services.engine.refresh()
            return {
                bar.adapter: gr.update(choices=adapters.choices(services, owner, language)),
                bar.compare: gr.update(choices=adapters.compare_choices(services, owner, language)),
                self._tab.form.origin: gr.update(choices=adapters.origins(services, owner, language)),
            }
        except BanyanError:  # the model is still loading; the pickers are filled when it is there
            return {}

    def draw(self) -> Updates:
        """Other runs are to be drawn with it."""
        return {self._tab.run.seen: ""}

    def choose(self) -> Updates:
        """Another run: what was said, drawn and made for the last one goes."""
        run, use = self._tab.run, self._tab.use
        return {
            run.seen: "",
            run.beside: [],
            run.notice: "",
            use.files: gr.update(value=None, visible=False),
            use.notice: "",
        }

    def stop(self, id: str | None, language: Language, request: gr.Request) -> Updates:
        return self._act(lambda owner: self._training.jobs.cancel(owner, id or ""), language, request)

    def resume(self, id: str | None, language: Language, request: gr.Request) -> Updates:
        return self._act(lambda owner: self._training.jobs.resume(owner, id or ""), language, request)

    def retry(self, id: str | None, language: Language, request: gr.Request) -> Updates:
        """Once more with the settings that the failure suggests."""

        def again(owner: str) -> None:
            result = self._training.jobs.get(owner, id or "").result
            self._training.jobs.resume(owner, id or "", result.retry if result else None)

        return self._act(again, language, request)

    def remove(self, id: str | None, language: Language, request: gr.Request) -> Updates:
        done = render.success(text("ft_removed", language))
        return self._act(lambda owner: self._training.jobs.remove(owner, id or ""), language, request, done)

    def _act(self, act: Callable[[str], None], language: Language, request: gr.Request, done: str = "") -> Updates:
        with told(language) as notices:
            act(self._services.owner_of(request))
            return {self._tab.run.notice: done, self._tab.run.seen: ""}
        return {self._tab.run.notice: notices[0], self._tab.run.seen: ""}


def _beside(jobs: Sequence[Job], job: Job, chosen: Sequence[str] | None) -> list[Job]:
    """Those to draw with the run: the chosen ones, and the others of its sweep."""
    return [
        one for one in jobs if one.id != job.id and (one.id in (chosen or ()) or (job.sweep and one.sweep == job.sweep))
    ]


def _choices(jobs: Sequence[Job], job: Job, chosen: Sequence[str] | None, language: Language) -> Any:
    others = [one for one in jobs if one.id != job.id and not (job.sweep and one.sweep == job.sweep)]
    known = {one.id for one in others}
    choices = [(render_finetune.title_of(one, language), one.id) for one in others]
    return gr.update(choices=choices, value=[id for id in chosen or () if id in known], visible=bool(others))


def _listing(jobs: Sequence[Job], chosen: str | None, language: Language) -> Any:
    choices = [(render_finetune.title_of(job, language), job.id) for job in jobs]
    return gr.update(choices=choices, value=chosen, visible=bool(jobs))


def _signature(jobs: list[Job], job: Job | None, language: Language) -> tuple[str, str]:
    """What is shown, in short: the states of all runs, and how far those are that run."""
    states = f"{language};" + ";".join(f"{each.id}{each.state}" for each in jobs)
    moving = [f"{each.id}{each.stopping}{each.place}{(each.progress or {}).get('at')}" for each in jobs]
    return states, f"{job.id if job else ''};{job.shared if job else ''};" + ";".join(moving)
