"""The steps of an answer as HTML, on a clock."""

import time
from collections.abc import Iterator
from contextlib import closing

from chatbot.tasks.answer import Step
from chatbot.tasks.answer_check import Answer, Found
from chatbot.ui import render_answers
from chatbot.ui.answering import TICK
from chatbot.ui.strings import Language


def shown_steps(steps: Iterator[Step], language: Language) -> Iterator[tuple[Step, str]]:
    """(step, HTML of the answer so far). Steps that come faster than the clock are passed over, but for the last."""
    found: Found | None = None
    shown = 0.0
    with closing(steps):  # type: ignore[type-var]
        for step in steps:
            if isinstance(step, Answer):
                yield step, render_answers.answer(step, language)
            elif isinstance(step, Found):
                found = step
                yield step, render_answers.writing(found, "", 0, language)
            elif step.place or time.monotonic() - shown >= TICK:
                shown = time.monotonic()
                yield step, render_answers.writing(found, step.text, step.place, language)
