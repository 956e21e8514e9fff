"""The summary task: sections -> parts, summarized as one batch -> sentences held against the text -> merged and fitted.

What the model writes is checked by the program, sentence by sentence; where it says what the text does not, a sentence of
the text stands in its place, labelled as a quotation. `summarize` yields steps, which the page and the API only render.
"""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from threading import Event
from typing import Literal, get_args

from chatbot.common.errors import EngineUnavailable, InputError, ModelError, ModelLoading
from chatbot.engine.adapters.folders import visible
from chatbot.engine.base import Engine
from chatbot.tasks.language import detect, primary
from chatbot.tasks.summarize import forms
from chatbot.tasks.summarize.check import Citations, Reason, Said, SectionLine, Summary, quotation
from chatbot.tasks.summarize.fit import fitted
from chatbot.tasks.summarize.focus import LONGEST, focused
from chatbot.tasks.summarize.into import settled, translated
from chatbot.tasks.summarize.merge import Reader
from chatbot.tasks.summarize.questions import asked
from chatbot.tasks.summarize.rank import Ranking
from chatbot.tasks.summarize.text import Text
from chatbot.tasks.translate.order import Settled
from retrieval.checks.verify import Similarity

ADAPTER = "summarize"  # the adapter of this name, where there is one, was trained on this prompt
Length = Literal["short", "medium", "long"]
LENGTHS: dict[str, tuple[int, float]] = {"short": (50, 0.35), "medium": (120, 0.5), "long": (250, 0.7)}
"""Words of a summary, and the share of the text's words that it has at most."""
SHORT = 30  # words of a text that is its own summary
WEAK = ("small",)
"""Families of models whose sentences are used only where the text supports them, and that merge no summaries."""


@dataclass(frozen=True, slots=True)
class Working:
    """`done` of `total` parts of this `level` are summarized: 0 finds them, 1 reads the text, the others merge; -1 asks questions,
    -2 translates. `sections` so far.

    `place` counts the requests before the first of ours while it waits for the model.
    """

    done: int
    total: int
    level: int = 1
    place: int = 0
    sections: tuple[SectionLine, ...] = ()


Step = Working | Summary


def summarize(
    engine: Engine,
    text: Text,
    *,
    owner: str = "",
    length: str = "medium",
    form: str = "paragraph",
    focus: str = "",
    into: str = "",
    adapter: str | None = None,
    similarity: Similarity | None = None,
    stop: Event | None = None,
) -> Iterator[Step]:
    """Any number of `Working`, then a `Summary`; after `stop` it holds what was done. Close it to end the work.

    `focus` is a question that it is to be about, `into` a language (empty: the text's own). `adapter` None: the owner's adapter
    named `ADAPTER` writes where there is one; empty: none does. Raises `InputError`, `AdapterNotFound`.
    """
    forms.check(form)
    stop, focus = stop or Event(), " ".join(focus.split())[:LONGEST]
    yield Working(0, len(text.sections), level=0)
    near = focused(text, focus, similarity) if focus else None
    text = near[0] if near else text
    wanted = target(length, text.words)
    ranking = Ranking(text.sections, focus)
    if not ranking.sentences:
        raise InputError(
            "It holds no sentences to summarize, only tables, headings or numbers. Ask about them under Documents.",
            kind="summary_no_sentences",
        )
    language = detect(" ".join(passage.text for passage in text.passages)[:2_000_000]).language or ""
    how = settled(engine, owner, ranking.sentences[0].text, language, into)
    reason = _why_quoted(engine, text, language)
    if adapter is None and not reason:
        adapter = _own(engine, owner)
    weak = not adapter and not reason and _is_weak(engine)
    reader = Reader(engine, text, ranking, adapter or None, similarity, stop, weak=weak, focus=focus)
    reason = yield from _read(text, reader, wanted, reason)
    found = _finished(engine, text, ranking, reader, wanted, language, reason, form)
    found = replace(found, form=form, focus=focus, apart=near is not None and not near[1])
    yield from _dressed(engine, found, how, stop)


def _read(text: Text, reader: Reader, wanted: int, reason: Reason) -> Generator[Working, None, Reason]:
    """By the model, or, for a `reason`, by quoting; returns the reason in the end."""
    if not reason:
        try:
            yield from _working(text, reader, wanted)
        except (ModelLoading, ModelError, EngineUnavailable):
            reason = "model"
    if reason:
        reader.quote()
    return reason


def _dressed(engine: Engine, found: Summary, how: Settled | None, stop: Event) -> Iterator[Step]:
    """With questions and in another language, where that is wanted."""
    if found.form == "questions" and found.model:
        for done, lines in asked(engine, found.sentences, stop):
            found = replace(found, sentences=lines)
            yield Working(done, len(lines), level=-1)
    if how is not None:
        original = found
        for done, total, told in translated(engine, original, how, stop):
            yield Working(done, total, level=-2)
            found = told
    yield found


def target(length: str, size: int) -> int:
    """Words wanted of a text of `size` words. Raises `InputError` for a length that there is not."""
    if length not in LENGTHS:
        raise InputError(
            f"The length is one of {', '.join(get_args(Length))}, not {str(length)[:40]!r}.",
            kind="summary_length",
            length=str(length)[:40],
        )
    most, share = LENGTHS[length]
    return max(8, min(most, round(share * size)))


def _why_quoted(engine: Engine, text: Text, language: str) -> Reason:
    if text.words <= SHORT:
        return "short"
    try:
        known = engine.traits.languages
    except (ModelLoading, ModelError, EngineUnavailable):
        return "model"
    return "" if known is None or not language or primary(language) in known else "language"


def _is_weak(engine: Engine) -> bool:
    return engine.traits.known in WEAK


def _own(engine: Engine, owner: str) -> str | None:
    return next((known.name for known in visible(engine.adapters(), owner) if known.name == ADAPTER), None)


def _working(text: Text, reader: Reader, wanted: int) -> Iterator[Working]:
    """With a line for every section that is done, or as good as."""
    lines: tuple[SectionLine, ...] = ()
    for done, total, level, place in reader.read(wanted):
        if len(lines) < len(reader.reached):
            lines = _lines(Citations(text), text, reader)
        yield Working(done, total, level, place, lines)


def _lines(citations: Citations, text: Text, reader: Reader) -> tuple[SectionLine, ...]:
    return tuple(citations.section_line(said, text.sections[at]) for at, said in sorted(reader.by_section().items()))


def _finished(
    engine: Engine,
    text: Text,
    ranking: Ranking,
    reader: Reader,
    wanted: int,
    language: str,
    reason: Reason,
    form: str,
) -> Summary:
    chosen: Sequence[Said]
    if reason == "short":
        chosen = [quotation(one) for one in ranking.sentences]
    else:
        chosen = fitted(reader.merged, ranking, wanted, reader.reached)
    found = [quotation(one) for one, _ in forms.minutes(ranking)] if form == "minutes" else []
    told = {said.text for said in found}
    citations = Citations(text)
    lines = tuple(citations.line(said) for said in [*(one for one in chosen if one.text not in told), *found])
    lines = forms.marked(lines) if form == "minutes" else lines
    sections = _lines(citations, text, reader)
    return Summary(
        text.name,
        lines,
        sections,
        citations.all,
        citations.passages,
        sum(said.size for said in chosen),
        wanted,
        text.words,
        language,
        reason,
        tuple(dict.fromkeys(reader.refused)),
        len(sections),
        len(text.sections),
        reader.condensed,
        text.paged,
        "" if reason in ("model", "short") else engine.model,
        reader.adapter or "",
        "cancelled" if reader.stopped else "stop",
    )
