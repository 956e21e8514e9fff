"""The left side of the fine-tune tab: the file, the meaning of its columns, the settings, what they will cost."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from chatbot.ui.finetune import render as render_finetune
from chatbot.ui.finetune.knobs import Control, build_knobs, values_of
from chatbot.ui.parts.localise import Localised
from chatbot.ui.parts.updates import Updates
from chatbot.ui.strings.words import Language, text
from finetune.data.examples import Columns
from finetune.spec.presets import PRESETS
from finetune.spec.spec import TrainingSpec

Reported = dict[str, Any]  # what `finetune.data.findings.report.Report.to_dict` says
TYPES = [
    ".csv",
    ".tsv",
    ".json",
    ".jsonl",
    ".ndjson",
    ".parquet",
    ".arrow",
    ".xlsx",
    ".zip",
    ".txt",
    ".md",
    ".tar",
    ".tgz",
    ".gz",
    ".zst",
    ".bz2",
    ".xz",
]


@dataclass(frozen=True, slots=True)
class Mapping:
    """What the columns mean."""

    box: gr.Column
    prompt: gr.Dropdown
    completion: gr.Dropdown
    system: gr.Textbox
    text: gr.Dropdown
    labels: gr.Textbox
    header: gr.Checkbox
    apply: gr.Button

    @property
    def fields(self) -> list[Control]:
        return [self.prompt, self.completion, self.system, self.text, self.labels, self.header]

    def asking(self, report: Reported, given: Columns | None) -> Updates:
        """Open where a table's columns need a meaning, with the one that they have or may have."""
        if report["format"] != "columns" and given is None:
            return self._emptied() | {self.box: gr.update(visible=False)}
        choices, known = [f"{{{name}}}" for name in report["columns"]], report["mapping"] or report["proposal"] or {}
        labels = ", ".join(f"{value}={name}" for value, name in (known.get("labels") or {}).items())
        is_table = report["container"] in ("csv", "tsv")
        return {
            self.box: gr.update(visible=True),
            self.prompt: gr.update(choices=choices, value=known.get("prompt") or None),
            self.completion: gr.update(choices=choices, value=known.get("completion") or None),
            self.system: known.get("system", ""),
            self.text: gr.update(choices=choices, value=known.get("text") or None),
            self.labels: labels,
            self.header: gr.update(value=known.get("header", True), visible=is_table),
        }

    def _emptied(self) -> Updates:
        none = gr.update(choices=[], value=None)
        columns: Updates = dict.fromkeys((self.prompt, self.completion, self.text), none)
        return columns | {self.system: "", self.labels: "", self.header: True}


@dataclass(frozen=True, slots=True)
class Form:
    """Its components."""

    locked: gr.HTML
    file: gr.File
    more: gr.File
    dataset: gr.Textbox  # of the hub
    split: gr.Textbox
    fetch: gr.Button
    mapping: Mapping
    name: gr.Textbox
    named: gr.State  # the name that was made of the file's, which the next file's replaces
    origin: gr.Dropdown
    preset: gr.Radio
    knobs: list[Control]
    sweep: gr.Textbox
    estimate: gr.HTML
    measure: gr.Button
    start: gr.Button
    notice: gr.HTML
    sizes: gr.State  # counts of the latest report, for presets and estimates; nothing of what the rows say

    @property
    def settings(self) -> list[Control]:
        """What `parted` takes apart again."""
        return [*self.mapping.fields, *self.knobs]

    def parted(self, values: tuple[Any, ...]) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        """(the mapping's fields, the knobs) of the values of `settings`."""
        fields = len(self.mapping.fields)
        return values[:fields], values[fields:]

    def knobs_at(self, spec: TrainingSpec) -> Updates:
        return dict(zip(self.knobs, values_of(spec), strict=True))


def build_form(words: Localised) -> Form:
    locked = gr.HTML(elem_id="by-ft-locked", padding=False)
    file, more = _build_files(words)
    dataset, split, fetch = _build_hub(words)
    mapping = _build_mapping(words)
    name, origin, preset = _build_how(words)
    with words(gr.Accordion(text("ft_advanced", "en"), open=False, elem_id="by-ft-advanced"), label="ft_advanced"):
        knobs = build_knobs(words)
        sweep = gr.Textbox("", max_lines=1, label=text("ft_sweep", "en"), elem_id="by-ft-sweep")
        words(sweep, label="ft_sweep", info="ft_sweep_info")
    notice = gr.HTML(elem_id="by-ft-notice", padding=False)
    estimate = gr.HTML(render_finetune.estimate(None, "en"), elem_id="by-ft-estimate", padding=False)
    words.first(estimate, lambda language: {"value": render_finetune.estimate(None, language)})
    with gr.Row():
        measure = words(gr.Button(text("ft_measure", "en"), elem_id="by-ft-measure"), value="ft_measure")
        start = gr.Button(text("ft_start", "en"), variant="primary", elem_id="by-ft-start")
        words(start, value="ft_start")
    return Form(
        locked,
        file,
        more,
        dataset,
        split,
        fetch,
        mapping,
        name,
        gr.State(""),
        origin,
        preset,
        knobs,
        sweep,
        estimate,
        measure,
        start,
        notice,
        gr.State(None),
    )


def _build_how(words: Localised) -> tuple[gr.Textbox, gr.Dropdown, gr.Radio]:
    name = gr.Textbox("", label=text("ft_name", "en"), max_lines=1, max_length=64, elem_id="by-ft-name")
    words(name, label="ft_name", info="ft_name_info")
    origin = gr.Dropdown(
        [(text("ft_origin_new", "en"), "")], value="", label=text("ft_origin", "en"), elem_id="by-ft-origin"
    )
    words(origin, label="ft_origin", info="ft_origin_info")
    words.first(origin, lambda language: {"choices": [(text("ft_origin_new", language), "")]})
    preset = gr.Radio(preset_choices("en"), value="balanced", label=text("ft_preset", "en"), elem_id="by-ft-preset")
    words(preset, label="ft_preset", info="ft_preset_info")
    words.drawn(preset, lambda language: {"choices": preset_choices(language)})
    return name, origin, preset


def _build_files(words: Localised) -> tuple[gr.File, gr.File]:
    file = gr.File(label=text("ft_file", "en"), file_types=TYPES, height=150, elem_id="by-ft-file")
    words(file, label="ft_file")
    with words(gr.Accordion(text("ft_more", "en"), open=False, elem_id="by-ft-more-files"), label="ft_more"):
        words(gr.Markdown(text("ft_more_info", "en"), elem_classes="by-map-title"), value="ft_more_info")
        kinds = [kind for kind in TYPES if kind not in (".zip", ".tar", ".tgz")]
        more = gr.File(file_count="multiple", file_types=kinds, height=120, show_label=False, elem_id="by-ft-more")
    return file, more


def _build_hub(words: Localised) -> tuple[gr.Textbox, gr.Textbox, gr.Button]:
    with words(gr.Accordion(text("ft_from_hub", "en"), open=False, elem_id="by-ft-from-hub"), label="ft_from_hub"):
        with gr.Row(equal_height=False):
            dataset = gr.Textbox("", max_lines=1, label=text("ft_dataset", "en"), elem_id="by-ft-dataset", scale=2)
            words(dataset, label="ft_dataset", info="ft_dataset_info")
            split = gr.Textbox("train", max_lines=1, label=text("ft_split", "en"), elem_id="by-ft-split", scale=1)
            words(split, label="ft_split", info="ft_split_info")
        fetch = words(gr.Button(text("ft_fetch", "en"), size="sm", elem_id="by-ft-fetch"), value="ft_fetch")
    return dataset, split, fetch


def _build_mapping(words: Localised) -> Mapping:
    def column(key: str, id: str) -> gr.Dropdown:
        return words(gr.Dropdown([], value=None, allow_custom_value=True, label=text(key, "en"), elem_id=id), label=key)

    with gr.Column(visible=False, elem_id="by-ft-map") as box:
        words(gr.Markdown(f"**{text('ft_map', 'en')}**", elem_classes="by-map-title"), value="ft_map")
        words(gr.Markdown(text("ft_map_info", "en"), elem_classes="by-map-title"), value="ft_map_info")
        prompt = column("ft_map_prompt", "by-ft-map-prompt")
        completion = column("ft_map_completion", "by-ft-map-completion")
        system = gr.Textbox("", max_lines=3, label=text("ft_map_system", "en"), elem_id="by-ft-map-system")
        words(system, label="ft_map_system")
        plain = column("ft_map_text", "by-ft-map-text")
        labels = gr.Textbox("", max_lines=1, label=text("ft_map_labels", "en"), elem_id="by-ft-map-labels")
        words(labels, label="ft_map_labels", info="ft_map_labels_info")
        header = gr.Checkbox(True, label=text("ft_map_header", "en"), elem_id="by-ft-map-header")
        words(header, label="ft_map_header")
        apply = words(gr.Button(text("ft_map_apply", "en"), elem_id="by-ft-map-apply"), value="ft_map_apply")
    return Mapping(box, prompt, completion, system, plain, labels, header, apply)


def preset_choices(language: Language) -> list[tuple[str, str]]:
    return [(text(f"ft_preset_{name}", language), name) for name in PRESETS]
