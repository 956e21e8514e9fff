"""Holds one sentence of an answer against the passages it was written from.

The program decides, not the model, and by rules that can be read: every number, name and negation of the sentence must
stand in one or two sentences of the passages, together with enough of its other words. What comes out is a label, the exact
quotes with their offsets, and the reasons.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from retrieval.checks.against import goes_against
from retrieval.checks.cells.allowed import Cells
from retrieval.checks.cells.plain_rows import of_another_row
from retrieval.checks.claims import Item, Statement, ask, halves, join, read
from retrieval.checks.evidence import PAIRS, WEIGHTS, Stretch, covered, says, share, stretches, weight
from retrieval.checks.faults import CLOSE, Case, Reason, faults
from retrieval.text.words import is_dense, language
from retrieval.types import Passage

Label = Literal["supported", "contradicted", "unsupported", "no_claim"]
Similarity = Callable[[str, Sequence[str]], Sequence[float]]
"""A text and others -> their cosines with it; for instance of sentence embeddings."""

_LONGEST = 400  # content items: nothing longer is one sentence, and comparing it would take long
_ENOUGH = 0.72  # weighted share of the sentence's content that the passages must hold
_ENOUGH_KNOWN = 0.38  # the same where the question already says the rest
_ENOUGH_NEW = 0.7  # share of what the sentence adds to the question
_FRAGMENT = 8  # content items up to which a sentence may be an answer without its subject
_REPEATED = 0.2  # share of its content that such an answer may have from the question
_NEAR = 0.5  # share of the question's best stretch that a short answer's stretch must reach
_SIMILAR = 0.92
"""Cosine from which a reworded sentence counts as said: of multilingual-e5-small, whose sentences of one subject lie above 0.8. On the fit half
of `tests/bench/documents/checks/pairs.jsonl` 0.8 supports twice as many false sentences, and 0.94 loses true ones."""
_TOLD = 0.6  # share of a clause's content that a second stretch must hold to have told it
_CLAUSES = re.compile(r"[,;:，；：。]|\b(?:and|but|while|whereas|or)\b|而|并且|並且|但", re.IGNORECASE)
_TRIED, _AS_GOOD = 4, 0.1  # stretches tried, and how far their scores may lie below the best
_SECOND = 0.3  # share of the sentence's content that a second stretch must hold
_NEAR_AT_ALL = {
    False: 0.12,
    True: 0.03,
}  # by "written without spaces": share of the question that a short answer's stretch must hold, whatever the others do
_TELLING = 5.0  # weight from which an answer is unlikely to stand somewhere by chance
_NO_CLAIM = frozenset(
    [
        "answer",
        "passag",
        "document",
        "follow",
        "sure",
        "base",
        "accord",
        "context",
        "inform",
        "help",
        "hope",
        "question",
        "text",
        "sourc",
        "provid",
    ]
)


@dataclass(frozen=True, slots=True)
class Quote:
    """`passages[passage].text[start:end] == text`."""

    passage: int
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """`no_claim` is a sentence that states nothing ("Here is the answer:"): it needs no citation and gets none.

    Only `supported` and `contradicted` sentences have quotes: what supports them, or what they go against.
    """

    label: Label
    quotes: tuple[Quote, ...] = ()
    reasons: tuple[Reason, ...] = ()


def verify(
    sentence: str, passages: Sequence[Passage], *, question: str = "", similarity: Similarity | None = None
) -> Verdict:
    """Whether `passages` say what `sentence` says.

    With `question`, a short answer ("Denver Broncos") is judged where the passages speak of what was asked, and a full
    one may repeat the question's words although the passages put them otherwise. A number of a table counts only in the cell
    that the question names by its row and column. Quotes point into `passages` only.
    """
    texts = [passage.text for passage in passages]
    tongue = language("\n".join(texts)) if texts else "english"
    claim, asked = read(sentence, tongue), ask(question, tongue)
    if _states_nothing(claim):
        return Verdict("no_claim")
    if len(claim.items) > _LONGEST:
        return Verdict("unsupported", reasons=(Reason("length"),))
    case = Case.make(claim, asked)
    allowed = Cells(case, passages, tongue)
    found = [stretch for stretch in stretches(passages, tongue) if allowed.allow(stretch)]
    if not found or not claim.items:
        return Verdict("unsupported", reasons=(Reason("coverage"),))
    if _is_fragment(case):
        return _short(case, found, texts)
    verdict = _whole(case, found, texts, similarity)
    return verdict if verdict.label == "supported" else _joined(case, found, texts) or verdict


def _joined(case: Case, found: Sequence[Stretch], texts: Sequence[str]) -> Verdict | None:
    """Two sentences of the passages that the claim makes one of, each held against its own place.

    A half that names nothing by itself ("and is 42 metres tall") must stand right behind the other.
    """
    singles = [stretch for stretch in found if len(stretch.sentences) == 1]
    tongue = language("\n".join(texts))
    for one, other, named in halves(case.claim.text) if singles else ():
        first, second = (_place(read(half, tongue), case.asked, singles) for half in (one, other))
        if first is not None and second is not None and (named or second in (first, first + 1)):
            places = [singles[number] for number in dict.fromkeys((first, second))]
            if named or len({place.passage for place in places}) == 1:
                return Verdict("supported", tuple(_quote(place, texts) for place in places))
    return None


def _place(claim: Statement, asked: Statement, singles: Sequence[Stretch]) -> int | None:
    """The sentence that says all of the claim but what the question did, with nothing against it."""
    case = Case.make(claim, asked)
    scores = [_score(case, stretch) for stretch in singles]
    best = max(range(len(singles)), key=scores.__getitem__)
    said = singles[best].said
    clean = not faults(case, said, singles[best].sentences, singles[best].around)
    return best if clean and share(claim.items, said) >= CLOSE else None


def _states_nothing(claim: Statement) -> bool:
    return not claim.negations and claim.keys <= _NO_CLAIM and not any(t.form in ("yes", "no") for t in claim.tokens)


def _is_fragment(case: Case) -> bool:
    length = sum(0.5 if item.kind in PAIRS else 1.0 for item in case.claim.items)
    return bool(case.asked.items) and length <= _FRAGMENT and weight(case.known) <= _REPEATED * weight(case.claim.items)


def _short(case: Case, found: Sequence[Stretch], texts: Sequence[str]) -> Verdict:
    """The stretch that holds the whole answer and speaks most of what was asked."""
    asked = [item for item in case.asked.items if item.key not in case.claim.keys] or list(case.asked.items)
    rare = _rarity(asked, found)
    near = [_nearness(asked, rare, stretch) for stretch in found]
    able = [i for i, stretch in enumerate(found) if all(covered(case.claim.items, stretch.said))]
    if not able:
        return Verdict("unsupported", reasons=(Reason("coverage", _missing(case, found)),))
    best = max(able, key=lambda i: near[i] - 0.1 * len(found[i].sentences))
    needed = _NEAR if weight(case.claim.items) < _TELLING else _NEAR / 2
    if near[best] < max(_NEAR_AT_ALL[is_dense(case.asked.text)], needed * max(near)):
        return Verdict("unsupported", reasons=(Reason("question"),))
    inner = [s for s in found if _inside(s, found[best]) and all(covered(case.claim.items, s.said))]
    place = min(inner, key=lambda s: s.end - s.start)
    if of_another_row(case.asked, place, found):
        return Verdict("unsupported", reasons=(Reason("question"),))
    return Verdict("supported", (_quote(place, texts),))


def _inside(inner: Stretch, outer: Stretch) -> bool:
    return inner.passage == outer.passage and outer.start <= inner.start and inner.end <= outer.end


def _rarity(items: Sequence[Item], found: Sequence[Stretch]) -> list[float]:
    """How telling each item is: words of few stretches weigh more than those of all."""
    counts = [sum(says(stretch.said, item) for stretch in found) for item in items]
    return [WEIGHTS[item.kind] / (1 + count) ** 0.5 for item, count in zip(items, counts, strict=True)]


def _nearness(asked: Sequence[Item], rare: Sequence[float], stretch: Stretch) -> float:
    total = sum(rare) or 1.0
    here = covered(asked, stretch.said)
    return (
        sum(r * (1.0 if h else 0.4 * (i.key in stretch.around)) for i, r, h in zip(asked, rare, here, strict=True))
        / total
    )


def _missing(case: Case, found: Sequence[Stretch]) -> tuple[str, ...]:
    lacking = [item for item in case.claim.items if not any(says(stretch.said, item) for stretch in found)]
    return tuple(case.claim.text[item.start : item.end] for item in lacking)


def _quote(stretch: Stretch, texts: Sequence[str]) -> Quote:
    return Quote(stretch.passage, stretch.start, stretch.end, texts[stretch.passage][stretch.start : stretch.end])


def _whole(case: Case, found: Sequence[Stretch], texts: Sequence[str], similarity: Similarity | None) -> Verdict:
    """Passages may disagree: of the stretches that say about as much of the sentence, one that supports it decides."""
    scores = [_score(case, stretch) for stretch in found]
    order = sorted(range(len(found)), key=lambda n: -scores[n])[:_TRIED]
    tried = [n for n in order if scores[n] >= scores[order[0]] - _AS_GOOD]
    verdicts = [_held_against(case, found[n], found, texts, similarity) for n in tried]
    return next((verdict for verdict in verdicts if verdict.label == "supported"), verdicts[0])


def _held_against(
    case: Case, best: Stretch, found: Sequence[Stretch], texts: Sequence[str], similarity: Similarity | None
) -> Verdict:
    evidence = [best]
    if not all(covered(case.claim.items, best.said)) and (second := _complement(case, best, found)):
        evidence.append(second)
    said = best.said if len(evidence) == 1 else join([stretch.said for stretch in evidence])
    parts = [part for stretch in evidence for part in stretch.sentences]
    reasons = faults(case, said, parts, best.around)
    if not reasons and not _enough(case, said, similarity):
        reasons = [Reason("coverage", _missing(case, evidence))]
    if not reasons:
        return Verdict("supported", tuple(_quote(stretch, texts) for stretch in evidence))
    if goes_against(case, said, best.around, parts, reasons):
        return Verdict("contradicted", (_quote(best, texts),), tuple(reasons))
    return Verdict("unsupported", reasons=tuple(reasons))


def _score(case: Case, stretch: Stretch) -> float:
    """What the sentence adds counts double; a second sentence must earn its place."""
    claimed = share(case.claim.items, stretch.said) + share(case.new, stretch.said)
    around = sum(item.key in stretch.around for item in case.known) / (len(case.known) or 1)
    return claimed + 0.2 * share(case.asked.items, stretch.said) + 0.1 * around - 0.08 * len(stretch.sentences)


def _complement(case: Case, best: Stretch, found: Sequence[Stretch]) -> Stretch | None:
    """The stretch that says most of what `best` leaves open, when that is a fact and not a word in passing."""
    hits = covered(case.claim.items, best.said)
    open_items = [item for item, hit in zip(case.claim.items, hits, strict=True) if not hit]
    others = [s for s in found if s.passage != best.passage or s.end <= best.start or s.start >= best.end]
    if not others:
        return None
    second = max(others, key=lambda s: share(open_items, s.said) + 0.1 * share(case.claim.items, s.said))
    gain = [item for item, hit in zip(open_items, covered(open_items, second.said), strict=True) if hit]
    enough = weight(gain) >= max(2.0, 0.6 * weight(open_items)) and share(case.claim.items, second.said) >= _SECOND
    return second if enough and _tells_clauses(case.claim, gain, second.said) else None


def _tells_clauses(claim: Statement, gain: Sequence[Item], said: Statement) -> bool:
    """Whether `said` tells every clause that it adds to: two half-truths of two places do not make one clause."""
    ends = [match.start() for match in _CLAUSES.finditer(claim.text)]
    clauses: dict[int, list[Item]] = {}
    for item in claim.items:
        clauses.setdefault(sum(end <= item.start for end in ends), []).append(item)
    touched = {sum(end <= item.start for end in ends) for item in gain}
    return all(share(clauses[number], said) >= _TOLD for number in touched)


def _enough(case: Case, said: Statement, similarity: Similarity | None) -> bool:
    new, all_items = share(case.new, said), share(case.claim.items, said)
    needed = _ENOUGH_KNOWN if case.known and case.asked.items else _ENOUGH
    if new >= _ENOUGH_NEW and all_items >= needed:
        return True
    return similarity is not None and all_items >= 0.4 and similarity(case.claim.text, [said.text])[0] >= _SIMILAR
