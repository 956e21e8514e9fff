"""A model's summary held against the text: sentences with verdicts and places; and what a summary is in the end."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from chatbot.tasks.summarize.rank import Candidate
from chatbot.tasks.summarize.sections import words
from chatbot.tasks.summarize.text import Section, Text
from chatbot.types import FinishReason
from retrieval.checks.verify import Label, Similarity, verify
from retrieval.text.sentences import sentences
from retrieval.text.words import language, tokens
from retrieval.types import Citation, Passage

Reason = Literal["", "language", "model", "short"]
"""Why a summary only quotes: the model does not know the language, there is no model now, or the text is short already."""

Mark = Literal["", "decision", "task", "open"]
"""What a sentence of minutes is."""

NEARBY = 8  # passages that a sentence is held against: those that share most words with it
SHORTEST = 3  # words of a sentence that says something

_MARK = re.compile(r"\A\s*(?:[-*•·]|\d{1,2}[.)]|#{1,6})\s+")
_OPENING = re.compile(
    r"\A\W*(?:here (?:is|are)\b[^:\n]{0,80}:|(?:a |the )?summary(?: of [^:\n]{0,60})?:)\s*", re.IGNORECASE
)


_ABOUT_ITSELF = re.compile(
    r"(?:the|this) (?:document|text|file|passage|article|content|section) (?:is|appears to be|seems to be)"
    r"(?: an?| the)?(?: \w+)? (?:text|document|file|passage|article|piece of text)s?\b"
    r"|(?:这|该|本)(?:个|份|篇|段)?(?:文档|文本|文件|文章|内容)是(?:一)?(?:个|份|篇|段)?\S{0,4}(?:文档|文本|文件|文章)",
    re.IGNORECASE,
)
"""Of what is in a text it says nothing, whatever words it shares with it."""


@dataclass(frozen=True, slots=True)
class Place:
    """`passage.text[start:end]`."""

    passage: Passage
    start: int
    end: int

    @property
    def text(self) -> str:
        return self.passage.text[self.start : self.end]


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence for a summary. `quoted`: it is the text's own. `section` counts the text's sections."""

    text: str
    verdict: Label
    places: tuple[Place, ...]
    section: int
    quoted: bool = False

    @property
    def size(self) -> int:
        return words(self.text)


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence of a finished summary; `citations` are the `n` of the summary's citations. `lead` is a question that it answers;
    `original` is what was checked, where `text` is its translation."""

    text: str
    verdict: Label
    citations: tuple[int, ...] = ()
    quoted: bool = False
    mark: Mark = ""
    lead: str = ""
    original: str = ""


@dataclass(frozen=True, slots=True)
class SectionLine:
    """One sentence for one section. `first` and `last` are pages, `start` and `end` characters of the whole text."""

    title: str
    line: Line
    first: int
    last: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Summary:
    """The end. `wanted` and `size` are words. `quoted`: why all sentences are the text's own; empty: the model wrote too.

    `cited` holds the passage of each citation, in the order of `citations`, so that a kept summary can still show where
    a sentence stands. `refused` are sentences of the model that were left out because the text does not say them.
    `reached` is smaller than `of` when the work was stopped: so many sections were summarized. `condensed`: the text was
    so long that the model read its most telling sentences only.
    """

    name: str
    sentences: tuple[Line, ...]
    sections: tuple[SectionLine, ...]
    citations: tuple[Citation, ...]
    cited: tuple[Passage, ...]
    size: int
    wanted: int
    words: int
    language: str = ""
    quoted: Reason = ""
    refused: tuple[str, ...] = ()
    reached: int = 0
    of: int = 0
    condensed: bool = False
    paged: bool = False
    model: str = ""
    adapter: str = ""
    finish: FinishReason = "stop"
    form: str = "paragraph"
    focus: str = ""
    apart: bool = False  # whether no word of `focus` stands in the text

    @property
    def text(self) -> str:
        return joined([line.text for line in self.sentences])

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> "Summary":
        """What `to_dict` gave, also after a way through JSON."""
        known = {field.name: record[field.name] for field in fields(cls) if field.name in record}
        known["sentences"] = tuple(_line(line) for line in record["sentences"])
        known["sections"] = tuple(SectionLine(**{**one, "line": _line(one["line"])}) for one in record["sections"])
        known["citations"] = tuple(Citation(**one) for one in record["citations"])
        known["cited"] = tuple(Passage(**{**one, "tables": ()}) for one in record["cited"])  # shown is their text
        known["refused"] = tuple(record.get("refused", ()))
        return cls(**known)


def joined(texts: Sequence[str]) -> str:
    """Sentences one after the other; between sentences of a script without spaces stands none."""
    whole = ""
    for text in (" ".join(text.split()) for text in texts):
        gap = "" if not whole or whole[-1] in "。！？；…」』”" else " "
        whole += gap + text
    return whole


def held(written: str, section: int, passages: Sequence[Passage], similarity: Similarity | None = None) -> list[Said]:
    """Each sentence of a model's text against `passages`. What states nothing, an announcement for instance, is left out."""
    found: list[Said] = []
    written = _OPENING.sub("", written.strip())
    titles = {title for passage in passages for title in passage.heading.split(" > ")}
    for start, end in sentences(written):
        text = " ".join(_MARK.sub("", written[start:end]).replace("**", "").split())
        if words(text) < SHORTEST or text.endswith((":", "：")) or text in titles or any(text == o.text for o in found):
            continue
        if _ABOUT_ITSELF.match(text):
            continue
        near = nearest(text, passages)
        verdict = verify(text, near, similarity=similarity)
        if verdict.label != "no_claim":
            places = tuple(Place(near[quote.passage], quote.start, quote.end) for quote in verdict.quotes)
            found.append(Said(text, verdict.label, places, section))
    return found


def copied(said: Said) -> float:
    """The share of the sentence's content words that stand, in some form, where it is said to stand."""
    tongue = language(" ".join(place.text for place in said.places) or said.text)
    content = [token.stem for token in tokens(said.text, tongue) if not token.stop]
    there = {token.stem for place in said.places for token in tokens(place.text, tongue)}
    return sum(stem in there for stem in content) / max(1, len(content))


def nearest(text: str, passages: Sequence[Passage]) -> list[Passage]:
    """The passages that share most words with `text`, in their order."""
    if len(passages) <= NEARBY:
        return list(passages)
    wanted = {token.form for token in tokens(text) if not token.stop}
    shared = [len(wanted & {token.form for token in tokens(passage.text)}) for passage in passages]
    best = sorted(range(len(passages)), key=lambda at: (-shared[at], at))[:NEARBY]
    return [passages[at] for at in sorted(best)]


def quotation(candidate: Candidate) -> Said:
    """A sentence as it stands in the text."""
    place = Place(candidate.passage, candidate.start, candidate.end)
    return Said(" ".join(candidate.text.split()), "supported", (place,), candidate.section, quoted=True)


class Citations:
    """Numbers places in the order in which they are first cited."""

    def __init__(self, text: Text) -> None:
        self._text = text
        self._known: dict[tuple[str, int, int, int], tuple[Citation, Passage]] = {}

    @property
    def all(self) -> tuple[Citation, ...]:
        return tuple(citation for citation, _ in self._known.values())

    @property
    def passages(self) -> tuple[Passage, ...]:
        return tuple(passage for _, passage in self._known.values())

    def line(self, said: Said) -> Line:
        numbers = tuple(dict.fromkeys(self._number(place) for place in said.places))
        return Line(said.text, said.verdict, numbers, said.quoted)

    def section_line(self, said: Said, section: Section) -> SectionLine:
        return SectionLine(section.title, self.line(said), *section.pages, section.start, section.end)

    def _number(self, place: Place) -> int:
        passage = place.passage
        key = passage.document, passage.page, passage.start + place.start, passage.start + place.end
        if key not in self._known:
            n, name = len(self._known) + 1, self._text.names.get(passage.document, self._text.name)
            citation = Citation(n, passage.document, name, passage.page, place.text, key[2], key[3])
            self._known[key] = citation, passage
        return self._known[key][0].n


def _line(record: Mapping[str, Any]) -> Line:
    rest = {name: record.get(name, "") for name in ("mark", "lead", "original")}
    return Line(record["text"], record["verdict"], tuple(record["citations"]), record["quoted"], **rest)
