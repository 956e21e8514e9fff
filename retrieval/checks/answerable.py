"""What tells whether found passages answer a question: figures between the question and its hits, no model needed."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from math import log1p

from retrieval.checks.claims import Item, ask
from retrieval.checks.evidence import WEIGHTS, Stretch, covered, stretches
from retrieval.search.keywords import terms
from retrieval.text.words import language
from retrieval.types import Hit

LEXICAL = (
    "sentence",  # share of the question, rare words weighing more, that the best sentence or two hold
    "near",  # the same where words elsewhere in the passage count a little
    "passage",  # the same for the best whole passage
    "union",  # the same for all hits together
    "gap",  # by how much "near" beats that of the next passage
    "names",  # share of the question's names and numbers that the best stretch holds
    "rarest",  # how rare the rarest word is that the best stretch lacks
    "absent",  # how rare the rarest word is that no hit holds
    "grams",  # share of the question's words and character n-grams that the best sentence or two hold
    "grams_gap",  # by how much that beats the next passage's
    "grams_union",  # the same for all hits together
    "order",  # share of the question's neighbouring words that are neighbours there too
    "margin",  # by how much the best BM25 score beats the second, as a share of it
    "mean",  # mean BM25 score of the others, as a share of the best
    "length",  # content items of the question, as a logarithm
    "kind",  # whether the best stretch holds something of the kind that is asked for: a number, a name
)
DENSE = ("cosine", "cosine_margin", "cosine_mean")
_NUMBER_ASKED = re.compile(
    r"\bhow (?:many|much|long|old|far|tall|large|big|high|often|fast)\b|\bwhen\b|\b(?:what|which) (?:year|date|percent|number|century|decade)"
    r"|多少|几|幾|何时|何時|什么时候|什麼時候|哪一?年|多大|多长|多長|多久|何年|いつ|몇|언제",
    re.IGNORECASE,
)
_NAME_ASKED = re.compile(
    r"\b(?:who|whom|whose|where)\b|\b(?:what|which) (?:city|country|state|person|team|company)\b", re.IGNORECASE
)
_AROUND = 0.4


def features(question: str, hits: Sequence[Hit]) -> dict[str, float]:
    """`LEXICAL` figures, and `DENSE` ones when every hit has a cosine. No hits, or a question of no content: empty."""
    passages = [hit.passage for hit in hits]
    texts = [passage.text for passage in passages]
    tongue = language("\n".join(texts)) if texts else "english"
    asked = distinct(ask(question, tongue).items)
    found = stretches(passages, tongue)
    if not found or not asked:
        return {}
    figures = _lexical(question, asked, found) | _grams(question, found) | _scores(hits) | {"length": log1p(len(asked))}
    cosines = sorted((hit.dense for hit in hits if hit.dense is not None), reverse=True)
    if len(cosines) == len(hits):
        rest = cosines[1:] or [0.0]
        figures |= {"cosine": cosines[0], "cosine_margin": cosines[0] - rest[0], "cosine_mean": sum(rest) / len(rest)}
    return figures


def distinct(items: Sequence[Item]) -> list[Item]:
    return list({item.key: item for item in reversed(items)}.values())[::-1]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Question against stretches: `held[n][i]` says whether stretch n holds item i; the others follow those indices."""

    asked: list[Item]
    found: list[Stretch]
    held: list[list[bool]]
    counts: list[int]  # sentences that hold each item
    rarity: list[float]
    weights: list[float]
    sentences: int

    @classmethod
    def make(cls, asked: list[Item], found: list[Stretch]) -> "Comparison":
        held = [covered(asked, stretch.said) for stretch in found]
        singles = [row for row, stretch in zip(held, found, strict=True) if len(stretch.sentences) == 1]
        counts = [sum(row[i] for row in singles) for i in range(len(asked))]
        rarity = [log1p((len(singles) + 0.5) / (count + 0.5)) for count in counts]
        weights = [WEIGHTS[item.kind] * rare for item, rare in zip(asked, rarity, strict=True)]
        return cls(asked, found, held, counts, rarity, weights, len(singles))

    def here(self) -> list[float]:
        return [_share(self.weights, row) for row in self.held]

    def whole(self) -> list[float]:
        return [
            _share(self.weights, [hit or item.key in stretch.around for hit, item in zip(row, self.asked, strict=True)])
            for row, stretch in zip(self.held, self.found, strict=True)
        ]

    def near(self) -> list[float]:
        """What a stretch holds, and less so what its passage does; two sentences must earn their place."""
        return [
            (1 - _AROUND) * here + _AROUND * whole - 0.02 * len(stretch.sentences)
            for here, whole, stretch in zip(self.here(), self.whole(), self.found, strict=True)
        ]


def _lexical(question: str, asked: list[Item], found: list[Stretch]) -> dict[str, float]:
    compared = Comparison.make(asked, found)
    near = compared.near()
    best = max(range(len(found)), key=near.__getitem__)
    other = [n for n, stretch in zip(near, found, strict=True) if stretch.passage != found[best].passage]
    most = log1p(compared.sentences * 2 + 1)
    held = compared.held[best]
    return {
        "sentence": max(compared.here()),
        "near": near[best],
        "passage": max(compared.whole()),
        "union": _share(compared.weights, [count > 0 for count in compared.counts]),
        "gap": near[best] - max(other, default=0.0),
        "names": _names(asked, compared.weights, held),
        "rarest": max((r for r, hit in zip(compared.rarity, held, strict=True) if not hit), default=0.0) / most,
        "absent": sum(w for w, count in zip(compared.weights, compared.counts, strict=True) if not count) / most,
        "order": _order(asked, found[best]),
        "kind": has_kind(question, asked, found[best]),
    }


def _grams(question: str, found: Sequence[Stretch]) -> dict[str, float]:
    """As `_lexical`, over the terms that the keyword index knows: they find inflections that stems do not."""
    shares, union = gram_shares(question, found)
    best = max(range(len(found)), key=lambda n: (shares[n], -n))
    other = [share for share, stretch in zip(shares, found, strict=True) if stretch.passage != found[best].passage]
    return {"grams": shares[best], "grams_gap": shares[best] - max(other, default=0.0), "grams_union": union}


def gram_shares(question: str, found: Sequence[Stretch]) -> tuple[list[float], float]:
    """The share of the question's terms that each stretch holds, rare ones weighing more, and that all of them hold."""
    asked = sorted(set(terms(question)))
    held = [_terms(stretch.said.text) for stretch in found]
    counts = [sum(term in those for those in held) for term in asked]
    weights = [log1p((len(found) + 0.5) / (count + 0.5)) for count in counts] or [1.0]
    shares = [_share(weights, [term in those for term in asked] or [False]) for those in held]
    return shares, _share(weights, [count > 0 for count in counts] or [False])


@lru_cache(maxsize=1024)
def _terms(text: str) -> frozenset[str]:
    return frozenset(terms(text))


def _share(weights: Sequence[float], hits: Sequence[bool]) -> float:
    return sum(w for w, hit in zip(weights, hits, strict=True) if hit) / sum(weights)


def _names(asked: Sequence[Item], weights: Sequence[float], held: Sequence[bool]) -> float:
    named = [(w, hit) for item, w, hit in zip(asked, weights, held, strict=True) if item.kind in ("name", "number")]
    return _share([w for w, _ in named], [hit for _, hit in named]) if named else 1.0


def _order(asked: Sequence[Item], best: Stretch) -> float:
    theirs = [item.key for item in best.said.items]
    neighbours = set(pairwise(theirs))
    ours = list(pairwise(item.key for item in asked))
    return sum(pair in neighbours for pair in ours) / max(1, len(ours))


def has_kind(question: str, asked: Sequence[Item], best: Stretch) -> float:
    known = {item.key for item in asked}
    new = [item for item in best.said.items if item.key not in known]
    if _NUMBER_ASKED.search(question):
        return float(any(item.kind == "number" for item in new))
    if _NAME_ASKED.search(question):
        return float(any(item.capital for item in new))
    return 1.0


def _scores(hits: Sequence[Hit]) -> dict[str, float]:
    scores = sorted((hit.lexical or 0.0 for hit in hits), reverse=True)
    best, rest = max(scores[0], 1e-9), scores[1:] or [0.0]
    return {"margin": 1 - rest[0] / best, "mean": sum(rest) / len(rest) / best}
