"""What the left side of the fine-tune tab does: read a data set, give its columns a meaning, measure what training costs."""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import gradio as gr

from chatbot.common.errors import InputError
from chatbot.training.training import Dataset, Training
from chatbot.ui.chat.handlers import told
from chatbot.ui.finetune import render as render_finetune
from chatbot.ui.finetune import render_dataset
from chatbot.ui.finetune.knobs import spec_of, values_of
from chatbot.ui.parts.under_way import under_way
from chatbot.ui.services import Services
from chatbot.ui.strings.words import Language
from finetune.data.examples import Columns
from finetune.jobs import start
from finetune.spec.presets import PRESETS, preset
from finetune.spec.spec import KNOBS, TrainingSpec

SIZES = ("usable", "tokens", "truncated_tokens", "trained_tokens", "held_out", "longest")
MAPPED = 6  # fields of the mapping

Updates = tuple[Any, ...]
Changes = Mapping[str, object]


class DataHandlers:
    """Each method is one event. Nothing is kept of what the rows say."""

    def __init__(self, services: Services) -> None:
        assert services.training is not None
        self._services = services
        self._training: Training = services.training

    def check(
        self, request: gr.Request, file: str | None, name: str, origin: str, chosen: str, language: Language
    ) -> Iterator[Updates]:
        """A file was dropped, or taken away. -> report, mapping box and fields, name, sizes, estimate, notice, knobs"""
        if not file:
            none = render_finetune.estimate(None, language)
            yield ("", gr.update(visible=False), *skips(MAPPED), gr.skip(), None, none, gr.skip(), *skips(len(KNOBS)))
            return
        with told(language) as notices:
            yield from self._check(
                Dataset(Path(file), Path(file).name), name, self._fixed(request, origin), chosen, language
            )
        if notices:
            yield _checked(report="", notice=notices[0])

    def check_mapped(
        self,
        request: gr.Request,
        file: str | None,
        name: str,
        origin: str,
        chosen: str,
        language: Language,
        *fields: Any,
    ) -> Iterator[Updates]:
        """The columns were given a meaning. -> as `check`"""
        with told(language) as notices:
            data = dataset_of(file, fields)
            yield from self._check(data, name, self._fixed(request, origin), chosen, language)
        if notices:
            yield _checked(notice=notices[0])

    def _fixed(self, request: gr.Request, origin: str) -> Changes:
        """What the adapter to go on from fixes. Raises `AdapterNotFound`, `InputError`."""
        folder = self._services.origin(self._services.owner_of(request), origin)
        return start.settings(folder) if folder else {}

    def _check(self, data: Dataset, name: str, fixed: Changes, chosen: str, language: Language) -> Iterator[Updates]:
        with told(language) as notices:
            require_engine(self._services)
            report = yield from self._reported(data, TrainingSpec(), language)
            spec = _preset(chosen, report).changed(fixed)
            if report["longest"] > min(spec.max_length, TrainingSpec().max_length) or spec.evaluation_share != 0.1:
                report = yield from self._reported(data, spec, language)
            yield _checked(
                report=render_dataset.report(report, language),
                mapping=_mapping(report, data.mapping),
                name=name or name_of(data.name),
                sizes={size: report[size] for size in SIZES} if not report["refusal"] else None,
                notice="",
                knobs=values_of(spec),
            )
        if notices:
            yield _checked(report="", notice=notices[0])

    def _reported(self, data: Dataset, spec: TrainingSpec, language: Language) -> Any:
        work = under_way(lambda progress, stop: self._training.check(data, spec, progress, stop))
        return (yield from showing(work, lambda html: _checked(report=html), language))

    def check_again(self, file: str | None, *values: Any) -> Iterator[Updates]:
        """Other settings: the report and the estimate for them. -> report, sizes, estimate, notice"""
        fields, language, knobs = values[:MAPPED], values[MAPPED], values[MAPPED + 1 :]
        if not file:
            yield skips(4)
            return
        with told(language) as notices:
            spec = spec_of(knobs)
            work = under_way(
                lambda progress, stop: self._training.check(dataset_of(file, fields), spec, progress, stop)
            )
            report = yield from showing(work, lambda html: (*skips(2), html, ""), language)
            sizes = {size: report[size] for size in SIZES} if not report["refusal"] else None
            yield render_dataset.report(report, language), sizes, gr.skip(), gr.skip()
            for estimate, notice in self.measure(sizes, language, *knobs):
                yield gr.skip(), gr.skip(), estimate, notice
        if notices:
            yield *skips(2), "", notices[0]

    def settle(
        self, origin: str, chosen: str, sizes: dict[str, int] | None, language: Language, request: gr.Request
    ) -> Updates:
        """Another preset, or another adapter to go on from. -> notice, knobs"""
        with told(language) as notices:
            spec = _preset(chosen, sizes) if sizes else TrainingSpec()
            return "", *values_of(spec.changed(self._fixed(request, origin)))
        return notices[0], *skips(len(KNOBS))

    def measure(self, sizes: dict[str, int] | None, language: Language, *knobs: Any) -> Iterator[Updates]:
        """Time and memory, measured. -> estimate, notice"""
        if not sizes:
            yield render_finetune.estimate(None, language), gr.skip()
            return
        with told(language) as notices:
            spec = spec_of(knobs)
            work = under_way(lambda progress, stop: self._training.estimate(spec, sizes, progress, stop))
            found = yield from showing(work, lambda html: (html, gr.skip()), language)
            yield render_finetune.estimate(found, language), ""
        if notices:
            yield "", notices[0]


def require_engine(services: Services) -> None:
    """The model's files may still be on their way. Raises `AccessDenied`, `ModelLoading`, or what loading failed with."""
    assert services.training is not None
    services.training.base.require()
    services.engine.engine  # noqa: B018


def showing(work: Any, shown: Callable[[str], Updates], language: Language) -> Any:
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
        *(mapping or skips(1 + MAPPED)),
        gr.skip() if name is None else name,
        gr.skip() if sizes == "keep" else sizes,
        gr.skip(),
        gr.skip() if notice is None else notice,
        *(knobs or skips(len(KNOBS))),
    )


def skips(count: int) -> Updates:
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


def name_of(file: str) -> str:
    """A name for the adapter from the file's: what may stand in a folder's name."""
    stem = re.sub(r"(\.gz)?$", "", file).rpartition(".")[0] or file
    return re.sub(r"[^\w.-]+", "-", stem).strip("-._")[:64]
