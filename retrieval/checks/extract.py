"""An answer without a model: the sentences of the passages that most likely hold it, quoted as they stand.

How likely is told by a conditional logit (McFadden 1974) over `retrieval.checks.quotable`, fitted by
`python -m retrieval.lab.extract_fit`; its weights lie beside it. One sentence is quoted where that is likely enough, else more.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from retrieval.checks.asked.types import answers
from retrieval.checks.evidence import Stretch
from retrieval.checks.quotable import FIGURES, Figures, figures
from retrieval.checks.sentences import leads, lines
from retrieval.checks.verify import Quote, Similarity
from retrieval.text.words import is_dense
from retrieval.types import Hit

PARAMETERS = Path(__file__).with_name("extract.json")
ENOUGH = 0.9
"""With this probability the answer shall be in what is quoted, as far as the limit allows."""
WHOLE = 400
"""Characters up to which a paragraph is quoted whole to a question in other words than its own: the longest of 120 in the
statutes, contracts and manuals of `tests/bench/documents/everyday/files` has 325, and what answers is often not the nearest sentence of it."""
CLOSE = 2  # times as many paragraphs are looked at as are quoted
TITLE = 60
"""Characters of a line that ends with no mark and stands by itself: a heading, which says nothing without what follows it."""
_ITEM = re.compile(r"(?:[-*•‣◦▪●·–—]|\(?(?:\d{1,3}|[A-Za-z])[.)]|[(（]?[一二三四五六七八九十]+[、)）])\s*\S")


@dataclass(frozen=True, slots=True)
class Ranker:
    """Weights of standardised figures."""

    means: tuple[float, ...]
    deviations: tuple[float, ...]
    weights: tuple[float, ...]

    def probabilities(self, table: Figures) -> npt.NDArray[np.float64]:
        """That each sentence [sentences] holds the answer, given that one does."""
        utility = (table - self.means) / np.array(self.deviations) @ np.array(self.weights)
        odds = np.exp(utility - utility.max(initial=-np.inf))
        shares: npt.NDArray[np.float64] = odds / odds.sum()
        return shares


def extract(question: str, hits: Sequence[Hit], limit: int = 4, *, enough: float = ENOUGH) -> list[Quote]:
    """At most `limit` sentences, the likeliest first; neighbours are one quote. `enough` is the probability to reach. One that
    leads to an enumeration brings its items.

    Each quote's `passage` counts `hits`, its offsets are of that passage's text. A question without a word of content gets
    the first sentences.
    """
    found, likely = _likely(question, hits)
    chosen: list[int] = []
    for number in np.argsort(-likely, kind="stable")[:limit]:
        if chosen and likely[chosen].sum() >= enough:
            break
        chosen.append(int(number))
    return _whole(chosen, found, hits)


def telling(question: str, hits: Sequence[Hit], *, enough: float, limit: int) -> list[Quote]:
    """The likeliest sentences until the answer is `enough` likely among them, at most `limit`, each with its neighbours.

    In the order in which they stand; a pronoun's noun is most often in the sentence before.
    """
    found, likely = _likely(question, hits)
    chosen: set[int] = set()
    for number in np.argsort(-likely, kind="stable")[:limit]:
        if likely[sorted(chosen)].sum() >= enough:
            break
        chosen.add(int(number))
    chosen |= {item for number in chosen for item in _items(number, found, hits)}
    around = {n for each in chosen for n in (each - 1, each, each + 1) if 0 <= n < len(found)}
    kept = [n for n in sorted(around) if any(found[n].passage == found[m].passage for m in chosen if abs(n - m) <= 1)]
    return [_quote(found[first], found[last], hits) for first, last in sorted(_neighbours(kept, found))]


def nearest(question: str, hits: Sequence[Hit], similarity: Similarity, limit: int = 3) -> list[Quote]:
    """At most `limit` paragraphs, for a question in other words than the hits': in turn the nearest by the cosine of a sentence and the
    one with the likeliest. Those that are of the type that is asked for (how much, when) come before what stands close to them."""
    found, likely = _likely(question, hits)
    cosines = _cosines(question, [one.said.text for one in found], similarity)
    ranks = (np.argsort(-order, kind="stable") for order in (cosines, likely))
    chosen = dict.fromkeys(int(number) for pair in zip(*ranks, strict=True) for number in pair)
    runs = list(dict.fromkeys(_paragraph(number, found, hits) for number in chosen))[: CLOSE * limit]
    quotes = [_quote(found[first], found[last], hits) for first, last in runs]
    return sorted(quotes, key=lambda quote: not answers(question, quote.text))[:limit]


def likeliest(question: str, hits: Sequence[Hit]) -> list[Quote]:
    """Every sentence of the hits by itself, the one that most likely holds the answer first."""
    found, likely = _likely(question, hits)
    return [_quote(found[n], found[n], hits) for n in np.argsort(-likely, kind="stable")]


def likelihood(question: str, hits: Sequence[Hit], quotes: Sequence[Quote]) -> float:
    """How likely the likeliest sentence among those quoted holds the answer, given that one of the hits' does; 0 for none."""
    found, likely = _likely(question, hits)
    places = [(quote.passage, quote.start, quote.end) for quote in quotes]
    touched = (
        any(one.passage == passage and one.start < end and start < one.end for passage, start, end in places)
        for one in found
    )
    return max((float(share) for share, quoted in zip(likely, touched, strict=True) if quoted), default=0.0)


def _likely(question: str, hits: Sequence[Hit]) -> tuple[list[Stretch], npt.NDArray[np.float64]]:
    found, table = figures(question, hits)
    return found, rankers()["unspaced" if is_dense(question) else "spaced"].probabilities(table)


def _cosines(question: str, texts: Sequence[str], similarity: Similarity) -> npt.NDArray[np.float64]:
    """[texts]; of an enumeration within one sentence, as statutes have them, that of its nearest item."""
    parts = [(number, part) for number, text in enumerate(texts) for part in lines(text)]
    best = np.full(len(texts), -1.0)
    if parts:
        np.maximum.at(best, [number for number, _ in parts], similarity(question, [part for _, part in parts]))
    return best


def _paragraph(number: int, found: Sequence[Stretch], hits: Sequence[Hit]) -> tuple[int, int]:
    """The first and the last sentence of its paragraph, or itself where that is too long; with the items that it leads to. A heading
    stands for the paragraph below it."""
    first = last = number
    while _joined(first - 1, found, hits):
        first -= 1
    while _joined(last, found, hits):
        last += 1
    if first == last and _is_heading(first, found) and _same_passage(last, found):
        return _paragraph(last + 1, found, hits)
    if found[last].end - found[first].start > WHOLE:
        first = last = number
    if first > 0 and first in _items(first - 1, found, hits):
        return _paragraph(first - 1, found, hits)  # once, whichever of them is near
    items = _items(last, found, hits)
    return first, items[-1] if items else last


def _joined(number: int, found: Sequence[Stretch], hits: Sequence[Hit]) -> bool:
    """Whether a sentence and the next one are of one paragraph."""
    if not _same_passage(number, found) or found[number].row or found[number + 1].row:
        return False
    between = hits[found[number].passage].passage.text[found[number].end : found[number + 1].start]
    return "\n\n" not in between


def _same_passage(number: int, found: Sequence[Stretch]) -> bool:
    return 0 <= number < len(found) - 1 and found[number].passage == found[number + 1].passage


def _is_heading(number: int, found: Sequence[Stretch]) -> bool:
    """Also one with a number ("4. Cancelling"), unless it is of a list: then the next sentence has one, too."""
    line, text = found[number], found[number].said.text
    listed = _ITEM.match(text) and _same_passage(number, found) and _ITEM.match(found[number + 1].said.text)
    return len(text) <= TITLE and text[-1:].isalnum() and not line.row and not listed


def _whole(chosen: Sequence[int], found: Sequence[Stretch], hits: Sequence[Hit]) -> list[Quote]:
    """Quotes of the sentences and of the items that they lead to."""
    with_items = [*chosen, *(item for number in chosen for item in _items(number, found, hits))]
    runs = _neighbours(list(dict.fromkeys(with_items)), found)
    return [_quote(found[first], found[last], hits) for first, last in runs]


def _items(number: int, found: Sequence[Stretch], hits: Sequence[Hit]) -> list[int]:
    """Of the enumeration that a sentence leads to ("What you need:"): marked lines, each with the rest of its line."""
    lead = found[number]
    if not leads(lead.said.text):
        return []
    run: list[int] = []
    text = hits[lead.passage].passage.text
    for n in range(number + 1, len(found)):
        goes_on = bool(run) and "\n" not in text[found[n - 1].end : found[n].start]
        if found[n].passage != lead.passage or not (goes_on or _ITEM.match(found[n].said.text)):
            break
        run.append(n)
    return run


def _neighbours(chosen: Sequence[int], found: Sequence[Stretch]) -> list[tuple[int, int]]:
    """First and last of each run of sentences that follow each other, in the order of the best of each."""
    runs: list[list[int]] = []
    for number in sorted(chosen):
        if runs and runs[-1][-1] == number - 1 and found[number - 1].passage == found[number].passage:
            runs[-1].append(number)
        else:
            runs.append([number])
    runs.sort(key=lambda run: min(chosen.index(number) for number in run))
    return [(run[0], run[-1]) for run in runs]


def _quote(first: Stretch, last: Stretch, hits: Sequence[Hit]) -> Quote:
    text = hits[first.passage].passage.text[first.start : last.end]
    return Quote(first.passage, first.start, last.end, text)


@cache
def rankers() -> dict[str, Ranker]:
    stored: dict[str, dict[str, dict[str, float]]] = json.loads(PARAMETERS.read_text("utf-8"))
    return {
        name: Ranker(*(tuple(model[figure][part] for figure in FIGURES) for part in ("mean", "deviation", "weight")))
        for name, model in stored.items()
    }
