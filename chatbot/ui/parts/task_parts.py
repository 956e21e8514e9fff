"""Components that the tasks' tabs have in common, and how their events hang together."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.events import Dependency

from chatbot.ui.parts.localise import Localised
from chatbot.ui.parts.updates import Updates
from chatbot.ui.services import MODEL_EVENT, QUICK
from chatbot.ui.strings.words import text

Event = tuple[Callable[..., Any], Any, Any]
"""(handler, inputs, outputs)"""


@dataclass(frozen=True, slots=True)
class RunStop:
    """One of the two is seen at a time."""

    run: gr.Button
    stop: gr.Button

    def running(self) -> Updates:
        return {self.run: gr.update(visible=False), self.stop: gr.update(visible=True)}

    def idle(self) -> Updates:
        return {self.run: gr.update(visible=True), self.stop: gr.update(visible=False)}


def run_and_stop(words: Localised, task: str, *, run: str = "run", name: str = "") -> RunStop:
    """`task` begins the names of the strings, as below; `name` ends the ids where a tab has several pairs."""
    end = f"-{name}" if name else ""
    with gr.Row(elem_classes="by-run-stop"):
        go = gr.Button(text(f"{task}_{run}", "en"), variant="primary", elem_id=f"by-{task}-run{end}")
        stop = gr.Button(text(f"{task}_stop", "en"), variant="stop", visible=False, elem_id=f"by-{task}-stop{end}")
    words(go, value=f"{task}_{run}")
    words(stop, value=f"{task}_stop")
    return RunStop(go, stop)


def connect_run(
    buttons: RunStop,
    begin: Event,
    run: Event,
    settled: Event,
    stop: Callable[..., None],
    after: Iterable[Dependency] = (),
) -> None:
    """`begin` shows at once that it runs, `run` asks the model, `settled` follows whatever came of it; the same happens `after`
    other events."""
    begun = [buttons.run.click(*begin, **QUICK), *(event.then(*begin, **QUICK) for event in after)]
    for event in begun:
        event.success(*run, **MODEL_EVENT).then(*settled, **QUICK)
    buttons.stop.click(stop, None, None, **QUICK)


def typed_box(words: Localised, task: str, *, lines: tuple[int, int], **rest: Any) -> gr.Textbox:
    """A box for a text, of so many lines at least and at most."""
    typed = gr.Textbox(
        label=text(f"{task}_text", "en"),
        placeholder=text(f"{task}_text_hint", "en"),
        lines=lines[0],
        max_lines=lines[1],
        elem_id=f"by-{task}-typed",
        **rest,
    )
    return words(typed, label=f"{task}_text", placeholder=f"{task}_text_hint")


def example_buttons(words: Localised, task: str, names: Iterable[str]) -> tuple[gr.Row, tuple[gr.Button, ...]]:
    """(what holds them, one button an example)"""
    with gr.Row(elem_classes="by-examples") as row:
        buttons = [
            words(
                gr.Button(text(f"{task}_example_{name}", "en"), size="sm", min_width=0), value=f"{task}_example_{name}"
            )
            for name in names
        ]
    return row, tuple(buttons)


def connect_examples(buttons: Iterable[gr.Button], examples: Mapping[str, Any], filled: Any) -> list[Dependency]:
    """A press fills the components `filled` with the example of the button's place."""
    pairs = zip(buttons, examples.values(), strict=True)
    return [button.click(_giving(example), None, filled, **QUICK) for button, example in pairs]


def _giving(example: Any) -> Callable[[], Any]:
    return lambda: example
