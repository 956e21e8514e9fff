"""About a document as a whole, one of its parts, or who wrote it: from its head and its outline, in its own words."""

import re
from collections.abc import Iterator, Sequence
from threading import Event

from chatbot.engine.base import Engine
from chatbot.tasks.answer.check import Answer
from chatbot.tasks.answer.routes.enumerated.items import Contents, chain
from chatbot.tasks.answer.routes.kinds import PART, SUMMARY
from chatbot.tasks.answer.routes.lines import Line, Place, quoted, told
from chatbot.tasks.answer.routes.ordinals import number_before, number_of
from chatbot.tasks.summarize.sections import BEGINS, ENDS, words
from chatbot.tasks.summarize.text import Section, Text
from chatbot.tasks.summarize.work import Step, Working, summarize
from retrieval.checks.numbers import numbers
from retrieval.checks.sentences import spans
from retrieval.types import Passage

HEAD = 300
"""Characters of a document's beginning that are quoted; a title page has fewer."""
SENTENCES = 2  # of its first ones, beside the beginning
TITLES = 20  # headings of the outline at most
SHORT = 80  # words of a part that is quoted whole rather than summarized

_BY = re.compile(
    r"\b(?:written|prepared|drafted|compiled|edited|authored|published|issued|recorded|taken|signed) by\b|\bauthors?\s*[:：]|^by [A-Z]|^from:"
    r"|作者|撰写|编写|起草|编制|记录人|执笔|拟稿|主编|编者|签发|制定单位|发布单位",
    re.IGNORECASE | re.MULTILINE,
)
_NAMES = re.compile(
    r"(?m)^(?:[A-Z][\w.'-]+(?: [A-Z][\w.'-]*\.?){1,3} ?[,;&] ?){1,}(?:and )?[A-Z][\w.'-]+(?: [A-Z][\w.'-]*\.?){1,3}\s*$"
)
_AUTHORS_IN = 3  # passages at the beginning, and one at the end


def about(question: str, documents: Sequence[Contents]) -> Answer:
    """The beginning, the first sentences and the headings of each document."""
    lines = [line for document in documents for line in _head(document)]
    return told(question, "whole", lines)


def author(question: str, documents: Sequence[Contents]) -> Answer | None:
    lines = [line for document in documents for line in _authors(document)]
    return told(question, "author", lines) if lines else None


def part(question: str, documents: Sequence[Contents]) -> tuple[Contents, tuple[Passage, ...]] | None:
    """The passages of the section or article that the question names by its number."""
    named = PART.search(question)
    if not named:
        return None
    for document in documents:
        if found := _section(document, named.group()) or _article(document, named.group()):
            return document, found
    return None


def whole_part(question: str, found: tuple[Contents, tuple[Passage, ...]]) -> Answer | None:
    """As it stands, where it is short."""
    document, passages = found
    if sum(words(p.text) for p in passages) > SHORT:
        return None
    return told(question, "part", [quoted(_place(document, p, p.start, p.end)) for p in passages])


def summary(
    question: str, document: Contents, passages: Sequence[Passage], engine: Engine, owner: str, stop: Event
) -> Iterator[Working | Answer]:
    """By the Summarize task. Its steps, then the answer."""
    section = Section("", tuple(passages), 0, sum(len(p.text) for p in passages))
    names = {document.document.id: document.document.name}
    text = Text(document.document.name, tuple(passages), (section,), sum(words(p.text) for p in passages), names)
    for step in summarize(engine, text, owner=owner, length="medium", stop=stop):
        yield step if isinstance(step, Working) else _summarized(question, document, step, bool(PART.search(question)))


def wants_summary(question: str) -> bool:
    return SUMMARY.search(question) is not None


def _summarized(question: str, document: Contents, step: Step, of_part: bool) -> Answer:
    assert not isinstance(step, Working)
    cited = {c.n: Place(document.document, c.page, c.start, c.end, c.quote) for c in step.citations}
    lines = [Line(line.text, tuple(cited[n] for n in line.citations)) for line in step.sentences if line.citations]
    return told(question, "part" if of_part else "whole", lines, verbatim=bool(step.quoted))


def _head(document: Contents) -> Iterator[Line]:
    first = document.passages[0]
    end = first.start + (len(first.text) if len(first.text) <= HEAD else first.text.rfind(" ", 0, HEAD) + 1 or HEAD)
    yield quoted(_place(document, first, first.start, end))
    sentences = [
        _place(document, p, p.start + a, p.start + b)
        for p in document.passages
        for a, b in spans(p.text)
        if (p.page, p.start + a) > (first.page, end) and BEGINS.match(p.text[a:b]) and ENDS.search(p.text[a:b])
    ]
    yield from map(quoted, sentences[:SENTENCES])
    titles = _outline(document)
    if len(titles) > 1:
        shown = " · ".join(title for title, _ in titles[:TITLES]) + (" …" if len(titles) > TITLES else "")
        yield Line(shown, tuple(place for _, place in titles[:1]))


def _outline(document: Contents) -> list[tuple[str, Place]]:
    """The highest headings of which there are several."""
    chains = [(p, chain(p)) for p in document.passages]
    for depth in range(1, 4):
        titles = {each[depth - 1]: p for p, each in reversed(chains) if len(each) >= depth}
        if len(titles) > 1:
            return [(title, _place(document, p, p.start, p.end)) for title, p in reversed(titles.items())]
    return []


def _authors(document: Contents) -> Iterator[Line]:
    """Lines that say by whom, else a line of names under the title."""
    near = [*document.passages[:_AUTHORS_IN], *document.passages[_AUTHORS_IN:][-1:]]
    said = [
        _place(document, p, p.start + a, p.start + b) for p in near for a, b in spans(p.text) if _BY.search(p.text[a:b])
    ]
    named = [
        _place(document, p, p.start + m.start(), p.start + m.end()) for p in near[:1] for m in _NAMES.finditer(p.text)
    ]
    yield from map(quoted, said or named)


def _section(document: Contents, named: str) -> tuple[Passage, ...]:
    return tuple(p for p in document.passages if any(_is_called(title, named) for title in chain(p)))


def _article(document: Contents, named: str) -> tuple[Passage, ...]:
    """第八条, else an item of a list or a line that begins with the number."""
    for group in document.groups:
        for item in group.items:
            if group.unit and _is_called(item.label, named):
                return (Passage(item.page, item.start, item.end, item.text, document=item.document.id),)
    wanted = number_of(named)
    for page in document.pages if wanted else ():
        for line in re.finditer(r"(?m)^[ \t]*\S[^\n]*", page.text):
            if number_before(line.group()) == wanted:
                return (Passage(page.number, line.start(), line.end(), line.group(), document=document.document.id),)
    return ()


def _is_called(title: str, named: str) -> bool:
    """ "3.2 Expenses" is called section 3.2, 第四章 解除 is called 第4章."""
    number = re.search(r"\d+(?:\.\d+)*", named)
    if number and re.match(rf"\W*(?:[A-Za-z]+\s+)?{re.escape(number.group())}(?![\d]|\.\d)", title):
        return True
    ours, theirs = (re.match(r"\W*第[^\s章节節条條款部编編]+[章节節条條款部编編]", text) for text in (named, title))
    if not ours or not theirs or ours.group()[-1] != theirs.group()[-1]:
        return False
    return [n.value for n in numbers(ours.group())] == [n.value for n in numbers(theirs.group())]


def _place(document: Contents, passage: Passage, start: int, end: int) -> Place:
    return Place(document.document, passage.page, start, end, passage.text[start - passage.start : end - passage.start])
