"""What the fine-tune tab does, but for the uses of an adapter. Owners are checked by `Training` and `Jobs`."""

import logging
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from chatbot.errors import BanyanError, InputError
from chatbot.training import Dataset, Training
from chatbot.ui import adapters, render, render_finetune
from chatbot.ui.chat_handlers import told
from chatbot.ui.knobs import spec_of, values_of
from chatbot.ui.render_curve import curve
from chatbot.ui.render_verdict import verdict
from chatbot.ui.services import Services
from chatbot.ui.strings import Language, text
from chatbot.ui.under_way import under_way
from finetune.examples import Columns
from finetune.jobs import Job
from finetune.spec import KNOBS, PRESETS, TrainingSpec, preset

log = logging.getLogger(__name__)

SIZES = ("usable", "tokens", "truncated_tokens", "trained_tokens", "held_out", "longest")
LOOKED_AT = 18  # outputs of `Handlers.look`
MAPPED = 6  # fields of the mapping

Updates = tuple[Any, ...]


class Handlers:
    """What the buttons do. Each method is one event; the owner comes from its request, the rest from its arguments."""

    def __init__(self, services: Services) -> None:
        assert services.training is not None
        self._services = services
        self._training: Training = services.training

    def open(self, language: Language) -> str:
        """The tab was opened. -> locked"""
        self._training.warm()
        return self._locked(language)

    def relabel(self, chosen: str, language: Language) -> Updates:
        """-> preset, locked, seen"""
        choices = [(text(f"ft_preset_{name}", language), name) for name in PRESETS]
        return gr.update(choices=choices, value=chosen), self._locked(language), ""

    def _locked(self, language: Language) -> str:
        try:
            self._training.base.require()
        except BanyanError as error:
            return render_finetune.locked(render.message(error, language))
        return ""

    # The data set

    def check(self, file: str | None, name: str, chosen: str, language: Language) -> Iterator[Updates]:
        """A file was dropped, or taken away. -> report, mapping box and fields, name, sizes, estimate, notice, knobs"""
        if not file:
            none = render_finetune.estimate(None, language)
            yield ("", gr.update(visible=False), *_skips(MAPPED), gr.skip(), None, none, gr.skip(), *_skips(len(KNOBS)))
            return
        yield from self._check(Dataset(Path(file), Path(file).name), name, chosen, language)

    def check_mapped(
        self, file: str | None, name: str, chosen: str, language: Language, *fields: Any
    ) -> Iterator[Updates]:
        """The columns were given a meaning. -> as `check`"""
        with told(language) as notices:
            data = _dataset(file, fields)
            yield from self._check(data, name, chosen, language)
        if notices:
            yield _checked(notice=notices[0])

    def _check(self, data: Dataset, name: str, chosen: str, language: Language) -> Iterator[Updates]:
        with told(language) as notices:
            self._engine_is_ready()
            report = yield from self._reported(data, TrainingSpec(), language)
            spec = _preset(chosen, report)
            if report["longest"] > min(spec.max_length, TrainingSpec().max_length) or spec.evaluation_share != 0.1:
                report = yield from self._reported(data, spec, language)
            yield _checked(
                report=render_finetune.report(report, language),
                mapping=_mapping(report, data.mapping),
                name=name or _name_of(data.name),
                sizes={size: report[size] for size in SIZES} if not report["refusal"] else None,
                notice="",
                knobs=values_of(spec),
            )
        if notices:
            yield _checked(report="", notice=notices[0])

    def _reported(self, data: Dataset, spec: TrainingSpec, language: Language) -> Any:
        work = under_way(lambda progress, stop: self._training.check(data, spec, progress, stop))
        return (yield from _showing(work, lambda html: _checked(report=html), language))

    def check_again(self, file: str | None, *values: Any) -> Iterator[Updates]:
        """Other settings: the report and the estimate for them. -> report, sizes, estimate, notice"""
        fields, language, knobs = values[:MAPPED], values[MAPPED], values[MAPPED + 1 :]
        if not file:
            yield _skips(4)
            return
        with told(language) as notices:
            spec = spec_of(knobs)
            work = under_way(lambda progress, stop: self._training.check(_dataset(file, fields), spec, progress, stop))
            report = yield from _showing(work, lambda html: (*_skips(2), html, ""), language)
            sizes = {size: report[size] for size in SIZES} if not report["refusal"] else None
            yield render_finetune.report(report, language), sizes, gr.skip(), gr.skip()
            for estimate, notice in self.measure(sizes, language, *knobs):
                yield gr.skip(), gr.skip(), estimate, notice
        if notices:
            yield *_skips(2), "", notices[0]

    def preset(self, chosen: str, sizes: dict[str, int] | None) -> list[Any]:
        """-> knobs"""
        return values_of(_preset(chosen, sizes)) if sizes else list(_skips(len(KNOBS)))

    def measure(self, sizes: dict[str, int] | None, language: Language, *knobs: Any) -> Iterator[Updates]:
        """Time and memory, measured. -> estimate, notice"""
        if not sizes:
            yield render_finetune.estimate(None, language), gr.skip()
            return
        with told(language) as notices:
            spec = spec_of(knobs)
            work = under_way(lambda progress, stop: self._training.estimate(spec, sizes, progress, stop))
            found = yield from _showing(work, lambda html: (html, gr.skip()), language)
            yield render_finetune.estimate(found, language), ""
        if notices:
            yield "", notices[0]

    # Runs

    def start(self, file: str | None, name: str, *values: Any, request: gr.Request) -> Iterator[Updates]:
        """Check, measure and queue. -> notice, file, report, mapping box, runs, seen"""
        fields, language, knobs = values[:MAPPED], values[MAPPED], values[MAPPED + 1 :]
        owner = self._services.owner_of(request)
        with told(language) as notices:
            self._training.base.require()
            self._engine_is_ready()
            data, spec, name = _dataset(file, fields), spec_of(knobs), name.strip()
            if not name:
                raise InputError("Give the adapter a name first.", kind="no_name")
            work = under_way(lambda progress, stop: self._training.start(owner, name, data, spec, progress, stop))
            id = yield from _showing(work, lambda html: (html, *_skips(5)), language)
            done = render.success(text("ft_started", language, name=name))
            yield done, None, "", gr.update(visible=False), self._listing(owner, id, language), ""
        if notices:
            yield (notices[0], *_skips(5))

    def look(self, chosen: str | None, seen: str, language: Language, request: gr.Request) -> Updates:
        """What is true now of the owner's runs, where it is not shown already. -> see `looked_at`"""
        owner = self._services.owner_of(request)
        jobs = self._training.jobs.of(owner)
        known = {job.id: job for job in jobs}
        job = known.get(chosen or "") or (jobs[0] if jobs else None)
        active = gr.Timer(active=any(job.state in ("queued", "running") for job in jobs))
        states, now = _signature(jobs, job, language)
        if f"{states}#{now}" == seen:
            return (*_skips(LOOKED_AT - 3), active, *_skips(2))
        pickers = self._pickers(owner, language) if states != seen.partition("#")[0] else _skips(2)
        listing = self._listing(owner, job.id if job else None, language)
        return (listing, *self._shown(owner, job, language), f"{states}#{now}", active, *pickers)

    def _shown(self, owner: str, job: Job | None, language: Language) -> Updates:
        if job is None:
            empty = f'<p class="by-empty">{text("ft_no_runs", language)}</p>'
            return (empty, gr.update(visible=False), *_skips(9), gr.update(visible=False), gr.skip())
        jobs = self._training.jobs
        try:
            lines, words = jobs.progress(owner, job.id), jobs.log(owner, job.id)
        except BanyanError:  # removed this very moment
            lines, words = [], ""
        retry = bool(job.result and job.result.retry)
        ended = job.state in ("failed", "cancelled", "interrupted")
        return (
            "",
            gr.update(visible=True),
            render_finetune.run(job, language),
            gr.update(visible=job.own and job.state in ("queued", "running") and not job.stopping),
            gr.update(visible=job.own and ended and not retry),
            gr.update(visible=job.own and ended and retry),
            gr.update(visible=job.own and job.state not in ("running", "queued")),
            curve(lines, language),
            render_finetune.figures(lines, language),
            verdict(job.result.verdict if job.result else {}, language),
            render_finetune.log_tail(words, language),
            gr.update(visible=job.state == "succeeded" or bool(job.result and job.result.adapter)),
            gr.update(value=job.shared, interactive=job.own),
        )

    def _pickers(self, owner: str, language: Language) -> Updates:
        """A run began or ended: every picker knows it now. -> adapter, second adapter"""
        try:
            self._services.engine.refresh()
            return (
                gr.update(choices=adapters.choices(self._services, owner, language)),
                gr.update(choices=adapters.compare_choices(self._services, owner, language)),
            )
        except BanyanError:  # the model is still loading; the pickers are filled when it is there
            return _skips(2)

    def _listing(self, owner: str, chosen: str | None, language: Language) -> Any:
        jobs = self._training.jobs.of(owner)
        choices = [(render_finetune.title_of(job, language), job.id) for job in jobs]
        return gr.update(choices=choices, value=chosen, visible=bool(jobs))

    def choose(self) -> str:
        """-> seen"""
        return ""

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

    def _engine_is_ready(self) -> None:
        """The model's files may still be on their way. Raises `ModelLoading`, or what loading failed with."""
        self._training.base.require()
        self._services.engine.engine  # noqa: B018


def _showing(work: Any, shown: Callable[[str], Updates], language: Language) -> Any:
    """Each step of `under_way` as updates; returns its result."""
    while True:
        try:
            step, fraction = next(work)
        except StopIteration as end:
            return end.value
        yield shown(render_finetune.step(step, fraction, language))


def _checked(
    report: Any = None,
    mapping: Updates | None = None,
    name: Any = None,
    sizes: Any = "keep",
    notice: Any = None,
    knobs: list[Any] | None = None,
) -> Updates:
    """The outputs of `check`, where None leaves what is there."""
    return (
        gr.skip() if report is None else report,
        *(mapping or _skips(1 + MAPPED)),
        gr.skip() if name is None else name,
        gr.skip() if sizes == "keep" else sizes,
        gr.skip(),
        gr.skip() if notice is None else notice,
        *(knobs or _skips(len(KNOBS))),
    )


def _skips(count: int) -> Updates:
    return (gr.skip(),) * count


def _preset(chosen: str, report: Any) -> TrainingSpec:
    name = chosen if chosen in PRESETS else "balanced"
    return preset(name, max(1, report["usable"]), max(1, report["tokens"]))


def _mapping(report: Any, given: Columns | None) -> Updates:
    """The dialog, open where a table's columns need a meaning. -> box, prompt, completion, system, text, labels, header"""
    columns, shown = report["columns"], report["format"] == "columns" or given is not None
    if not shown:
        return (gr.update(visible=False), *_emptied())
    choices = [f"{{{name}}}" for name in columns]
    known = report["mapping"] or {}
    labels = ", ".join(f"{value}={name}" for value, name in (known.get("labels") or {}).items())
    return (
        gr.update(visible=True),
        gr.update(choices=choices, value=known.get("prompt") or None),
        gr.update(choices=choices, value=known.get("completion") or None),
        known.get("system", ""),
        gr.update(choices=choices, value=known.get("text") or None),
        labels,
        gr.update(value=known.get("header", True), visible=report["container"] in ("csv", "tsv")),
    )


def _emptied() -> Updates:
    none = gr.update(choices=[], value=None)
    return none, none, "", none, "", True


def _dataset(file: str | None, fields: tuple[Any, ...]) -> Dataset:
    """The dropped file with the meaning of its columns, if any was given. Raises `InputError`."""
    if not file:
        raise InputError("Drop a data set first.", kind="no_dataset")
    prompt, completion, system, plain, labels, header = fields
    given = {"prompt": prompt, "completion": completion, "system": system, "text": plain}
    texts = {name: str(value) for name, value in given.items() if value}
    if not texts:
        return Dataset(Path(file), Path(file).name)
    pairs = dict(pair.partition("=")[::2] for pair in (labels or "").split(",") if "=" in pair)
    values: dict[str, object] = {**texts, "header": bool(header)}
    if pairs:
        named = re.search(r"\{([^{}]+)\}", texts.get("completion", ""))
        values |= {
            "labels": {value.strip(): name.strip() for value, name in pairs.items()},
            "label_column": named[1] if named else "",
        }
    return Dataset(Path(file), Path(file).name, Columns.from_dict(values))


def _name_of(file: str) -> str:
    """A name for the adapter from the file's: what may stand in a folder's name."""
    stem = re.sub(r"(\.gz)?$", "", file).rpartition(".")[0] or file
    return re.sub(r"[^\w.-]+", "-", stem).strip("-._")[:64]


def _signature(jobs: list[Job], job: Job | None, language: Language) -> tuple[str, str]:
    """What is shown, in short: the states of all runs, and how far those are that run."""
    states = f"{language};" + ";".join(f"{each.id}{each.state}" for each in jobs)
    moving = [f"{each.id}{each.stopping}{each.place}{(each.progress or {}).get('at')}" for each in jobs]
    return states, f"{job.id if job else ''};{job.shared if job else ''};" + ";".join(moving)
