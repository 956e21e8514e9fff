"""The right side of the fine-tune tab: the doctor's report, the runs, and what can be done with an adapter."""

from dataclasses import dataclass

import gradio as gr

from chatbot.engine.gguf.merged import KINDS
from chatbot.ui.finetune.mending.layout import Mending, build_mending
from chatbot.ui.parts.localise import Localised
from chatbot.ui.strings.words import text

POLL = 1.0  # seconds between looks at runs that are under way
IDLE = 20.0  # while there is none: a program of the same owner's may begin one


@dataclass(frozen=True, slots=True)
class Run:
    """The report and the chosen run."""

    report: gr.HTML
    mending: Mending
    runs: gr.Radio
    empty: gr.HTML
    box: gr.Column
    head: gr.HTML
    stop: gr.Button
    resume: gr.Button
    retry: gr.Button
    remove: gr.Button
    beside: gr.Dropdown  # runs whose curves are drawn with it
    curve: gr.HTML
    samples: gr.HTML
    figures: gr.HTML
    scores: gr.HTML
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
    kind: gr.Dropdown
    merged: gr.Button
    files: gr.File
    repository: gr.Textbox
    token: gr.Textbox
    push: gr.Button
    notice: gr.HTML


def build_run(words: Localised) -> tuple[Run, Use]:
    report = gr.HTML(elem_id="by-ft-report", padding=False)
    mending = build_mending(words)
    notice = gr.HTML(elem_id="by-ft-run-notice", padding=False)
    runs = gr.Radio([], label=text("ft_runs", "en"), elem_id="by-ft-runs", visible=False)
    words(runs, label="ft_runs")
    empty = gr.HTML(elem_id="by-ft-empty", padding=False)
    with gr.Column(visible=False, elem_id="by-ft-one") as box:
        head = gr.HTML(elem_id="by-ft-head", padding=False)
        with gr.Row(elem_id="by-ft-buttons"):
            stop, resume, retry, remove = (_button(words, name) for name in ("stop", "resume", "retry", "remove"))
        use = _build_use(words)
        scores = gr.HTML(elem_id="by-ft-verdict", padding=False)
        beside = gr.Dropdown([], multiselect=True, label=text("ft_beside", "en"), visible=False, elem_id="by-ft-beside")
        words(beside, label="ft_beside")
        curve = gr.HTML(elem_id="by-ft-curve", padding=False)
        samples = gr.HTML(elem_id="by-ft-samples", padding=False)
        figures = gr.HTML(elem_id="by-ft-figures", padding=False)
        log = gr.HTML(elem_id="by-ft-log", padding=False)
    return Run(
        report, mending, runs, empty, box, head, stop, resume, retry, remove, beside, curve, samples, figures, scores, log, notice,
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
        with gr.Row(equal_height=False, elem_classes="by-ft-row"):
            kind = gr.Dropdown([*KINDS], value="Q8_0", label=text("ft_kind", "en"), elem_id="by-ft-kind", scale=1)
            words(kind, label="ft_kind", info="ft_kind_info")
            merged = gr.Button(text("ft_merged", "en"), size="sm", elem_id="by-ft-merged", scale=0)
            words(merged, value="ft_merged")
        share = words(gr.Checkbox(False, label=text("ft_share", "en"), elem_id="by-ft-share"), label="ft_share")
        files = gr.File(label=text("ft_files", "en"), visible=False, interactive=False, elem_id="by-ft-files")
        words(files, label="ft_files")
        hub = gr.Accordion(text("ft_hub", "en"), open=False, elem_id="by-ft-hub")
        with words(hub, label="ft_hub"), gr.Row(equal_height=False, elem_classes="by-ft-row"):
            repository = gr.Textbox("", label=text("ft_push_to", "en"), max_lines=1, elem_id="by-ft-repository")
            words(repository, label="ft_push_to", info="ft_push_info")
            token = gr.Textbox("", label=text("ft_token", "en"), type="password", max_lines=1, elem_id="by-ft-token")
            words(token, label="ft_token", info="ft_token_info")
            push = words(gr.Button(text("ft_push", "en"), size="sm", elem_id="by-ft-push", scale=0), value="ft_push")
        notice = gr.HTML(elem_id="by-ft-use-notice", padding=False)
    return Use(box, compare, share, pack, gguf, merge, kind, merged, files, repository, token, push, notice)
