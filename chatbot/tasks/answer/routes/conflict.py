"""Two documents that answer a question with other numbers, names or dates: in the same words, or in others that mean the same.

That words mean the same is told by an embedder, and of numbers and days only: a name in another sentence is seldom a contradiction.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from chatbot.tasks.answer.check import Answer, Found, Sentence, Source
from chatbot.tasks.answer.routes.dates import clock, dates, weekdays
from chatbot.tasks.answer.routes.lines import Place, quoted, told
from retrieval.checks.asked.types import asked_type, values
from retrieval.checks.claims import Statement, ask, read
from retrieval.checks.clauses.opposite import opposite
from retrieval.checks.evidence import covered, share
from retrieval.checks.extract import likeliest
from retrieval.checks.verify import Quote, Similarity
from retrieval.text.words import language
from retrieval.types import Citation

_FEW = 2  # values of a sentence: of a row of a table it is not told which is meant
_SAME = 0.6
"""Share of the content, numbers aside, that the shorter sentence has of the longer; from there on `verify` holds a clause told."""

_SAME_DAY = 0.4
"""The same where days are told apart as a whole: the place may be another one, too, as in two notices of one event."""


_NEAR, _FARTHER = 0.89, 0.033
"""Cosine of multilingual-e5-small from which two sentences speak of one matter, figures aside, and how much farther than one of them
the other may be from the question. On the half "fit" of `tests/bench/documents/checks/notices.jsonl` 9 of 12 contradictions are told
and none of what speaks of something else, whose cosines are as high, and which lies 0.035 farther or more."""
_TRIED = 4  # sentences of a document, the likeliest first
_FIGURES = re.compile(r"\d[\d.,:]*")


def disagreement(found: Found, similarity: Similarity | None = None) -> Answer | None:
    """The best sentence of each document, where they hold the same of the question and none of the same values. `similarity`:
    cosines between sentences, where an embedder knows the language."""
    answering = _answering(found)
    first = [each[0] for each in answering]
    told_apart = _against(found.query, first, None)
    if len(told_apart) < 2 and similarity and len(answering) > 1:
        told_apart = _against(found.query, [_nearest(found.query, each, similarity) for each in answering], similarity)
    lines = [quoted(_place(quote, source)) for quote, source in told_apart]
    return told(found.query, "passages", lines, note="disagree") if len(lines) > 1 else None


def with_other_sides(given: Answer, similarity: Similarity | None) -> Answer:
    """With the sentences of two documents that speak of one matter and hold other values of what is asked, where it does not cite them.
    One of them may be an answer to something else: they are shown, and are not said to disagree."""
    question = given.found.query
    answering = _answering(given.found) if similarity and given.status == "answered" else []
    if similarity is None or len(answering) < 2:
        return given
    nearest = [_nearest(question, each, similarity) for each in answering]
    one = nearest[0][0].text
    others = [
        other for other in nearest[1:] if _apart(question, one, other[0].text) and _near(one, other[0].text, similarity)
    ]
    cited, quotes = [*given.citations], [*given.quotes]
    for place in (_place(*side) for side in (nearest[0], *others) if others):
        id = place.document.id
        if any(
            c.document == id and c.page == place.page and c.start < place.end and place.start < c.end for c in cited
        ):
            continue
        cited.append(Citation(len(cited) + 1, id, place.document.name, place.page, place.text, place.start, place.end))
        quotes.append(Sentence(place.text, 0, "related", (cited[-1].n,)))
    return replace(given, citations=tuple(cited), quotes=tuple(quotes))


def _answering(found: Found) -> list[list[tuple[Quote, Source]]]:
    """Of each document, where there are several, the sentences with a value of what is asked, the likeliest first."""
    kind = asked_type(found.query)
    if kind == "any" or len({source.document.id for source in found.sources}) < 2:
        return []
    answering: dict[str, list[tuple[Quote, Source]]] = {}
    for quote in likeliest(found.query, [source.hit for source in found.sources]):
        source = found.sources[quote.passage]
        if values(found.query, quote.text) or (kind == "time" and weekdays(quote.text)):
            answering.setdefault(source.document.id, []).append((quote, source))
    return [*answering.values()]


def _against(
    question: str, answering: Sequence[tuple[Quote, Source]], similarity: Similarity | None
) -> list[tuple[Quote, Source]]:
    """The first, and those that differ from it."""
    others = [one for one in answering[1:] if differ(question, answering[0][0].text, one[0].text, similarity)]
    return [*answering[:1], *others]


def _nearest(question: str, answering: Sequence[tuple[Quote, Source]], similarity: Similarity) -> tuple[Quote, Source]:
    """Of a document's likeliest sentences the one that is nearest to the question."""
    tried = answering[:_TRIED]
    cosines = similarity(question, [quote.text for quote, _ in tried])
    return tried[max(range(len(tried)), key=cosines.__getitem__)]


def differ(question: str, one: str, other: str, similarity: Similarity | None = None) -> bool:
    """Whether two sentences answer a question, and not with the same. When a boat arrives is no answer to when it leaves."""
    if not _apart(question, one, other) or any(_of_the_opposite(question, text) for text in (one, other)):
        return False
    return _in_its_words(question, one, other) or _in_others(question, one, other, similarity)


def _of_the_opposite(question: str, text: str) -> bool:
    tongue = language(text)
    return bool(opposite(ask(question, tongue), (read(text, tongue),)))


def _apart(question: str, one: str, other: str) -> bool:
    """Whether their days or values have nothing in common."""
    apart = _days_apart(one, other) if asked_type(question) == "time" else None
    if apart is not None:
        return apart
    ours, theirs = values(question, one), values(question, other)
    if not ours or not theirs or ours & theirs:
        return False
    return _names(ours) or max(len(ours), len(theirs)) <= _FEW


def _names(found: frozenset[tuple[float, str] | str]) -> bool:
    return any(isinstance(value, str) for value in found)


def _in_its_words(question: str, one: str, other: str) -> bool:
    tongue = language(one)
    asked, a, b = ask(question, tongue), read(one, tongue), read(other, tongue)
    heard = [item for item in asked.items if item.kind != "link"]
    if covered(heard, a) != covered(heard, b):
        return False
    if _names(values(question, one)):
        return share(heard, a) >= _SAME
    days = asked_type(question) == "time" and _days_apart(one, other)
    return max(_share(a, b), _share(b, a)) >= (_SAME_DAY if days else _SAME)


def _in_others(question: str, one: str, other: str, similarity: Similarity | None) -> bool:
    if similarity is None or _names(values(question, one)):
        return False
    first, second = similarity(question, [_bare(one), _bare(other)])
    return _near(one, other, similarity) and abs(first - second) <= _FARTHER


def _near(one: str, other: str, similarity: Similarity) -> bool:
    return similarity(_bare(one), [_bare(other)])[0] >= _NEAR


def _bare(text: str) -> str:
    return _FIGURES.sub("…", text)


def _days_apart(one: str, other: str) -> bool | None:
    """Whether they name days none of which is the same; None where one names none. 12月20日 and 12月27日 share a number."""
    ours, theirs = dates(one), dates(other)
    if ours and theirs:
        return not any(a.agrees(b) for a in ours for b in theirs)
    for when in (weekdays, clock):
        first, second = frozenset(when(one)), frozenset(when(other))
        if first and second:
            return not first & second
    return None


def _share(one: Statement, other: Statement) -> float:
    return share([item for item in one.items if not item.number], other)


def _place(quote: Quote, source: Source) -> Place:
    passage = source.hit.passage
    start = passage.start + quote.start
    return Place(source.document, passage.page, start, start + len(quote.text), quote.text)
