"""Two things that are compared by what prose says of each: "Which viaduct is older?" of two paragraphs or two documents.

The program reads the figure of each and puts the one that is asked for first. Where one of them has none, or several, it does not
decide.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chatbot.tasks.answer.routes.asking import Asking, holds, unheld
from chatbot.tasks.answer.routes.documents import Shelf
from chatbot.tasks.answer.routes.enumerated.extremes import Wanted
from chatbot.tasks.answer.routes.enumerated.items import Contents
from chatbot.tasks.answer.routes.figures import PART, Figure, comparable, figures
from chatbot.tasks.answer.routes.lines import Line, Place
from retrieval.checks.clauses.cut import POINTS_FIRST
from retrieval.checks.sentences import spans
from retrieval.text.words import is_dense

_TWO = 2  # characters that name a class in a script without spaces, as a rule
_LONGEST = 6  # characters before the noun that a name of a script without spaces may have: 东门 of 东门高架桥
_WORD = r"[A-Z][\w'’-]*"
_ARTICLE = re.compile(r"\A(?:The|A|An|This|That|Our|Both|Each|Every|No|In|At|On|Of|From|Near|By|With|For|To)\s")
_GENERAL = re.compile("[这那该此每各本某两二一几新旧老座条个的是和与及或在从到由]")


@dataclass(frozen=True, slots=True)
class Told:
    """What one of the two is called, and where its figure stands."""

    name: str
    figure: Figure
    place: Place

    @property
    def line(self) -> Line:
        return Line(f"{self.name}: {self.place.text}", (self.place,))


def ranked(wanted: Wanted, two: Sequence[str], shelf: Shelf, documents: Sequence[Contents]) -> list[Told]:
    """Both by their names, the wanted one first; [] where that is not told."""
    rest = wanted.rest
    for name in two:
        rest = rest.replace(name, " ")
    words = Asking.of(rest).words
    for name in two:  # and the class in their names
        words = unheld(words, name)
    one, other = (_told(name, two, wanted, words, shelf, documents) for name in two)
    shared = sorted(
        one.keys() & other.keys()
    )  # a length before a time: the years of its building are not how long it is
    if not shared or not comparable(one[shared[0]].figure, other[shared[0]].figure):
        return []
    both = [one[shared[0]], other[shared[0]]]
    return sorted(both, key=lambda told: told.figure.number, reverse=both[0].figure.end == "max")


def members(noun: str, documents: Sequence[Contents]) -> list[str]:
    """What the documents name with the noun in its name: Eastgate Viaduct, Hotel Anker, 东门高架桥."""
    text = "\n".join(page.text for document in documents for page in document.pages)
    if not is_dense(noun):
        return _spaced(noun, text) if noun else []
    for size in range(len(noun), 0, -1):  # nothing tells where the noun ends: 哪座高架桥建成得更早
        if len(found := _dense(noun[:size], text)) > 1:
            return found
    return []


def _spaced(noun: str, text: str) -> list[str]:
    called = rf"(?i:{re.escape(noun if noun.endswith('ss') else noun.removesuffix('s'))})"
    names = re.compile(rf"\b(?:{_WORD} )+{called}\b|\b{called}(?: {_WORD}| \d+)+\b")
    found = (_ARTICLE.sub("", m.group()) for m in names.finditer(text))
    return list({name.casefold(): name for name in found if " " in name and not name.islower()}.values())


def _dense(noun: str, text: str) -> list[str]:
    """Each at the beginning of a sentence or a part of one; what ends with another name is that one."""
    at = re.compile(rf"(?:^|[\s#。，；：、（(「“”])([^\W\dA-Za-z]{{1,{_LONGEST}}}?{re.escape(noun)})", re.MULTILINE)
    found = dict.fromkeys(m[1] for m in at.finditer(text) if not _GENERAL.match(m[1]))
    return [one for one in found if not any(one != other and one.endswith(other) for other in found)]


def _told(
    name: str, two: Sequence[str], wanted: Wanted, words: Sequence[str], shelf: Shelf, documents: Sequence[Contents]
) -> dict[str, Told]:
    """By unit the figure that its sentences say, of those in which they agree."""
    found = [
        Told(name, said, place)
        for document in documents
        for place in _of(name, two, shelf.title(document.document), document)
        for said in figures(_part(place.text, name, two), wanted, words)
    ]
    units = {told.figure.unit: told for told in reversed(found)}
    return {unit: first for unit, first in units.items() if _agree(unit, found)}


def _agree(unit: str, found: Sequence[Told]) -> bool:
    return len({told.figure for told in found if told.figure.unit == unit}) == 1


def _of(name: str, two: Sequence[str], title: str, document: Contents) -> Iterator[Place]:
    """Sentences that speak of it: they name it, go on from one that does, or stand under a title that does."""
    head = _head(two)
    for passage in document.passages:
        over = named(passage.heading, two)
        subject = over
        for start, end in spans(passage.text):
            text = passage.text[start:end]
            here = named(text, two)
            if here:
                subject = here
            elif not (subject and (POINTS_FIRST.match(text) or _the(head, text))):
                subject = over or (named(title, two) if holds(text, head) else [])
            if subject == [name] or (name in here and _part(text, name, two)):
                yield Place(document.document, passage.page, passage.start + start, passage.start + end, text)


def _part(text: str, name: str, two: Sequence[str]) -> str:
    """What a sentence says of it alone: all, where it does not name both, else the parts that name but it."""
    if len(named(text, two)) < len(two):
        return text
    return ", ".join(part for part in PART.split(text) if named(part, two) == [name])


def named(text: str, two: Sequence[str]) -> list[str]:
    """Which of them a text names: by all of its name, or by what the other has not in its own."""
    return [one for one in two if any(_says(text, words) for words in _names(one, next(o for o in two if o != one)))]


def _names(one: str, other: str) -> Iterator[Sequence[str]]:
    words = Asking.of(one).words
    yield words
    own = [word for word in words if not is_dense(word) and unheld((word,), other)]
    if own:
        yield own


def _says(text: str, words: Sequence[str]) -> bool:
    return bool(words) and not unheld(tuple(words), text)


def _head(two: Sequence[str]) -> str:
    """The class that both names name, else what the first ends with."""
    one, other = two
    if is_dense(one):
        return one[-_TWO:]
    return next((word for word in one.split() if word in other.split()), one.split()[-1])


def _the(head: str, text: str) -> bool:
    return re.match(rf"\W*(?:the\s+)?{re.escape(head)}\b", text, re.IGNORECASE) is not None
