"""The steps of an answer as HTML, on a clock."""

from collections.abc import Iterator

from chatbot.tasks.answer.check import Answer, Found
from chatbot.tasks.answer.work import Step
from chatbot.ui.documents import render_answers
from chatbot.ui.parts.clock import on_a_clock
from chatbot.ui.strings.words import Language


def shown_steps(steps: Iterator[Step], language: Language) -> Iterator[tuple[Step, str]]:
    """(step, HTML of the answer so far). Steps that come faster than the clock are passed over, but for the last."""
    found: Found | None = None
    for step in on_a_clock(steps, lambda step: isinstance(step, Answer | Found) or bool(step.place)):
        if isinstance(step, Answer):
            yield step, render_answers.answer(step, language)
        elif isinstance(step, Found):
            found = step
            yield step, render_answers.writing(found, "", 0, language)
        else:
            yield step, render_answers.writing(found, step.text, step.place, language)
