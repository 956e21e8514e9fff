"""How well the gate refuses, citations point and extracts answer, over paragraphs with questions whose answer is known."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from retrieval.checks.extract import ENOUGH, extract
from retrieval.checks.gate import Gate
from retrieval.checks.verify import Quote, verify
from retrieval.search.embed import Embedder
from retrieval.search.fuse import knows
from retrieval.search.index import Index
from retrieval.search.keywords import KeywordIndex
from retrieval.search.vectors import VectorIndex
from retrieval.types import Hit, Passage

DEPTH = 5


@dataclass(frozen=True, slots=True)
class Question:
    """`paragraph` counts the collection's paragraphs from 0. `start` of the answer in it, -1 when it is not told."""

    text: str
    paragraph: int
    answer: str
    start: int = -1


class Collection:
    """Paragraphs, each one passage, searched as the library does."""

    def __init__(self, paragraphs: Sequence[str], embedder: Embedder | None) -> None:
        self.passages = [Passage(n, 0, len(text), text, position=0, id=n) for n, text in enumerate(paragraphs)]
        self.embedder = embedder
        self._ids = np.arange(len(paragraphs), dtype=np.int64)
        vectors = embedder.passages(paragraphs) if embedder else None
        self._index = Index(KeywordIndex(), VectorIndex(embedder.dimension) if embedder else None)
        self._index.add(self._ids, paragraphs, vectors)
        self._cached = lru_cache(maxsize=None)(self._search)  # several measures ask the same

    def search(self, question: str, *, without: int | None = None, limit: int = DEPTH) -> list[Hit]:
        """`without` is the paragraph that is taken out of the collection."""
        return list(self._cached(question, without, limit))

    def _search(self, question: str, without: int | None, limit: int) -> list[Hit]:
        asked = self.embedder and knows(self.embedder.languages, question)
        vector = self.embedder.queries([question])[0] if self.embedder and asked else None
        allowed = None if without is None else np.delete(self._ids, without)
        ranked = self._index.search(question, vector, limit, allowed=allowed)
        return [Hit(self.passages[r.id], r.score, r.lexical, r.dense) for r in ranked]


@dataclass(frozen=True, slots=True)
class Refusal:
    """`probabilities` that the gate gave to questions with their paragraph in the collection and without it. What is only near
    is not refused; `nearly` is the share of it among each of the two."""

    answerable: tuple[float, ...]
    unanswerable: tuple[float, ...]
    wrongly_refused: float  # share of the answerable
    rightly_refused: float  # share of the others
    nearly: tuple[float, float] = (0.0, 0.0)

    def at_threshold(self) -> tuple[float, float]:
        """Share of all questions answered, share of those without an answer, as the gate decides."""
        good, bad = len(self.answerable), len(self.unanswerable)
        right, wrong = good * (1 - self.wrongly_refused), bad * (1 - self.rightly_refused)
        return (right + wrong) / (good + bad), wrong / max(1.0, right + wrong)

    def curve(self) -> list[tuple[float, float, float]]:
        """Risk against coverage: (threshold, share of all questions answered, share of those without an answer)."""
        points = []
        for threshold in sorted({*self.answerable, *self.unanswerable}):
            good = sum(p >= threshold for p in self.answerable)
            bad = sum(p >= threshold for p in self.unanswerable)
            points.append(
                (threshold, (good + bad) / (len(self.answerable) + len(self.unanswerable)), bad / (good + bad))
            )
        return points


def refusal(collection: Collection, questions: Sequence[Question], gate: Gate) -> Refusal:
    judged = [
        [gate.judge(q.text, collection.search(q.text, without=without)) for without in (None, q.paragraph)]
        for q in questions
    ]
    with_, without = [pair[0] for pair in judged], [pair[1] for pair in judged]
    return Refusal(
        tuple(j.probability for j in with_),
        tuple(j.probability for j in without),
        sum(not (j.answered or j.near) for j in with_) / len(with_),
        sum(not (j.answered or j.near) for j in without) / len(without),
        (sum(j.near for j in with_) / len(with_), sum(j.near for j in without) / len(without)),
    )


@dataclass(frozen=True, slots=True)
class Pointing:
    """`precision`: share of quotes that hold the answer where it stands; `recall`: share of questions with such a quote.

    `length` is the characters quoted for a question, on average.
    """

    precision: float
    recall: float
    questions: int
    quotes: int
    length: float


def citations(collection: Collection, questions: Sequence[Question], answer: Callable[[Question], str]) -> Pointing:
    """What the program cites for `answer(question)`, given the five best passages."""

    def cite(question: Question, hits: Sequence[Hit]) -> Sequence[Quote]:
        return verify(answer(question), [hit.passage for hit in hits], question=question.text).quotes

    return _pointing(collection, questions, cite)


def extracts(collection: Collection, questions: Sequence[Question], limit: int, *, enough: float = ENOUGH) -> Pointing:
    """What is quoted when no model answers: at most `limit` sentences, until the answer is `enough` likely among them."""
    return _pointing(collection, questions, lambda question, hits: extract(question.text, hits, limit, enough=enough))


def _pointing(
    collection: Collection,
    questions: Sequence[Question],
    cite: Callable[[Question, Sequence[Hit]], Sequence[Quote]],
) -> Pointing:
    right, quotes, found, length = 0, 0, 0, 0
    for question in questions:
        hits = collection.search(question.text)
        made = cite(question, hits)
        good = sum(holds(hits[quote.passage].passage, quote.start, quote.end, question) for quote in made)
        right, quotes, found = right + good, quotes + len(made), found + bool(good)
        length += sum(quote.end - quote.start for quote in made)
    asked = max(1, len(questions))
    return Pointing(right / max(1, quotes), found / asked, len(questions), quotes, length / asked)


def holds(passage: Passage, start: int, end: int, question: Question) -> bool:
    """Whether the answer stands in `passage.text[start:end]`. Where its place is not told, any of its places counts."""
    if passage.id != question.paragraph:
        return False
    places = [question.start] if question.start >= 0 else _places(passage.text, question.answer)
    return any(start <= place and place + len(question.answer) <= end for place in places)


def _places(text: str, part: str) -> Iterator[int]:
    place = text.find(part)
    while part and place >= 0:
        yield place
        place = text.find(part, place + 1)
