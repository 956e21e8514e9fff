"""Which sentences of a text say most of what it is about, and which of them together are as long as is wanted.

LexRank (Erkan and Radev, 2004) in its continuous form, over words and, in scripts without spaces, pairs of characters; no
library of it is alive without a download of its own (`sumy` wants NLTK's data and two abandoned packages).
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from math import log

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from chatbot.tasks.summarize.sections import BEGINS, ENDS, words
from chatbot.tasks.summarize.text import Section
from retrieval.checks.sentences import spans
from retrieval.text.words import language, tokens
from retrieval.types import Passage

Floats = npt.NDArray[np.float32]

BLOCK = 800  # sentences ranked against each other: the matrix of similarities is square
DAMPING = 0.85
SHORTEST, LONGEST = 6, 90  # words of a sentence that can well stand alone in a summary
LEAD = 0.6  # what being the first sentence of a section adds to its rank
BRIEF = 0.3  # what is left of the rank of a sentence shorter than that
LEANING = 0.7  # what is left of the rank of a sentence that leans on the one before it
FOCUS = 8.0  # times the cosine with a question that is asked for, added to 1: a shared word outweighs being the first sentence
ECHO = 0.7  # cosine from which two sentences do not vote for each other
ALIKE = 0.6  # cosine from which the second of two sentences says nothing new
TOLERANCE = 0.25  # of the wanted length ...
CLOSE = 0.1  # ... and what is tried first
TRIED = 60  # sentences among which the best set is sought

_LEANS = re.compile(
    r"(?:This|That|These|Those|Its?|They|Their|He|She|His|Her|However|But|And|Also|Such|Therefore|Thus|Instead)\b|[a-z]"
    r"|[这那其他她它因但而此]"
)
_ROW = re.compile(r" \| |\.{4,}|_{4,}|\A\s*\||\t.*\t")
_NUMBER = r"(?:\d{1,3}(?:\.\d{1,3})*[.)]?|[IVXLCDM]{1,6}[.)]|[A-Za-z][.)]|[(（][\dA-Za-z一二三四五六七八九十]{1,3}[)）]|[一二三四五六七八九十]{1,3}、|[-*•·])"
_ITEM = re.compile(rf"\s*{_NUMBER}(?:[ \t]+|(?<=、))(?=\S)")
_ONLY_NUMBER = re.compile(rf"\W*{_NUMBER}\W*\Z")
_TITLE_WORDS = 8  # a heading's at most, where nothing but its line tells it from the sentence below


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence as it stands: `passage.text[start:end]`. `rank` is 1 on average; `section` counts the text's sections."""

    passage: Passage
    start: int
    end: int
    text: str
    size: int
    section: int
    position: int
    rank: float = 1.0


class Space:
    """Texts as vectors of length 1 over their words, rare words weighing more. `language` tells how to stem."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.language = language("\n".join(texts[:40]))
        rows = [Counter(self._terms(text)) for text in texts]
        counts = Counter(term for row in rows for term in row)
        self._vocabulary = {term: at for at, term in enumerate(counts)}
        self._weights = {term: log((1 + len(rows)) / count) for term, count in counts.items()}
        self.rows = self._matrix(rows)

    def vectors(self, texts: Sequence[str]) -> csr_matrix:
        """float32 [texts, terms]; words that the texts of this space lack do not count."""
        return self._matrix([Counter(self._terms(text)) for text in texts])

    def _terms(self, text: str) -> list[str]:
        found = tokens(text, self.language)
        spaced = [token.stem for token in found if not (token.dense or token.stop)]
        pairs = [a.form + b.form for a, b in pairwise(found) if a.dense and b.dense and a.run == b.run]
        return [*spaced, *pairs]

    def _matrix(self, rows: Sequence[Counter[str]]) -> csr_matrix:
        indices: list[int] = []
        values: list[float] = []
        ends = [0]
        for row in rows:
            known = [
                (self._vocabulary[term], n * self._weights[term]) for term, n in row.items() if term in self._weights
            ]
            length = sum(value * value for _, value in known) ** 0.5 or 1.0
            indices += [at for at, _ in known]
            values += [value / length for _, value in known]
            ends.append(len(indices))
        return csr_matrix(
            (np.asarray(values, np.float32), np.asarray(indices, np.int32), ends),
            shape=(len(rows), max(1, len(self._vocabulary))),
        )


def centrality(vectors: csr_matrix) -> Floats:
    """LexRank of each row, 1 on average."""
    count = vectors.shape[0]
    similar = np.asarray((vectors @ vectors.T).todense(), np.float32)
    similar[similar > ECHO] = 0  # a sentence and itself, and phrases that return: "Archived from the original on ..."
    sums = similar.sum(1, keepdims=True)
    similar = np.where(sums > 0, similar / np.maximum(sums, 1e-9), np.float32(1 / max(1, count)))
    rank = np.full(count, 1 / max(1, count), np.float32)
    for _ in range(60):
        new = (1 - DAMPING) / count + DAMPING * (rank @ similar)
        done = float(np.abs(new - rank).sum()) < 1e-6
        rank = new.astype(np.float32)
        if done:
            break
    return np.asarray(rank * count, np.float32)


class Ranking:
    """The sentences of a text that can stand alone, ranked; and any other sentence by the same measure."""

    def __init__(self, sections: Sequence[Section], focus: str = "") -> None:
        """With a `focus`, sentences that share words with it count more."""
        found = candidates(sections)
        self._space = Space([one.text for one in found])
        self._blocks = [slice(at, at + BLOCK) for at in range(0, len(found), BLOCK)]
        ranks = np.concatenate(
            [centrality(self._space.rows[block]) for block in self._blocks] or [np.zeros(0, np.float32)]
        )
        near = np.asarray((self._space.rows @ self._space.vectors([focus]).T).todense(), np.float32)[:, 0]
        self.sentences = [
            replace(c, rank=(float(rank) + lead) * _worth(c) * (1 + FOCUS * float(close)))
            for c, rank, lead, close in zip(found, ranks, _leads(found), near, strict=True)
        ]

    @cached_property
    def _centre(self) -> Floats:
        weights = np.asarray([one.rank for one in self.sentences], np.float32)
        centre = np.asarray(self._space.rows.T @ weights, np.float32)
        length = float(np.linalg.norm(centre)) or 1.0
        return np.asarray(centre / length, np.float32)

    def closeness(self, texts: Sequence[str]) -> Floats:
        """Cosine of each text with what the whole is about."""
        return np.asarray(self._space.vectors(texts) @ self._centre, np.float32)

    def alike(self, texts: Sequence[str]) -> Floats:
        """Cosines of each with each."""
        vectors = self._space.vectors(texts)
        return np.asarray((vectors @ vectors.T).todense(), np.float32)

    def best(self, section: int) -> Candidate | None:
        """The sentence that stands for a section."""
        here = [one for one in self.sentences if one.section == section]
        return max(here, key=lambda one: one.rank, default=None)


def candidates(sections: Sequence[Section]) -> list[Candidate]:
    """Sentences that can stand alone; where a section has none that ends as a sentence does, what it has but rows of tables."""
    found: list[Candidate] = []
    for number, section in enumerate(sections):
        here = [
            Candidate(passage, start, end, passage.text[start:end], words(passage.text[start:end]), number, 0)
            for passage in section.passages
            for start, end in (_bare(passage.text, *span) for span in spans(passage.text))
            if start < end
        ]
        usable = [one for one in here if _stands_alone(one)]
        rest = [one for one in here if one.size and not _ROW.search(one.text) and not _ONLY_NUMBER.fullmatch(one.text)]
        found += usable or [one for one in rest if not _is_heading(one)][:40] or rest[:1]
    return [replace(c, position=position) for position, c in enumerate(found)]


def _bare(text: str, start: int, end: int) -> tuple[int, int]:
    """The sentence without its number in a list, and without a heading that stands above it and has no full stop."""
    while item := _ITEM.match(text, start, end):
        start = item.end()
    line = text.find("\n", start, end)
    if line < 0:
        return start, end
    title, rest = text[start:line].strip(), text[line:end].lstrip()
    begins = rest[:1].isupper() or rest[:1].isdigit() or not rest[:1].isascii()
    if (
        title
        and begins
        and words(title) <= _TITLE_WORDS
        and 2 * len(title) < len(rest)
        and title[-1] not in ",，、;；-"
    ):
        return _bare(text, end - len(rest), end)
    return start, end


def _stands_alone(one: Candidate) -> bool:
    telling = BEGINS.match(one.text) and ENDS.search(one.text) and not _ROW.search(one.text) and not _is_heading(one)
    return bool(telling) and 1 <= one.size <= LONGEST and not _ONLY_NUMBER.fullmatch(one.text)


def _is_heading(one: Candidate) -> bool:
    line = one.text.lstrip("# ").strip()
    return re.match(r"#{1,6}\s", one.text) is not None or line in one.passage.heading.split(" > ")


def _worth(one: Candidate) -> float:
    short = BRIEF if one.size < SHORTEST else 1.0
    return short * (LEANING if _LEANS.match(one.text) else 1.0)


def _leads(found: Sequence[Candidate]) -> list[float]:
    """First sentences tell what a section is about, the more so the earlier."""
    leads, place, section = [], 0, -1
    for one in found:
        place = place + 1 if one.section == section else 0
        section = one.section
        leads.append(LEAD / (1 + place))
    return leads


def chosen(sizes: Sequence[int], scores: Sequence[float], alike: Floats, wanted: int) -> list[int]:
    """Which to take, in order: none says what a better one says, and their sizes add up to `wanted` within `TOLERANCE`.

    Where no set does, the one whose size is nearest. Exact over the `TRIED` best by dynamic programming over sizes.
    """
    kept: list[int] = []
    for at in sorted(range(len(sizes)), key=lambda n: (-scores[n], n)):
        if sizes[at] and all(alike[at, other] < ALIKE for other in kept):
            kept.append(at)
        if len(kept) == TRIED:
            break
    most = round(wanted * (1 + TOLERANCE))
    sets: dict[int, tuple[float, tuple[int, ...]]] = {0: (0.0, ())}
    for at in kept:
        for size, (value, members) in sorted(sets.items(), reverse=True):
            total, more = size + sizes[at], value + scores[at] * sizes[at]
            if total <= most and more > sets.get(total, (-1.0, ()))[0]:
                sets[total] = (more, (*members, at))
    for near in (CLOSE, TOLERANCE):
        able = {size: found for size, found in sets.items() if abs(size - wanted) <= near * wanted}
        if able:
            return sorted(able[max(able, key=lambda size: able[size][0] / size)][1])
    largest = max(sets)
    single = min(kept, key=lambda at: _off(sizes[at], wanted), default=None)
    if single is not None and _off(sizes[single], wanted) < _off(largest, wanted):
        return [single]
    return sorted(sets[largest][1])


def _off(size: int, wanted: int) -> float:
    """By what factor a size is too large or too small: of one word where 16 are wanted little can be learnt."""
    return max(size / wanted, wanted / max(size, 0.1))
