"""A text held against the passages it was written from: sentences with verdicts, and citations that are data."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from chatbot.tasks.answer.routes.kinds import Kind
from chatbot.tasks.answer.trust import Likely, Trust
from chatbot.types import FinishReason
from retrieval.checks.asked.parts import left_out
from retrieval.checks.asked.types import answers
from retrieval.checks.extract import extract, likelihood
from retrieval.checks.gate import Judgement
from retrieval.checks.verify import Label, Quote, Similarity, verify
from retrieval.text.sentences import sentences
from retrieval.types import Citation, Document, Hit

LIKELY = 0.01
"""Probability that a sentence's place holds the answer, under which the place is another one: of 354 questions of SQuAD found by
words alone the right place has less for 2.5 %, any other sentence of the passages for 88 %."""
QUOTED = 4  # sentences that are quoted at most where the model's do not serve

Reason = Literal["", "language", "model", "unsure", "near", "cell", "asked", "part"]
"""Why an answer only quotes: the model does not know the question's language, there is no model now, it read the passages
and did not find the answer, although the gate did; the gate finds the passages near and no more; the program read it from the
cell of a table; the question asks for words of the document; or it asks for two things, and the model told one."""

Verdict = Literal[Label, "related"]
"""`related`: the document says so, but the sentence is not of the kind that the question asks for."""


Note = Literal["", "disagree", "newer", "ranked", "uncounted"]
"""The documents cited do not say the same; a mail says otherwise than the one it quotes; two things were compared by the program, the wanted one stands first; or a count is
asked for that search cannot make, and none is stated."""


@dataclass(frozen=True, slots=True)
class Source:
    """A passage that was found, and the document it stands in."""

    hit: Hit
    document: Document


@dataclass(frozen=True, slots=True)
class Sentence:
    """`text` begins at character `start` of the answer. `citations` are the `n` of the answer's citations.

    `original` is what was checked, where `text` is its translation.
    """

    text: str
    start: int
    verdict: Verdict
    citations: tuple[int, ...] = ()
    original: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """What was read for `query`, the question as it was searched, and by which `route`. `judgement`: how sure the gate is that
    the passages answer; None where the program looked through the documents itself."""

    query: str
    sources: tuple[Source, ...]
    judgement: Judgement | None
    route: Kind = "passages"


@dataclass(frozen=True, slots=True)
class Answer:
    """The end. When `status` is "not_found" there is no text, and `sources` are the nearest passages.

    `quoted`: why the text consists of sentences of the documents and nothing of the model's; empty: the model wrote it.
    `quotes` are the best sentences of the documents, where the model's do not cite them already. `likely` says how far the
    model's answer can be trusted, where that was ever measured. `across` is the language of the passages where the answer was
    written and checked in it, and then translated. `note`: what a person must know of it beside the verdicts.
    """

    status: Literal["answered", "not_found"]
    found: Found
    text: str = ""
    sentences: tuple[Sentence, ...] = ()
    citations: tuple[Citation, ...] = ()
    quoted: Reason = ""
    quotes: tuple[Sentence, ...] = ()
    finish: FinishReason = "stop"
    likely: Likely | None = None
    across: str = ""
    note: Note = ""

    @property
    def sources(self) -> tuple[Source, ...]:
        return self.found.sources


def checked(
    text: str,
    found: Found,
    similarity: Similarity | None = None,
    finish: FinishReason = "stop",
    *,
    trust: Trust | None = None,
    nats: float = 0.0,
) -> Answer:
    """A model's text with each sentence held against the passages it was written from. `nats`: the text's log-probability."""
    passages = [source.hit.passage for source in found.sources]
    cited = Citations(found.sources)
    parts: list[Sentence] = []
    evidence: list[Quote] = []
    for start, end in sentences(text):
        verdict = verify(text[start:end], passages, question=found.query, similarity=similarity)
        label = _worth(verdict.label, found, text[start:end], verdict.quotes)
        parts.append(Sentence(text[start:end], start, label, cited.numbers(verdict.quotes)))
        evidence += verdict.quotes
    supported = any(part.verdict == "supported" for part in parts)
    if supported and finish == "stop" and (whole := _in_full(text, found, evidence)):
        return quoting(whole, found, "part")
    likely = _likely(trust, nats, found, evidence) if trust and supported and finish == "stop" else None
    relied_on = supported and not (likely and likely.doubted)
    best = [] if finish == "cancelled" else _best(found, 1 if relied_on else QUOTED)
    _, quotes = _quoted([quote for quote in best if not (supported and cited.holds(quote))], cited, found)
    return Answer("answered", found, text, tuple(parts), cited.all, "", quotes, finish, likely)


def _worth(label: Label, found: Found, sentence: str, quotes: Sequence[Quote]) -> Verdict:
    """A sentence that is true, but of another type than is asked for, or of a place where the answer hardly stands, is "related"."""
    if label != "supported":
        return label
    typed = answers(found.query, sentence, [quote.text for quote in quotes])
    place = likelihood(found.query, [source.hit for source in found.sources], quotes)
    return label if typed and place >= LIKELY else "related"


def _likely(trust: Trust, nats: float, found: Found, evidence: Sequence[Quote]) -> Likely:
    place = likelihood(found.query, [source.hit for source in found.sources], evidence)
    probability = trust.likely(nats, place, found.judgement.probability if found.judgement else 1.0)
    return Likely(probability, probability < trust.model.threshold)


def _in_full(text: str, found: Found, evidence: Sequence[Quote]) -> list[Quote]:
    """Sentences of the documents that answer what the text leaves out of a question of two parts; none where none do."""
    missing = left_out(found.query, text)
    told = list(dict.fromkeys(evidence)) if missing else []
    for part in missing:
        if not any(answers(part, quote.text) for quote in told):
            more = next((quote for quote in _best(found, QUOTED) if answers(part, quote.text)), None)
            if more is None:
                return []
            told.append(more)
    return told


def quotation(found: Found, reason: Reason) -> Answer:
    """An answer of the best sentences as they stand in the documents."""
    return quoting(_best(found, QUOTED), found, reason)


def quoting(quotes: Sequence[Quote], found: Found, reason: Reason) -> Answer:
    cited = Citations(found.sources)
    text, parts = _quoted(quotes, cited, found)
    return Answer("answered", found, text, parts, cited.all, reason)


def unsure(found: Found) -> Answer:
    """The best sentences where a model found none that answers: each may not answer."""
    given = quotation(found, "unsure")
    return replace(given, sentences=tuple(replace(one, verdict="related") for one in given.sentences))


def citations_of(found: Found, quotes: Sequence[Quote]) -> tuple[list[int], tuple[Citation, ...]]:
    """The numbers of the quotes, one each, and what they stand for."""
    made = Citations(found.sources)
    return [made.numbers([quote])[0] for quote in quotes], made.all


def _best(found: Found, count: int) -> list[Quote]:
    return extract(found.query, [source.hit for source in found.sources], count)


def _quoted(quotes: Sequence[Quote], cited: "Citations", found: Found) -> tuple[str, tuple[Sentence, ...]]:
    """Sentences of the documents, one a line, and each of them by itself."""
    text = ""
    parts = []
    for quote in quotes:
        label = _worth("supported", found, quote.text, [quote])
        parts.append(Sentence(quote.text, len(text), label, cited.numbers([quote])))
        text += quote.text + "\n"
    return text.rstrip(), tuple(parts)


class Citations:
    """Numbers places in the order in which they are first cited. Only passages that were found can be."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self._sources = sources
        self._known: dict[tuple[str, int, int, int], Citation] = {}

    @property
    def all(self) -> tuple[Citation, ...]:
        return tuple(self._known.values())

    def numbers(self, quotes: Sequence[Quote]) -> tuple[int, ...]:
        return tuple(dict.fromkeys(self._number(quote) for quote in quotes))

    def holds(self, quote: Quote) -> bool:
        """Whether what is cited already includes it."""
        document, page, start, end = self._place(quote)
        return any(d == document and p == page and a <= start and end <= b for d, p, a, b in self._known)

    def _place(self, quote: Quote) -> tuple[str, int, int, int]:
        source = self._sources[quote.passage]
        passage = source.hit.passage
        return source.document.id, passage.page, passage.start + quote.start, passage.start + quote.end

    def _number(self, quote: Quote) -> int:
        place = self._place(quote)
        document, page, start, end = place
        if place not in self._known:
            n = len(self._known) + 1
            name = self._sources[quote.passage].document.name
            self._known[place] = Citation(n, document, name, page, quote.text, start, end)
        return self._known[place].n
