"""A length that is kept: the best of what was said, filled up with sentences of the text itself.

Where whole sentences are too few and too long for it, as in Chinese abstracts, one may end early, where a clause does.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from chatbot.tasks.summarize.check import Said, quotation
from chatbot.tasks.summarize.rank import ALIKE, SHORTEST, TOLERANCE, Candidate, Ranking, chosen
from chatbot.tasks.summarize.sections import words
from retrieval.types import Passage

MOST = 60  # of the text's own sentences that are looked at
HANDY, SHARE = 30, 0.25  # words of a sentence that is quoted, and its share of the wanted length

TELLING = 0.8  # rank from which a sentence is quoted, where there are enough of them
SPREAD = 1.15  # what being the best of a section multiplies a score by
MEANING = 0.3  # of a sentence that must be left where it ends early

_CLAUSE = re.compile(r"[，；](?!\Z)|[,;](?=\s|[^\x00-\x7f])")


def fitted(said: Sequence[Said], ranking: Ranking, wanted: int, sections: frozenset[int]) -> list[Said]:
    """Sentences as long together as is wanted: the best of what was said, filled up with the text's own.

    Only `sections` are quoted from: those that were reached. The order is that of the model, quotations where they stand.
    """
    if said and _off(said, wanted) <= TOLERANCE * wanted:
        return list(said)
    for picky in (True, False):
        own = _own(ranking, sections, wanted, picky=picky)
        best = _best(said, own, ranking, wanted)
        if _off(best, wanted) <= TOLERANCE * wanted:
            return best
    shortened = min(_shortened(best, own, ranking), key=lambda found: _off(found, wanted), default=best)
    return shortened if _off(shortened, wanted) <= TOLERANCE * wanted else best


def _off(said: Sequence[Said], wanted: int) -> int:
    return abs(sum(one.size for one in said) - wanted)


def _shortened(said: Sequence[Said], own: Sequence[Candidate], ranking: Ranking) -> Iterator[list[Said]]:
    """With a part of one more sentence of the text, or with a part instead of one that is there whole."""
    for part in (part for one in own for part in _parts(one)):
        quote = quotation(part)
        others = [one for one in said if not (one.quoted and _begins(one) == _begins(quote))]
        if ranking.alike([quote.text, *(one.text for one in others)])[0, 1:].max(initial=0) < ALIKE:
            written = [one for one in others if not one.quoted]
            yield _ordered(written, [quote, *(one for one in others if one.quoted)])


def _begins(quote: Said) -> tuple[Passage, int]:
    return quote.places[0].passage, quote.places[0].start


def _parts(sentence: Candidate) -> Iterator[Candidate]:
    """The sentence up to the end of each of its clauses but the last, with dots for what is left out."""
    for clause in _CLAUSE.finditer(sentence.text):
        text = sentence.text[: clause.start()].rstrip()
        opened = len(re.findall(r"[(（《“「]", text)) > len(re.findall(r"[)）》”」]", text))
        dots = " …" if sentence.text[clause.end()].isspace() else "……"
        if (size := words(text)) >= max(SHORTEST, MEANING * sentence.size) and not opened:
            end = sentence.start + len(text)
            yield replace(sentence, text=text + dots, end=end, size=size)


def _best(said: Sequence[Said], own: Sequence[Candidate], ranking: Ranking, wanted: int) -> list[Said]:
    pool = [*said, *(quotation(one) for one in own)]
    texts = [one.text for one in pool]
    scores = [float(score) for score in ranking.closeness(texts)]
    for at, one in enumerate(own, len(said)):
        scores[at] *= 1 + min(1.0, one.rank / 4)
    scores = [score + (1.0 if at < len(said) else 0.0) for at, score in enumerate(scores)]
    taken = chosen([one.size for one in pool], _spread(pool, scores), ranking.alike(texts), wanted)
    return _ordered([pool[at] for at in taken if at < len(said)], [pool[at] for at in taken if at >= len(said)])


def _own(ranking: Ranking, sections: frozenset[int], wanted: int, *, picky: bool) -> list[Candidate]:
    """The best of the text's own sentences; `picky`: not such long ones that a few would be all, where there are others."""
    here = sorted((one for one in ranking.sentences if one.section in sections), key=lambda one: -one.rank)
    if not picky:
        return here[:MOST]
    telling = [one for one in here if one.rank >= TELLING]
    here = telling if sum(one.size for one in telling) >= 2 * wanted else here
    handy = [one for one in here if one.size <= max(HANDY, SHARE * wanted)]
    return (handy if sum(one.size for one in handy) >= 2 * wanted else here)[:MOST]


def _spread(pool: Sequence[Said], scores: Sequence[float]) -> list[float]:
    """The best sentence of each section counts more, so that no section goes under."""
    best: dict[int, int] = {}
    for at, one in enumerate(pool):
        if one.section not in best or scores[at] > scores[best[one.section]]:
            best[one.section] = at
    return [score * (SPREAD if best[pool[at].section] == at else 1.0) for at, score in enumerate(scores)]


def _ordered(said: Sequence[Said], quotes: Sequence[Said]) -> list[Said]:
    """Quotations before the first sentence that stands behind them in the text."""
    ordered = list(said)
    for quote in sorted(quotes, key=_where):
        at = next((n for n, one in enumerate(ordered) if _where(one) > _where(quote)), len(ordered))
        ordered.insert(at, quote)
    return ordered


def _where(one: Said) -> tuple[int, int, int]:
    if not one.places:
        return one.section, -1, -1
    return one.section, one.places[0].passage.position, one.places[0].start
