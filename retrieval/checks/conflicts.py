"""How two statements about the same thing can still disagree: in polarity, in who did it to whom."""

import re
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from difflib import SequenceMatcher
from itertools import pairwise

from retrieval.checks.claims import Item, Statement
from retrieval.checks.evidence import PAIRS

_REACH = 2  # content items after a negation that it denies; before it where none follow
_OFTEN = 6  # occurrences of one word that are looked at
_LONGER = 3  # items by which the passage's own words may outnumber those in their place
_SAME_CLAUSE = 0.5
_COPY = {False: 0.65, True: 0.5}  # share of a claim's items in the passage's order that makes it a copy, by "has pairs"
_DONE = re.compile(
    r"[a-z]{2,}(?:ed|en|wn)|bought|built|caught|found|held|kept|led|made|met|paid|said|sent|sold|taught|told|won"
)
_BREAK = re.compile(
    r"[,;:.!?，；：。！？、()（）—“”]|\b(?:but|while|although|though|whereas|because|since|unless|if|and|aber|sondern|während"
    r"|pero|sino|mientras|aunque|dar|но|а|хотя)\b|但|而|虽|雖|尽管|儘管",
    re.IGNORECASE,
)


def polarity(claim: Statement, said: Statement) -> bool:
    """Whether one of the two denies what the other states."""
    return any(_unanswered(claim, said, 0.0)) or any(_unanswered(said, claim, _SAME_CLAUSE))


def _unanswered(one: Statement, other: Statement, least: float) -> Iterator[bool]:
    """For each negation of `one`: does `other` speak of what it denies without denying it? The clause of the negation must
    share `least` of its items with `other`: a passage denies many things that the claim does not touch."""
    answers = [denied for denied, _ in _denials(other)]
    for denied, clause in _denials(one):
        shared = denied & other.keys
        alike = len(clause & other.keys) >= least * len(clause)
        yield bool(shared) and alike and not any(shared & answer for answer in answers)


def _denials(statement: Statement) -> Iterator[tuple[frozenset[str], frozenset[str]]]:
    """For each negation the keys near it, and those of its whole clause."""
    for start, end in statement.negations:
        after = [i for i in statement.items if i.start >= end and not _BREAK.search(statement.text[end : i.start])]
        before = [i for i in statement.items if i.end <= start and not _BREAK.search(statement.text[i.end : start])]
        near = after[:_REACH] or before[-_REACH:]
        yield frozenset(item.key for item in near), frozenset(item.key for item in (*before, *after))


def exchanged(claim: Statement, said: Statement) -> tuple[str, str] | None:
    """Two names or numbers of the claim that stand in each other's place in what is said, around the same word.

    "A beat B" against "B beat A" is exchanged, against "B was beaten by A" it is not; nor is "B and A" against "A and B".
    """
    theirs = _places(said)
    shared = [item for item in claim.items if item.key in theirs]
    for index, anchor in enumerate(shared):
        if _names(anchor):
            continue
        first = next((item for item in reversed(shared[:index]) if _names(item)), None)
        second = next((item for item in shared[index + 1 :] if _names(item)), None)
        if first is None or second is None or first.key == second.key or bool(first.number) != bool(second.number):
            continue
        orders = _orders(theirs[first.key], theirs[anchor.key], theirs[second.key])
        if orders == {-1} and _agent(claim, anchor.end, second.start) == _agent_said(said, theirs, anchor, first):
            return claim.text[first.start : first.end], claim.text[second.start : second.end]
        if orders == {1} and _done_by(claim, [anchor]) != _done_by(said, theirs[anchor.key]):
            return claim.text[first.start : first.end], claim.text[second.start : second.end]
    return None


def _done_by(statement: Statement, words: Sequence[Item]) -> bool:
    """Whether one of them is a participle with "by" behind it: "succeeded by"."""
    ends = {word.end for word in words}
    return any(a.end in ends and b.form == "by" and _DONE.fullmatch(a.form) for a, b in pairwise(statement.tokens))


def _places(statement: Statement) -> dict[str, list[Item]]:
    places: dict[str, list[Item]] = {}
    for item in statement.items:
        places.setdefault(item.key, []).append(item)
    return places


def _orders(first: Sequence[Item], anchor: Sequence[Item], second: Sequence[Item]) -> set[int]:
    """1 where first, anchor and second follow each other in that order, -1 where in the opposite one."""
    triples = [(a.start, b.start, c.start) for a in first[:_OFTEN] for b in anchor[:_OFTEN] for c in second[:_OFTEN]]
    return {1 for a, b, c in triples if a < b < c} | {-1 for a, b, c in triples if c < b < a}


def _agent(statement: Statement, start: int, end: int) -> bool:
    """Whether "by" stands there: who comes after it did it."""
    return any(token.form == "by" and start <= token.start < end for token in statement.tokens)


def _agent_said(said: Statement, theirs: dict[str, list[Item]], anchor: Item, first: Item) -> bool:
    return any(
        _agent(said, word.end, name.start)
        for word in theirs[anchor.key]
        for name in theirs[first.key]
        if word.end <= name.start
    )


def _names(item: Item) -> bool:
    return item.capital or item.kind == "number"


def replaced(claim: Statement, said: Statement, new: AbstractSet[str]) -> tuple[str, ...]:
    """Names or numbers of a near copy, among the keys `new`, that stand exactly where the passage has others."""
    ours, theirs = claim.items, said.items
    matcher = SequenceMatcher(None, [item.key for item in ours], [item.key for item in theirs], autojunk=False)
    blocks = matcher.get_opcodes()
    paired = any(item.kind in PAIRS for item in ours)
    if sum(b - a for tag, a, b, _, _ in blocks if tag == "equal") < _COPY[paired] * len(ours):
        return ()
    words: list[str] = []
    for index, (tag, a, b, c, d) in enumerate(blocks):
        inside = all(blocks[i][0] == "equal" for i in (index - 1, index + 1) if 0 <= i < len(blocks))
        if tag == "replace" and inside and (d - c) - (b - a) <= _LONGER:
            words += _another([item for item in ours[a:b] if item.key in new], theirs[c:d], claim.text)
    return tuple(words)


def _another(here: Sequence[Item], there: Sequence[Item], text: str) -> list[str]:
    """What `here` names in place of what `there` does. Two new characters in a row count as a name: they make three pairs."""
    gone = {item.key for item in there if _names(item)}
    names = [item for item in here if _names(item)]
    if gone and names and not gone & {item.key for item in names}:
        return [text[item.start : item.end] for item in names]
    pairs = [item for item in here if item.kind in PAIRS]
    if len(pairs) > 2 and sum(item.kind in PAIRS for item in there) > 1:
        return [text[pairs[0].start + 1 : pairs[-1].end - 1]]
    return []
