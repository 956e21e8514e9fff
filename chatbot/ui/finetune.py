"""The fine-tune tab: the data set and its settings on the left, the doctor's report and the runs on the right."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from chatbot.ui import render_finetune
from chatbot.ui.finetune_data import DataHandlers
from chatbot.ui.finetune_handlers import Handlers
from chatbot.ui.finetune_use import UseHandlers
from chatbot.ui.knobs import Control, build_knobs
from chatbot.ui.localise import Localised
from chatbot.ui.services import PRIVATE, Services
from chatbot.ui.sidebar import Sidebar
from chatbot.ui.strings import Language, text
from finetune.presets import PRESETS

POLL = 1.0  # seconds between looks at runs that are under way
HEAVY: dict[str, Any] = {
    "concurrency_id": "check-data",
    "concurrency_limit": 8,
    **PRIVATE,
}  # reads a data set or measures
SHOW_RUN = """() => {
    if (!document.querySelector("#by-ft-notice [role=alert]"))
        document.querySelector("#by-ft-run")?.scrollIntoView({behavior: "smooth", block: "start"});
}"""
"""The settings may be long, and on a phone the run is below them."""
TYPES = [".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".parquet", ".txt", ".md", ".gz"]


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


@dataclass(frozen=True, slots=True)
class Form:
    """The left side."""

    locked: gr.HTML
    file: gr.File
    mapping: Mapping
    name: gr.Textbox
    preset: gr.Radio
    knobs: list[Control]
    estimate: gr.HTML
    measure: gr.Button
    start: gr.Button
    notice: gr.HTML
    sizes: gr.State  # counts of the latest report, for presets and estimates; nothing of what the rows say


@dataclass(frozen=True, slots=True)
class Run:
    """The right side."""

    report: gr.HTML
    runs: gr.Radio
    empty: gr.HTML
    box: gr.Column
    head: gr.HTML
    stop: gr.Button
    resume: gr.Button
    retry: gr.Button
    remove: gr.Button
    curve: gr.HTML
    figures: gr.HTML
    verdict: gr.HTML
    log: gr.HTML
    notice: gr.HTML
    seen: gr.State  # what is shown, so that nothing is sent twice
    timer: gr.Timer


@dataclass(frozen=True, slots=True)
class Use:
    """What can be done with the adapter of the run."""

    box: gr.Column
    compare: gr.Button
    share: gr.Checkbox
    zip: gr.Button
    gguf: gr.Button
    merge: gr.Button
    files: gr.File
    repository: gr.Textbox
    token: gr.Textbox
    push: gr.Button
    notice: gr.HTML


@dataclass(frozen=True, slots=True)
class FinetuneTab:
    tab: gr.Tab
    form: Form
    run: Run
    use: Use


def build_finetune(words: Localised, tab: gr.Tab) -> FinetuneTab:
    """The components; `connect` gives them life."""
    with gr.Row(elem_id="by-ft", equal_height=False):
        with gr.Column(scale=2, min_width=300, elem_id="by-ft-form"):
            form = _build_form(words)
        with gr.Column(scale=3, min_width=300, elem_id="by-ft-run"):
            run, use = _build_run(words)
    return FinetuneTab(tab, form, run, use)


def _build_form(words: Localised) -> Form:
    locked = gr.HTML(elem_id="by-ft-locked", padding=False)
    file = gr.File(label=text("ft_file", "en"), file_types=TYPES, height=150, elem_id="by-ft-file")
    words(file, label="ft_file")
    mapping = _build_mapping(words)
    name = gr.Textbox("", label=text("ft_name", "en"), max_lines=1, max_length=64, elem_id="by-ft-name")
    words(name, label="ft_name", info="ft_name_info")
    preset = gr.Radio(preset_choices("en"), value="balanced", label=text("ft_preset", "en"), elem_id="by-ft-preset")
    words(preset, label="ft_preset", info="ft_preset_info")
    with words(gr.Accordion(text("ft_advanced", "en"), open=False, elem_id="by-ft-advanced"), label="ft_advanced"):
        knobs = build_knobs(words)
    notice = gr.HTML(elem_id="by-ft-notice", padding=False)
    estimate = gr.HTML(render_finetune.estimate(None, "en"), elem_id="by-ft-estimate", padding=False)
    with gr.Row():
        measure = words(gr.Button(text("ft_measure", "en"), elem_id="by-ft-measure"), value="ft_measure")
        start = gr.Button(text("ft_start", "en"), variant="primary", elem_id="by-ft-start")
        words(start, value="ft_start")
    return Form(locked, file, mapping, name, preset, knobs, estimate, measure, start, notice, gr.State(None))


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


def _build_run(words: Localised) -> tuple[Run, Use]:
    report = gr.HTML(elem_id="by-ft-report", padding=False)
    notice = gr.HTML(elem_id="by-ft-run-notice", padding=False)
    runs = gr.Radio([], label=text("ft_runs", "en"), elem_id="by-ft-runs", visible=False)
    words(runs, label="ft_runs")
    empty = gr.HTML(elem_id="by-ft-empty", padding=False)
    with gr.Column(visible=False, elem_id="by-ft-one") as box:
        head = gr.HTML(elem_id="by-ft-head", padding=False)
        with gr.Row(elem_id="by-ft-buttons"):
            stop, resume, retry, remove = (_button(words, name) for name in ("stop", "resume", "retry", "remove"))
        verdict = gr.HTML(elem_id="by-ft-verdict", padding=False)
        use = _build_use(words)
        curve = gr.HTML(elem_id="by-ft-curve", padding=False)
        figures = gr.HTML(elem_id="by-ft-figures", padding=False)
        log = gr.HTML(elem_id="by-ft-log", padding=False)
    return Run(
        report, runs, empty, box, head, stop, resume, retry, remove, curve, figures, verdict, log, notice,
        gr.State(""), gr.Timer(POLL),
    ), use  # fmt: skip


def _button(words: Localised, name: str) -> gr.Button:
    return words(
        gr.Button(text(f"ft_{name}", "en"), size="sm", visible=False, elem_id=f"by-ft-{name}"), value=f"ft_{name}"
    )


def _build_use(words: Localised) -> Use:
    with gr.Column(visible=False, elem_id="by-ft-use") as box:
        with gr.Row(elem_classes="by-ft-row"):
            compare = gr.Button(text("ft_compare", "en"), variant="primary", size="sm", elem_id="by-ft-compare")
            words(compare, value="ft_compare")
            pack, gguf, merge = (
                words(gr.Button(text(f"ft_{kind}", "en"), size="sm", elem_id=f"by-ft-{kind}"), value=f"ft_{kind}")
                for kind in ("zip", "gguf", "merge")
            )
        share = words(gr.Checkbox(False, label=text("ft_share", "en"), elem_id="by-ft-share"), label="ft_share")
        files = gr.File(label=text("ft_files", "en"), visible=False, interactive=False, elem_id="by-ft-files")
        words(files, label="ft_files")
        with gr.Row(equal_height=False, elem_classes="by-ft-row"):
            repository = gr.Textbox("", label=text("ft_push_to", "en"), max_lines=1, elem_id="by-ft-repository")
            words(repository, label="ft_push_to", info="ft_push_info")
            token = gr.Textbox("", label=text("ft_token", "en"), type="password", max_lines=1, elem_id="by-ft-token")
            words(token, label="ft_token", info="ft_token_info")
            push = words(gr.Button(text("ft_push", "en"), size="sm", elem_id="by-ft-push", scale=0), value="ft_push")
        notice = gr.HTML(elem_id="by-ft-use-notice", padding=False)
    return Use(box, compare, share, pack, gguf, merge, files, repository, token, push, notice)


def preset_choices(language: Language) -> list[tuple[str, str]]:
    return [(text(f"ft_preset_{name}", language), name) for name in PRESETS]


def connect(tab: FinetuneTab, tabs: gr.Tabs, bar: Sidebar, language: gr.State, services: Services) -> None:
    """Wire the events. Whatever changes a run ends with a look, which shows what is true now."""
    do, form, run = Handlers(services), tab.form, tab.run
    shown = looked_at(tab, bar)
    look: dict[str, Any] = {
        "fn": do.look,
        "inputs": [run.runs, run.seen, language],
        "outputs": shown,
        **PRIVATE,
    }
    _connect_data(DataHandlers(services), form, run, language)
    _connect_start(do, form, run, language, look)
    tab.tab.select(do.open, language, form.locked, **PRIVATE).then(**look)
    worded = [form.preset, form.locked, form.estimate, run.seen]
    language.change(do.relabel, [form.preset, form.sizes, language], worded, **PRIVATE).then(**look)
    run.timer.tick(**look)
    forgotten = [run.seen, run.notice, tab.use.files, tab.use.notice]
    run.runs.input(do.choose, None, forgotten, **PRIVATE).then(**look)
    for button, act in ((run.stop, do.stop), (run.resume, do.resume), (run.retry, do.retry), (run.remove, do.remove)):
        button.click(act, [run.runs, language], [run.notice, run.seen], **PRIVATE).then(**look)
    _connect_use(UseHandlers(services), tab, tabs, bar, language)


def looked_at(tab: FinetuneTab, bar: Sidebar) -> list[Control]:
    """What `Handlers.look` answers for, in its order."""
    run, use = tab.run, tab.use
    return [
        run.runs, run.empty, run.box, run.head, run.stop, run.resume, run.retry, run.remove, run.curve, run.figures,
        run.verdict, run.log, use.box, use.share, run.seen, run.timer, bar.adapter, bar.compare,
    ]  # fmt: skip


def _connect_data(do: DataHandlers, form: Form, run: Run, language: gr.State) -> None:
    mapping = form.mapping
    checked = [run.report, mapping.box, *mapping.fields, form.name, form.sizes, form.estimate, form.notice, *form.knobs]
    read = [form.file, form.name, form.preset, language]
    again: dict[str, Any] = {
        "fn": do.check_again,
        "inputs": [form.file, *mapping.fields, language, *form.knobs],
        "outputs": [run.report, form.sizes, form.estimate, form.notice],
        **HEAVY,
    }
    measured: dict[str, Any] = {
        "fn": do.measure,
        "inputs": [form.sizes, language, *form.knobs],
        "outputs": [form.estimate, form.notice],
        **HEAVY,
    }
    form.file.change(do.check, read, checked, **HEAVY).success(**measured)
    mapping.apply.click(do.check_mapped, [*read, *mapping.fields], checked, **HEAVY).success(**measured)
    form.preset.input(do.preset, [form.preset, form.sizes], form.knobs, **PRIVATE).success(**again)
    form.measure.click(**again)


def _connect_start(do: Handlers, form: Form, run: Run, language: gr.State, look: dict[str, Any]) -> None:
    form.start.click(
        do.start,
        [form.file, form.name, *form.mapping.fields, language, *form.knobs],
        [form.notice, form.file, run.report, form.mapping.box, run.runs, run.seen],
        **HEAVY,
    ).then(**look).then(None, None, None, js=SHOW_RUN, **PRIVATE)


def _connect_use(do: UseHandlers, tab: FinetuneTab, tabs: gr.Tabs, bar: Sidebar, language: gr.State) -> None:
    run, use = tab.run, tab.use
    asked = [run.runs, language]
    use.compare.click(do.compare, asked, [bar.adapter, bar.compare, tabs, use.notice], **PRIVATE)
    use.share.input(do.share, [*asked, use.share], use.notice, **PRIVATE)
    for button, make in ((use.zip, do.zip), (use.gguf, do.gguf), (use.merge, do.merge)):
        button.click(make, asked, [use.files, use.notice], concurrency_limit=4, **PRIVATE)
    use.push.click(do.push, [*asked, use.repository, use.token], [use.notice, use.token], **PRIVATE)
