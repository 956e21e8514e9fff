"""What the right side of the fine-tune tab does: start, watch, stop and resume runs. `Jobs` checks their owners."""

from collections.abc import Callable, Iterator
from typing import Any

import gradio as gr

from chatbot.common.errors import BanyanError, InputError
from chatbot.training.training import Training
from chatbot.ui.adapters import tab as adapters
from chatbot.ui.chat.handlers import told
from chatbot.ui.finetune import render as render_finetune
from chatbot.ui.finetune.data import MAPPED, Updates, dataset_of, require_engine, showing, skips
from chatbot.ui.finetune.form import preset_choices
from chatbot.ui.finetune.knobs import spec_of
from chatbot.ui.finetune.render_curve import curve
from chatbot.ui.finetune.render_verdict import outcome, scores
from chatbot.ui.parts import render
from chatbot.ui.parts.under_way import under_way
from chatbot.ui.services import Services
from chatbot.ui.strings.words import Language, text
from finetune.jobs.jobs import Job

LOOKED_AT = 19  # outputs of `Handlers.look`


class Handlers:
    """What the buttons do. Each method is one event; the owner comes from its request, the rest from its arguments."""

    def __init__(self, services: Services) -> None:
        assert services.training is not None
        self._services = services
        self._training: Training = services.training

    def open(self, language: Language, request: gr.Request) -> Updates:
        """The tab was opened; adapters may have come and gone. -> locked, adapter, second adapter, start"""
        self._training.warm()
        return self._locked(language), *self._pickers(self._services.owner_of(request), language)

    def relabel(self, chosen: str, sizes: dict[str, int] | None, language: Language) -> Updates:
        """-> preset, locked, estimate, seen"""
        estimate = gr.skip() if sizes else render_finetune.estimate(None, language)
        return gr.update(choices=preset_choices(language), value=chosen), self._locked(language), estimate, ""

    def _locked(self, language: Language) -> str:
        try:
            self._training.base.require()
        except BanyanError as error:
            return render_finetune.locked(render.message(error, language))
        return ""

    def start(self, request: gr.Request, file: str | None, name: str, origin: str, *values: Any) -> Iterator[Updates]:
        """Check, measure and queue. -> notice, file, report, mapping box, runs, seen"""
        fields, language, knobs = values[:MAPPED], values[MAPPED], values[MAPPED + 1 :]
        owner = self._services.owner_of(request)
        with told(language) as notices:
            require_engine(self._services)
            data, spec, name = dataset_of(file, fields), spec_of(knobs), name.strip()
            if not name:
                raise InputError("Give the adapter a name first.", kind="no_name")
            adapter = self._services.origin(owner, origin)
            work = under_way(
                lambda progress, stop: self._training.start(owner, name, data, spec, progress, stop, adapter)
            )
            id = yield from showing(work, lambda html: (html, *skips(5)), language)
            done = render.success(text("ft_started", language, name=name))
            yield done, None, "", gr.update(visible=False), self._listing(owner, id, language), ""
        if notices:
            yield (notices[0], *skips(5))

    def look(self, chosen: str | None, seen: str, language: Language, request: gr.Request) -> Updates:
        """What is true now of the owner's runs, where it is not shown already. -> see `looked_at`"""
        owner = self._services.owner_of(request)
        jobs = self._training.jobs.of(owner)
        known = {job.id: job for job in jobs}
        job = known.get(chosen or "") or (jobs[0] if jobs else None)
        active = gr.Timer(active=any(job.state in ("queued", "running") for job in jobs))
        states, now = _signature(jobs, job, language)
        if f"{states}#{now}" == seen:
            return (*skips(LOOKED_AT - 4), active, *skips(3))
        pickers = self._pickers(owner, language) if states != seen.partition("#")[0] else skips(3)
        listing = self._listing(owner, job.id if job else None, language)
        return (listing, *self._shown(owner, job, language), f"{states}#{now}", active, *pickers)

    def _shown(self, owner: str, job: Job | None, language: Language) -> Updates:
        if job is None:
            return (
                render_finetune.empty(language),
                gr.update(visible=False),
                *skips(9),
                gr.update(visible=False),
                gr.skip(),
            )
        jobs = self._training.jobs
        try:
            lines, words = jobs.progress(owner, job.id), jobs.log(owner, job.id)
        except BanyanError:  # removed this very moment
            lines, words = [], ""
        judged = job.result.verdict if job.result else {}
        retry = bool(job.result and job.result.retry)
        ended = job.state in ("failed", "cancelled", "interrupted")
        return (
            "",
            gr.update(visible=True),
            render_finetune.run(job, language) + outcome(judged, language),
            gr.update(visible=job.own and job.state in ("queued", "running") and not job.stopping),
            gr.update(visible=job.own and ended and not retry),
            gr.update(visible=job.own and ended and retry),
            gr.update(visible=job.own and job.state not in ("running", "queued")),
            curve(lines, language),
            render_finetune.figures(lines, language),
            scores(judged, language, job.start),
            render_finetune.log_tail(words, language),
            gr.update(visible=job.state == "succeeded" or bool(job.result and job.result.adapter)),
            gr.update(value=job.shared, interactive=job.own),
        )

    def _pickers(self, owner: str, language: Language) -> Updates:
        """A run began or ended: every picker knows it now. -> adapter, second adapter, start"""
        try:
            self._services.engine.refresh()
            return (
                gr.update(choices=adapters.choices(self._services, owner, language)),
                gr.update(choices=adapters.compare_choices(self._services, owner, language)),
                gr.update(choices=adapters.choices(self._services, owner, language, "ft_origin_new")),
            )
        except BanyanError:  # the model is still loading; the pickers are filled when it is there
            return skips(3)

    def _listing(self, owner: str, chosen: str | None, language: Language) -> Any:
        jobs = self._training.jobs.of(owner)
        choices = [(render_finetune.title_of(job, language), job.id) for job in jobs]
        return gr.update(choices=choices, value=chosen, visible=bool(jobs))

    def choose(self) -> Updates:
        """Another run: what was said and made for the last one goes. -> seen, notice, files, notice of uses"""
        return "", "", gr.update(value=None, visible=False), ""

    def stop(self, id: str | None, language: Language, request: gr.Request) -> Updates:
        """-> notice, seen"""
        return self._act(lambda owner: self._training.jobs.cancel(owner, id or ""), language, request)

    def resume(self, id: str | None, language: Language, request: gr.Request) -> Updates:
        """-> notice, seen"""
        return self._act(lambda owner: self._training.jobs.resume(owner, id or ""), language, request)

    def retry(self, id: str | None, language: Language, request: gr.Request) -> Updates:
        """Once more with the settings that the failure suggests. -> notice, seen"""

        def again(owner: str) -> None:
            result = self._training.jobs.get(owner, id or "").result
            self._training.jobs.resume(owner, id or "", result.retry if result else None)

        return self._act(again, language, request)

    def remove(self, id: str | None, language: Language, request: gr.Request) -> Updates:
        """-> notice, seen"""
        done = render.success(text("ft_removed", language))
        return self._act(lambda owner: self._training.jobs.remove(owner, id or ""), language, request, done)

    def _act(self, act: Callable[[str], None], language: Language, request: gr.Request, done: str = "") -> Updates:
        with told(language) as notices:
            act(self._services.owner_of(request))
            return done, ""
        return notices[0], ""


def _signature(jobs: list[Job], job: Job | None, language: Language) -> tuple[str, str]:
    """What is shown, in short: the states of all runs, and how far those are that run."""
    states = f"{language};" + ";".join(f"{each.id}{each.state}" for each in jobs)
    moving = [f"{each.id}{each.stopping}{each.place}{(each.progress or {}).get('at')}" for each in jobs]
    return states, f"{job.id if job else ''};{job.shared if job else ''};" + ";".join(moving)
