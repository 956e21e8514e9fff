"""Clauses side by side that share a verb or a kind of thing: "the red cable carries the signal and the black cable the current"."""

import re
from collections.abc import Sequence
from itertools import pairwise

from retrieval.checks.claims import Item, Statement
from retrieval.checks.clauses.cut import POINTS, Clause, best, evidence
from retrieval.checks.evidence import PAIRS, says

_THOSE = re.compile(
    r"\W*(?:and\s|but\s|while\s|whereas\s)?(?:those|others?)\b(?! (?:is|are|was|were)\b)", re.IGNORECASE
)
_FIGURE = re.compile(r"\W*(?:and\s|but\s)?(?:[a-z]+ ){1,2}(?=[^\w\s]?\d)", re.IGNORECASE)
"""A subject and its number, without a verb: "income was 52,000, expenses 47,500"."""

_BARE = re.compile(
    r"\W*(?:and\s|but\s)?(?P<of>[a-z]{2,}s)\s(?:is|are|was|were|may|can|must|has|have|had|will|do|does|did)\b",
    re.IGNORECASE,
)
"""A subject without an article: "gloves are recommended, goggles are required"."""


def gapped(claim: Statement, asked: Statement, clause: Clause, among: Sequence[Clause]) -> Item | None:
    """What the claim says of its subject, where all clauses of the same sentence that say it are of another subject."""
    counted = {item.end + 1 for item in clause.items if item.number}  # where units stand
    found = [item for item in clause.items if item.kind != "link" and item.start not in counted]
    if len(found) < 2 or found[0].kind in PAIRS or says(asked, found[0]) or POINTS.match(clause.text.strip()):
        return None
    subject, told = found[0], found[-1]
    if told.number and not told.number.firm:
        return None
    lead = [item for item in found[:2] if not item.number]
    homes = [one for one in among if all(says(one.said, item) for item in lead)] or [
        one for one in among if says(one.said, subject)
    ]
    said = [one for one in among if says(one.said, told)]
    if not homes or not said or any(one in homes for one in said):
        return None
    beside = all(any(home.sentence == one.sentence for home in homes) for one in said)
    return subject if beside and all(_of_another(one, claim) for one in said) else None


def _of_another(one: Clause, claim: Statement) -> bool:
    whole = one.statement.text
    begin = max(whole.rfind(sign, 0, one.start + 1) for sign in ",;") + 1
    if _THOSE.match(whole, begin, one.end):
        return any(not says(claim, item) for item in one.statement.items if begin <= item.start < one.end)
    bare = _BARE.match(one.text)
    if bare and any(i.start == one.start + bare.start("of") and not says(claim, i) for i in one.items):
        return True
    figure = _FIGURE.match(one.text)
    end = one.start + figure.end() if figure else one.start
    words = [token for token in one.said.tokens if token.start < end and token.form not in ("and", "but")]
    own = (
        bool(words)
        and not any(token.stop for token in words)
        and not any(says(claim, i) for i in one.items if i.start < end)
    )
    return own or (one.names_another(claim) and not POINTS.search(one.text))


def other_subject(claim: Statement, parts: Sequence[Statement], around: frozenset[str]) -> str:
    """What the claim speaks of, which the passage names elsewhere, where the evidence says all the rest of another; "" for none."""
    found = [item for item in claim.items if item.kind != "link"]
    among = evidence(parts)
    if len(found) < 3 or not among or found[0].kind in PAIRS or found[0].number or found[0].key not in around:
        return ""
    subject, rest = found[0], found[1:]
    one = among[best(rest, among)]
    held = all(says(one.said, item) for item in rest) and not any(says(part, subject) for part in parts)
    return claim.text[subject.start : subject.end] if held and one.names_another(claim) else ""


def of_its_like(claim: Statement, clause: Clause, among: Sequence[Clause]) -> Item | None:
    """The claim's "second class", where the clause that says the rest is of "first class" and another one of "second class"."""
    for own, head in pairwise(clause.items):
        if own.kind in PAIRS or own.number or own.capital or head.number or head.capital or head.start - own.end != 1:
            continue
        rest = [item for item in clause.items if item not in (own, head)]
        one = among[best(rest, among)] if rest else None
        if one is None or not any(says(one.said, item) for item in rest) or says(one.said, own):
            continue
        if _has_like(claim, one, own, head) and any(_together(other, own, head) for other in among if other is not one):
            return own
    return None


def _before(one: Clause, head: Item) -> list[str]:
    """The words that tell which of its like it is: right before the head's, and behind an article or a preposition."""
    tokens = one.said.tokens
    return [
        tokens[n - 1].stem
        for n in range(2, len(tokens))
        if tokens[n].stem == head.key
        and tokens[n].start - tokens[n - 1].end == 1
        and not (tokens[n - 1].stop or tokens[n - 1].number)
        and tokens[n - 2].stop
    ]


def _has_like(claim: Statement, one: Clause, own: Item, head: Item) -> bool:
    words = _before(one, head)
    return bool(words) and own.key not in words and not {token.stem for token in claim.tokens} & {*words}


def _together(one: Clause, own: Item, head: Item) -> bool:
    return own.key in _before(one, head)
