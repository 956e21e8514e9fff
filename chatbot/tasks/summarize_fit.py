"""A length that is kept: the best of what was said, filled up with sentences of the text itself."""

from collections.abc import Sequence

from chatbot.tasks.summarize_check import Said, quotation
from chatbot.tasks.summarize_rank import TOLERANCE, Candidate, Ranking, chosen

MOST = 60  # of the text's own sentences that are looked at
HANDY, SHARE = 30, 0.25  # words of a sentence that is quoted, and its share of the wanted length

TELLING = 0.8  # rank from which a sentence is quoted, where there are enough of them
SPREAD = 1.15  # what being the best of a section multiplies a score by


def fitted(said: Sequence[Said], ranking: Ranking, wanted: int, sections: frozenset[int]) -> list[Said]:
    """Sentences as long together as is wanted: the best of what was said, filled up with the text's own.

    Only `sections` are quoted from: those that were reached. The order is that of the model, quotations where they stand.
    """
    size = sum(one.size for one in said)
    if said and abs(size - wanted) <= TOLERANCE * wanted:
        return list(said)
    for picky in (True, False):
        best = _best(said, _own(ranking, sections, wanted, picky=picky), ranking, wanted)
        if abs(sum(one.size for one in best) - wanted) <= TOLERANCE * wanted:
            break
    return best


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
