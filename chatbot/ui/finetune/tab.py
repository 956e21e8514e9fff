"""How the events of the fine-tune tab hang together."""

from typing import Any

import gradio as gr

from chatbot.ui.chat.sidebar import Sidebar
from chatbot.ui.finetune import corrections
from chatbot.ui.finetune.api.publish import publish
from chatbot.ui.finetune.data import DataHandlers
from chatbot.ui.finetune.form import Form
from chatbot.ui.finetune.handlers import Handlers
from chatbot.ui.finetune.knobs import Control
from chatbot.ui.finetune.layout import FinetuneTab, build_finetune
from chatbot.ui.finetune.mending.handlers import MendHandlers
from chatbot.ui.finetune.questions.handlers import QuestionHandlers
from chatbot.ui.finetune.questions.layout import Questions
from chatbot.ui.finetune.run import Run
from chatbot.ui.finetune.use import UseHandlers
from chatbot.ui.parts.tab import Frame, Tab
from chatbot.ui.parts.task_parts import connect_run
from chatbot.ui.services import LATEST, PRIVATE, Services

HEAVY: dict[str, Any] = {
    "concurrency_id": "check-data",
    "concurrency_limit": 8,
    **PRIVATE,
}  # reads a data set or measures
SHOW_RUN = """() => {
    if (!document.querySelector("#by-ft-notice [role=alert]"))
        document.querySelector("#by-ft-run")?.scrollIntoView({
            behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth", block: "start"});
}"""
"""The settings may be long, and on a phone the run is below them."""


def connect(tab: FinetuneTab, frame: Frame, services: Services) -> None:
    """Wire the events. Whatever changes a run ends with a look, which shows what is true now."""
    tabs, bar, language = frame.tabs, frame.bar, frame.language
    do, form, run = Handlers(services, tab, bar), tab.form, tab.run
    shown = looked_at(tab, bar)
    look: dict[str, Any] = {
        "fn": do.look,
        "inputs": [run.runs, run.beside, run.seen, language],
        "outputs": shown,
        **PRIVATE,
    }
    _connect_data(DataHandlers(services, tab), form, run, language)
    mended = [form.file, run.mending.table, language, *form.mapping.fields]
    mend = MendHandlers(services, form, run.notice).mend
    run.mending.apply.click(mend, mended, [form.file, form.notice, run.notice], **HEAVY)
    _connect_start(do, form, run, language, look)
    tab.tab.select(do.open, language, [form.locked, bar.adapter, bar.compare, form.origin], **PRIVATE).then(**look)
    worded = [form.locked, form.estimate, run.seen]
    language.change(do.relabel, [form.sizes, language], worded, **PRIVATE).then(**look)
    run.timer.tick(**look)
    mine = tab.corrections
    own = corrections.Handlers(services, mine)
    for event in (tab.tab.select, language.change):
        event(own.offer, language, [mine.answers, mine.pairs, mine.thumbs, mine.labels], **PRIVATE)
    mine.answers.click(own.use, None, form.file, **PRIVATE)
    mine.pairs.click(own.use_pairs, None, form.file, **PRIVATE)
    mine.thumbs.click(own.use_thumbs, None, form.file, **PRIVATE)
    mine.labels.click(own.use_labels, None, form.file, **PRIVATE)
    if tab.questions:
        _connect_questions(QuestionHandlers(services, tab.questions), tab, tab.questions, language)
    forgotten = [run.seen, run.beside, run.notice, tab.use.files, tab.use.notice]
    run.beside.input(do.draw, None, run.seen, **PRIVATE, **LATEST).then(**look)
    run.runs.input(do.choose, None, forgotten, **PRIVATE, **LATEST).then(**look)
    for button, act in ((run.stop, do.stop), (run.resume, do.resume), (run.retry, do.retry), (run.remove, do.remove)):
        button.click(act, [run.runs, language], [run.notice, run.seen], **PRIVATE).then(**look)
    _connect_use(UseHandlers(services, tab.use, bar, tabs), tab, tabs, bar, language)


def _connect_questions(do: QuestionHandlers, tab: FinetuneTab, box: Questions, language: gr.State) -> None:
    table = [box.table, box.beside, box.use]
    for event in (tab.tab.select, language.change):
        event(do.offer, [box.documents, language], [box.documents, *table], **PRIVATE)
    buttons = [box.buttons.run, box.buttons.stop]
    connect_run(
        box.buttons,
        begin=(do.begin, language, [*buttons, box.shown]),
        run=(do.run, [box.documents, box.count, language], [box.shown, *table]),
        settled=(do.settled, None, buttons),
        stop=do.stop,
    )
    box.use.click(do.use, [box.table, box.beside, language], tab.form.file, **PRIVATE)


def looked_at(tab: FinetuneTab, bar: Sidebar) -> list[Control]:
    """What `Handlers.look` may change."""
    run, use = tab.run, tab.use
    return [
        run.runs, run.empty, run.box, run.head, run.stop, run.resume, run.retry, run.remove, run.beside, run.curve,
        run.samples, run.figures, run.scores, run.log, use.box, use.share, run.seen, run.timer, bar.adapter, bar.compare, tab.form.origin,
    ]  # fmt: skip


def _connect_data(do: DataHandlers, form: Form, run: Run, language: gr.State) -> None:
    mapping = form.mapping
    checked = [
        run.report,
        run.mending.box,
        run.mending.table,
        mapping.box,
        *mapping.fields,
        form.name,
        form.named,
        form.sizes,
        form.estimate,
        form.notice,
        *form.knobs,
    ]
    read = [form.file, form.name, form.named, form.origin, form.preset, language]
    again: dict[str, Any] = {
        "fn": do.check_again,
        "inputs": [form.file, language, *form.settings],
        "outputs": [run.report, form.sizes, form.estimate, form.notice],
        **HEAVY,
    }
    measured: dict[str, Any] = {
        "fn": do.measure,
        "inputs": [form.sizes, language, *form.knobs],
        "outputs": [form.estimate, form.notice],
        **HEAVY,
    }
    form.more.upload(do.add, [form.file, form.more, language], [form.file, form.more, form.notice], **PRIVATE)
    fetched = [form.dataset, form.split, language]
    form.fetch.click(do.fetch, fetched, [form.file, form.notice], **HEAVY)
    form.file.change(do.check, read, checked, **HEAVY).success(**measured)
    mapping.apply.click(do.check_mapped, [*read, *mapping.fields], checked, **HEAVY).success(**measured)
    for chooser in (form.preset, form.origin):
        wanted = [form.origin, form.preset, form.sizes, language]
        chooser.input(do.settle, wanted, [form.notice, *form.knobs], **PRIVATE, **LATEST).success(**again)
    form.measure.click(**again)


def _connect_start(do: Handlers, form: Form, run: Run, language: gr.State, look: dict[str, Any]) -> None:
    form.start.click(
        do.start,
        [form.file, form.name, form.origin, language, form.sweep, *form.settings],
        [form.notice, form.file, form.sweep, run.report, form.mapping.box, run.runs, run.seen],
        **HEAVY,
    ).then(**look).then(None, None, None, js=SHOW_RUN, **PRIVATE)


def _connect_use(do: UseHandlers, tab: FinetuneTab, tabs: gr.Tabs, bar: Sidebar, language: gr.State) -> None:
    run, use = tab.run, tab.use
    asked = [run.runs, language]
    use.compare.click(do.compare, asked, [bar.adapter, bar.compare, tabs, use.notice], **PRIVATE)
    use.share.input(do.share, [*asked, use.share], use.notice, **PRIVATE, **LATEST)
    for button, make in ((use.zip, do.zip), (use.gguf, do.gguf), (use.merge, do.merge)):
        button.click(make, asked, [use.files, use.notice], concurrency_limit=4, **PRIVATE)
    use.merged.click(do.merged, [*asked, use.kind], [use.files, use.notice], concurrency_limit=4, **PRIVATE)
    use.push.click(do.push, [*asked, use.repository, use.token], [use.notice, use.token], **PRIVATE)


TAB = Tab("finetune", build_finetune, connect, publish, offered=lambda services: services.training is not None)
