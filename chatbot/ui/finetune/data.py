"""What the left side of the fine-tune tab does: read a data set, give its columns a meaning, measure what training costs."""

import re
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import gradio as gr
from gradio.blocks import Block

from chatbot.common.errors import InputError
from chatbot.training.together import together
from chatbot.training.training import Dataset, Training, first_spec, preset_for
from chatbot.ui.chat.handlers import told
from chatbot.ui.finetune import render as render_finetune
from chatbot.ui.finetune import render_dataset
from chatbot.ui.finetune.form import Reported
from chatbot.ui.finetune.knobs import spec_of
from chatbot.ui.finetune.layout import FinetuneTab
from chatbot.ui.parts import render
from chatbot.ui.parts.under_way import At, under_way
from chatbot.ui.parts.updates import Updates
from chatbot.ui.services import Services
from chatbot.ui.strings.words import Language, step_words
from finetune.data.examples import Columns
from finetune.jobs import start
from finetune.spec.presets import PRESETS
from finetune.spec.spec import TrainingSpec

SIZES = ("method", "usable", "tokens", "truncated_tokens", "trained_tokens", "held_out", "longest", "fitting")
T = TypeVar("T")
Changes = Mapping[str, object]
Sizes = dict[str, Any]  # what `SIZES` names


class DataHandlers:
    """Each method is one event. Nothing is kept of what the rows say."""

    def __init__(self, services: Services, tab: FinetuneTab) -> None:
        assert services.training is not None
        self._services = services
        self._training: Training = services.training
        self._form, self._report, self._mending = tab.form, tab.run.report, tab.run.mending

    def add(self, file: str | None, more: list[str] | None, language: Language, request: gr.Request) -> Updates:
        """More files were dropped: together with the one that is there they are one data set of the owner's."""
        form, owner = self._form, self._services.owner_of(request)
        paths = [Path(path) for path in (*([file] if file else []), *(more or []))]
        if not more:
            return {form.notice: ""}
        with told(language) as notices:
            target = self._services.uploads.bench(owner) / f"{name_of(paths[0].name) or 'files'}.zip"
            made = together(paths, target) if len(paths) > 1 else paths[0]
            return {form.file: str(made), form.more: None, form.notice: ""}
        return {form.more: None, form.notice: notices[0]}

    def fetch(self, dataset: str, split: str, language: Language, request: gr.Request) -> Iterator[Updates]:
        """A data set of the hub, as if its rows had been dropped as a file."""
        form, owner = self._form, self._services.owner_of(request)
        with told(language) as notices:
            folder = self._services.uploads.bench(owner)
            work = under_way(lambda progress, stop: self._training.fetch(dataset, split, folder, progress, stop))
            found = yield from showing(work, form.notice, language)
            yield {form.file: str(found.path), form.notice: ""}
        if notices:
            yield {form.notice: notices[0]}

    def check(
        self, request: gr.Request, file: str | None, name: str, named: str, origin: str, chosen: str, language: Language
    ) -> Iterator[Updates]:
        """A file was dropped, or taken away."""
        form = self._form
        if not file:
            none = render_finetune.estimate(None, language)
            kept = {} if name != named else {form.name: ""}  # the next data set has a name of its own
            hidden = gr.update(visible=False)
            emptied = {self._report: "", form.mapping.box: hidden, form.sizes: None, form.estimate: none}
            yield emptied | kept | self._mending.none()
            return
        with told(language) as notices:
            data = Dataset(Path(file), Path(file).name)
            yield from self._check(data, typed(name, named), self._fixed(request, origin), chosen, language)
        if notices:
            yield {self._report: "", form.notice: notices[0]}

    def check_mapped(
        self,
        request: gr.Request,
        file: str | None,
        name: str,
        named: str,
        origin: str,
        chosen: str,
        language: Language,
        *fields: Any,
    ) -> Iterator[Updates]:
        """The columns were given a meaning."""
        with told(language) as notices:
            data = dataset_of(file, fields)
            yield from self._check(data, typed(name, named), self._fixed(request, origin), chosen, language)
        if notices:
            yield {self._form.notice: notices[0]}

    def _fixed(self, request: gr.Request, origin: str) -> Changes:
        """What the adapter to go on from fixes. Raises `AdapterNotFound`, `InputError`."""
        folder = self._services.origin(self._services.owner_of(request), origin)
        return start.settings(folder) if folder else {}

    def _check(self, data: Dataset, name: str, fixed: Changes, chosen: str, language: Language) -> Iterator[Updates]:
        form = self._form
        with told(language) as notices:
            require_engine(self._services)
            report, spec = yield from self._fitted(data, fixed, chosen, language)
            yield (
                form.mapping.asking(report, data.mapping)
                | self._mending.offering(report, language)
                | form.knobs_at(spec)
                | {
                    self._report: render_dataset.report(report, language),
                    form.name: name or name_of(data.name),
                    form.named: name_of(data.name),
                    form.sizes: _sizes(report),
                    form.notice: "",
                }
            )
        if notices:
            yield {self._report: "", form.notice: notices[0]}

    def _fitted(
        self, data: Dataset, fixed: Changes, chosen: str, language: Language
    ) -> Generator[Updates, None, tuple[Reported, TrainingSpec]]:
        """The preset for as many rows and tokens as there are, and the report under it."""
        report = yield from self._reported(data, first_spec(), language)
        spec = _preset(chosen, report).changed(fixed)
        if report["longest"] > spec.max_length or spec.evaluation_share != first_spec().evaluation_share:
            report = yield from self._reported(data, spec, language)
        return report, spec

    def _reported(self, data: Dataset, spec: TrainingSpec, language: Language) -> Generator[Updates, None, Reported]:
        work = under_way(lambda progress, stop: self._training.check(data, spec, progress, stop))
        return (yield from showing(work, self._report, language))

    def check_again(self, file: str | None, language: Language, *values: Any) -> Iterator[Updates]:
        """Other settings: the report and the estimate for them. `values` are those of `Form.settings`."""
        form, (fields, knobs) = self._form, self._form.parted(values)
        if not file:
            yield gr.skip()
            return
        with told(language) as notices:
            spec = spec_of(knobs)
            work = under_way(
                lambda progress, stop: self._training.check(dataset_of(file, fields), spec, progress, stop)
            )
            yield {form.notice: ""}
            report = yield from showing(work, form.estimate, language)
            sizes = _sizes(report)
            yield {self._report: render_dataset.report(report, language), form.sizes: sizes}
            yield from self.measure(sizes, language, *knobs)
        if notices:
            yield {form.estimate: "", form.notice: notices[0]}

    def settle(self, origin: str, chosen: str, sizes: Sizes | None, language: Language, request: gr.Request) -> Updates:
        """Another preset, or another adapter to go on from."""
        with told(language) as notices:
            spec = _preset(chosen, sizes) if sizes else TrainingSpec()
            return self._form.knobs_at(spec.changed(self._fixed(request, origin))) | {self._form.notice: ""}
        return {self._form.notice: notices[0]}

    def measure(self, sizes: Sizes | None, language: Language, *knobs: Any) -> Iterator[Updates]:
        """Time and memory, measured."""
        form = self._form
        if not sizes:
            yield {form.estimate: render_finetune.estimate(None, language)}
            return
        with told(language) as notices:
            spec = spec_of(knobs)
            work = under_way(lambda progress, stop: self._training.estimate(spec, sizes, progress, stop))
            found = yield from showing(work, form.estimate, language)
            yield {form.estimate: render_finetune.estimate(found, language), form.notice: ""}
        if notices:
            yield {form.estimate: "", form.notice: notices[0]}


def require_engine(services: Services) -> None:
    """The model's files may still be on their way. Raises `AccessDenied`, `ModelLoading`, or what loading failed with."""
    assert services.training is not None
    services.training.base.require()
    services.engine.engine  # noqa: B018


def showing(work: Generator[At, None, T], where: Block, language: Language) -> Generator[Updates, None, T]:
    """Shows each step of `under_way` there; returns its result."""
    while True:
        try:
            step, fraction = next(work)
        except StopIteration as end:
            result: T = end.value
            return result
        yield {where: render.under_way(f"{step_words(step, language)}…", fraction)}


def _sizes(report: Reported) -> Sizes | None:
    return None if report["refusal"] else {size: report[size] for size in SIZES}


def _preset(chosen: str, report: Mapping[str, Any]) -> TrainingSpec:
    return preset_for(chosen if chosen in PRESETS else "balanced", report)


def dataset_of(file: str | None, fields: tuple[Any, ...]) -> Dataset:
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


def typed(name: str, named: str) -> str:
    """What a person calls the adapter; empty where the name is the one that was made of an earlier file's."""
    return "" if name == named else name


def name_of(file: str) -> str:
    """A name for the adapter from the file's: what may stand in a folder's name."""
    stem = re.sub(r"(\.(gz|bz2|xz|zst))?$", "", file).rpartition(".")[0] or file
    return re.sub(r"[^\w.-]+", "-", stem).strip("-._")[:64]
