"""A summary in another language than its text: each checked sentence translated, and its original kept beside it."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from threading import Event

from chatbot.engine.base import Engine
from chatbot.tasks.language import same
from chatbot.tasks.summarize.check import Line, Summary
from chatbot.tasks.translate.files.marked import Segment
from chatbot.tasks.translate.order import AUTO, Settled, code_of, settle
from chatbot.tasks.translate.run import segments
from chatbot.tasks.translate.work import Translation, is_failed


def settled(engine: Engine, owner: str, sample: str, source: str, target: str) -> Settled | None:
    """Who translates; None where the text is in that language. Raises `InputError` for a language or pair that nobody knows."""
    if not target or (source and same(source, code_of(target))):
        return None
    return settle(engine, owner, [Segment(sample)], target=target, source=source or AUTO)


def translated(engine: Engine, given: Summary, how: Settled, stop: Event) -> Iterator[tuple[int, int, Summary]]:
    """(how many are done, of how many, the summary so far)"""
    lines = [*given.sentences, *(one.line for one in given.sections)]
    wanted = [Segment(line.text) for line in lines] + [Segment(line.lead) for line in lines]
    known: dict[int, Translation] = {}
    with closing(segments(engine, wanted, how.order, stop=stop)) as steps:  # type: ignore[type-var]
        for step in steps:
            known.update(step.finished)
            told = [_told(line, known.get(at), known.get(len(lines) + at)) for at, line in enumerate(lines)]
            many = len(given.sentences)
            parts = zip(given.sections, told[many:], strict=True)
            sections = tuple(replace(one, line=line) for one, line in parts)
            yield len(known), len(wanted), replace(given, sentences=tuple(told[:many]), sections=sections)


def _told(line: Line, text: Translation | None, lead: Translation | None) -> Line:
    if text is None or is_failed(text):
        return line
    asked = lead.text if lead is not None and not is_failed(lead) else line.lead
    return replace(line, text=text.text, lead=asked, original=line.text)
