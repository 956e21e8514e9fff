"""What the program itself says or quotes, with the places it stands on, as an answer."""

from collections.abc import Sequence
from dataclasses import dataclass

from chatbot.tasks.answer.check import Answer, Citations, Found, Note, Reason, Sentence, Source, Verdict
from chatbot.tasks.answer.routes.kinds import Kind
from retrieval.checks.verify import Quote
from retrieval.types import Document, Hit, Passage


@dataclass(frozen=True, slots=True)
class Place:
    """`text` is `start` to `end` of the document's page."""

    document: Document
    page: int
    start: int
    end: int
    text: str

    @property
    def source(self) -> Source:
        passage = Passage(self.page, self.start, self.end, self.text, document=self.document.id)
        return Source(Hit(passage, 1.0), self.document)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an answer."""

    text: str
    places: tuple[Place, ...]


def quoted(place: Place) -> Line:
    return Line(place.text.strip(), (place,))


def told(
    query: str,
    route: Kind,
    lines: Sequence[Line],
    *,
    verbatim: bool = True,
    note: Note = "",
    verdict: Verdict = "supported",
) -> Answer:
    """`verbatim`: the lines are words of the documents."""
    places = list(dict.fromkeys(place for line in lines for place in line.places))
    found = Found(query, tuple(place.source for place in places), None, route)
    cited = Citations(found.sources)
    text, parts = "", []
    for line in lines:
        quotes = [Quote(places.index(place), 0, len(place.text), place.text) for place in line.places]
        parts.append(Sentence(line.text, len(text), verdict, cited.numbers(quotes)))
        text += line.text + "\n"
    reason: Reason = "asked" if verbatim else ""
    return Answer("answered", found, text.rstrip(), tuple(parts), cited.all, reason, note=note)
