"""A number or a name counts only where it stands with what the sentence says of it.

"The rent is 1,450 euros, and the deposit is 2,900 euros" holds every word of "the deposit is 1,450 euros". A clause that names
nobody goes on with the subject of the one before it; one that names somebody does not.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

from retrieval.checks.asked.measures import LENGTHS, TIMES, WEIGHTS, YEAR
from retrieval.checks.claims import Item, Statement
from retrieval.checks.clauses.cut import POINTS, POINTS_FIRST, Clause, best, clauses, evidence
from retrieval.checks.clauses.gapped import gapped, of_its_like
from retrieval.checks.clauses.spans import other_end, part_of
from retrieval.checks.evidence import PAIRS, says, weight
from retrieval.checks.numbers import Number

_WORD = 0.5
"""Weight of what another clause must hold of the claim, and this one lacks: a pair of characters."""
_TOWARDS = re.compile(r"\s(?:to|by|from|into)\b")
_TO = re.compile(r"\b(?:to|from)\s(?:the\s|an?\s|his\s|her\s|its\s|their\s)?\Z")
_OTHERS = re.compile(r"\b(?:others?|another|rest|else)\b|其他|其它|其余|另", re.IGNORECASE)
_WORDS = 2  # that may name a subject, beside names: "air pressure"
_SUBJECT = 2  # pairs of characters at the beginning that may be the subject: a word of three characters
_YEARS = 1000  # from which a bare number may be one of the calendar
_KINDS = (("time", TIMES), ("length", LENGTHS), ("weight", WEIGHTS))
_WHEN = re.compile(
    r"\b(?:today|tomorrow|yesterday|(?:next|last|this|following) (?:week|month|year|spring|summer|autumn|winter)|(?:mon|tues|wednes|thurs|fri|satur|sun)day)\b"
    r"|[今明昨后前次去]天|[上下本次]个?(?:周|星期|月)|[今明去次]年",
    re.IGNORECASE,
)
_OFTEN = re.compile(
    r"\b(?:once|twice|hourly|daily|weekly|fortnightly|monthly|quarterly|yearly|annually|every (?:other )?(?:hour|day|night|week|month|quarter|year|season))\b"
    r"|每(?:小时|天|日|晚|周|星期|月|季度?|年)(?!\d)",
    re.IGNORECASE,
)
_AS_WELL = 0.5  # share of that over which the subject's own clause says as much


def misplaced(claim: Statement, asked: Statement, parts: Sequence[Statement]) -> str:
    """Words of the claim that the evidence says of something else; "" for none. A question may call its subject as it likes."""
    among = evidence(parts)
    for clause in clauses(claim):
        if len(clause.items) > 1 and among:
            wrong = _number(claim, asked, clause, among) or _paired(claim, clause, among) or _bearer(clause, among)
            wrong = wrong or _subject(claim, asked, clause, among) or _receiver(clause, among)
            wrong = wrong or gapped(claim, asked, clause, among) or of_its_like(claim, clause, among)
            if wrong:
                return claim.text[wrong.start : wrong.end]
    return next((word for part in parts if (word := other_end(claim, part) or part_of(claim, part))), "")


def _number(claim: Statement, asked: Statement, clause: Clause, among: Sequence[Clause]) -> Item | None:
    """A number that stands in another clause than what the claim says of it, which has a number of its own."""
    for item in clause.items:
        if item.number is None or not item.number.firm or says(asked, item):
            continue
        others = [other for other in clause.items if other is not item and other.kind != "link"]
        homes = [n for n, one in enumerate(among) if says(one.said, item)]
        if homes and all(_elsewhere(claim, item.number, others, home, among) for home in homes):
            return item
    return None


def _elsewhere(claim: Statement, number: Number, others: Sequence[Item], home: int, among: Sequence[Clause]) -> bool:
    here = among[home]
    lacking = [other for other in others if not says(here.said, other)]
    subject = _first([other for other in others if not other.number], claim.text)
    for n, clause in enumerate(among):
        told = [item for item in lacking if says(clause.said, item)]
        dated = (number.unit == "month" or number.measure == YEAR) and _WHEN.search(clause.text) is not None
        often = _kind(number)[1] == "time" and _OFTEN.search(clause.text) is not None
        if n == home or weight(told) < _WORD or not (dated or often or _rivals(claim, number, clause.items)):
            continue
        if n > home and not any(says(one.said, item) for one in among[:home] for item in told):
            return True
        anew = here.own(claim) or _OTHERS.search(here.text)
        other = any(item not in subject for item in told) or here.names_another(claim)
        if n < home and anew and other and not POINTS.search(here.text):
            return True
    return False


def _first(items: Sequence[Item], text: str) -> list[Item]:
    """The claim's subject: what it names first. What stands before "to" or "by" is its verb."""
    found = list(items[:1])
    for item in items[1:]:
        apart = item.start - found[-1].end
        long = len(found) == (_SUBJECT if item.kind in PAIRS else _WORDS) and not item.capital
        verb = not item.capital and _TOWARDS.match(text, item.end) is not None
        if long or verb or (apart != -1 if item.kind in PAIRS else apart > 1):
            break
        found.append(item)
    return found


def _rivals(claim: Statement, number: Number, items: Sequence[Item]) -> bool:
    """Whether there is a number of the same kind that the claim does not name."""
    return any(
        item.number is not None
        and item.number.firm
        and (_kind(item.number) == _kind(number) or _short_for(item.number, number))
        and not any(item.number.agrees(own) for own in claim.numbers)
        for item in items
    )


def _short_for(bare: Number, number: Number) -> bool:
    """ "Groups pay 18 euros a head, others 22": a number of the same kind whose unit need not be said again."""
    return number.unit not in ("", "month") and bare.unit == "" and bare.measure == "" and bare.value < _YEARS


def _kind(number: Number) -> tuple[str, str]:
    """Two years and six months are of one kind."""
    return number.unit, next((name for name, units in _KINDS if number.measure in units), number.measure)


def _paired(claim: Statement, clause: Clause, among: Sequence[Clause]) -> Item | None:
    """Of numbers of two kinds that take turns ("3.2 million in 2021, 4.1 million in 2022") those that make no pair."""
    ours = [item for item in clause.items if item.number and item.number.firm]
    if len(ours) != 2 or not ours[0].number or not ours[1].number or _kind(ours[0].number) == _kind(ours[1].number):
        return None
    for one in among:
        row = [item.number for item in one.items if item.number and item.number.firm]
        places = [
            next((n for n, number in enumerate(row) if own.number and own.number.agrees(number)), -1) for own in ours
        ]
        turns = (
            len(row) > 2 and len(row) % 2 == 0 and all(_kind(a) == _kind(b) for a, b in zip(row, row[2:], strict=False))
        )
        if turns and _kind(row[0]) != _kind(row[1]) and min(places) >= 0 and places[0] // 2 != places[1] // 2:
            return ours[0]
    return None


def _subject(claim: Statement, asked: Statement, clause: Clause, among: Sequence[Clause]) -> Item | None:
    """What the claim speaks of, where the evidence says the rest of something else."""
    subject = _first([item for item in clause.items if not item.number and item.kind != "link"], claim.text)
    rest = [item for item in clause.items if not any(_touch(item, own) for own in subject)]
    homes = [one for one in among if subject and _named(subject, one)]
    if not homes or weight(rest) < _WORD or says(asked, subject[0]):
        return None
    at = best(rest, among)
    as_well = any(_holds(one, rest) > _holds(among[at], rest) * _AS_WELL for one in homes)
    points = POINTS.search(among[at].text) and not (subject[0].capital and among[at].names_another(claim))
    if as_well or points or any(_goes_on(one, among[at], rest) for one in homes):
        return None
    return subject[0] if _of_another(claim, subject, homes, at, among) else None


def _receiver(clause: Clause, among: Sequence[Clause]) -> Item | None:
    """Who gives in the claim, where the evidence has it given to: "sold the mill to the town"."""
    text = clause.statement.text
    giver = next((item for item in clause.items if not item.number and not _TO.search(text, 0, item.start)), None)
    taker = next((item for item in clause.items if not item.number and _TO.search(text, 0, item.start)), None)
    if giver is None or taker is None or taker.start < giver.start:
        return None
    one = among[best(clause.items, among)]
    theirs = {item.key: item for item in one.items}
    ours, other = theirs.get(giver.key), theirs.get(taker.key)
    said = one.statement.text
    if ours is None or not _TO.search(said, 0, ours.start):
        return None
    if other is None:
        between = [item for item in clause.items if giver.end < item.start < taker.start and not item.capital]
        return giver if between and theirs.keys() & {between[0].key} else None
    return giver if other.start < ours.start and not _TO.search(said, 0, other.start) else None


def _goes_on(home: Clause, before: Clause, rest: Sequence[Item]) -> bool:
    """Whether the subject's own clause points back and says something of the rest that `before` does not: "Ada led the hotel until
    2016. Since then it has been run by Ben"."""
    own = [item for item in rest if says(home.said, item) and not says(before.said, item)]
    return POINTS.search(home.text) is not None and weight(own) >= _WORD


def _of_another(
    claim: Statement, subject: Sequence[Item], homes: Sequence[Clause], at: int, among: Sequence[Clause]
) -> bool:
    """Whether clause `at` speaks of something else than `subject`, which only `homes` name."""
    if subject[0].capital and not any(one.sentence == among[at].sentence for one in homes):
        return not POINTS.search(among[at].statement.text) or among[at].names_another(claim)
    for one in _topics(at, among):
        if _named(subject, one) or POINTS_FIRST.match(one.text):
            return False
        if one.names_another(claim):
            return True
    return False


def _named(subject: Sequence[Item], one: Clause) -> bool:
    """Of a name every word must be there: there may be two lakes."""
    return all(says(one.said, item) for item in (subject if any(item.capital for item in subject) else subject[:1]))


def _holds(one: Clause, items: Sequence[Item]) -> float:
    return weight([item for item in items if says(one.said, item)])


def _bearer(clause: Clause, among: Sequence[Clause]) -> Item | None:
    """One half of a name ("Westgate" of "Westgate Viaduct", "Ombra" of "Lake Ombra") in whose place the evidence has another's."""
    found = [item for item in clause.items if not item.number and item.kind != "link"]
    subject = _first(found, clause.statement.text)
    at = best([item for item in clause.items if not any(_touch(item, own) for own in subject)] or found, among)
    for one, other in pairwise(found):
        for own, head in ((one, other), (other, one)):
            if not (_joined(one, other) and (own.capital or (own is found[0] and own.kind in PAIRS))):
                continue
            near = next((n for n in range(at, -1, -1) if says(among[n].said, head)), None)
            if near is not None and _borne_by_another(own, head, among[near]):
                return own
    return None


def _joined(one: Item, other: Item) -> bool:
    return other.start == one.start + 1 if one.kind in PAIRS else other.start - one.end == 1


def _borne_by_another(one: Item, head: Item, clause: Clause) -> bool:
    heads = [item for item in clause.items if item.key == head.key]
    if says(clause.said, one) or not heads:
        return False
    if one.kind in PAIRS:
        before = {item.end - 1 for item in clause.items if item.kind == "pair"}
        return all(at.start in before for at in heads)
    names = [item for item in clause.items if item.capital]
    if one.start < head.start:
        return all(any(_joined(name, at) for name in names) for at in heads)
    return all(any(_joined(at, name) for name in names) for at in heads)


def _topics(at: int, among: Sequence[Clause]) -> list[Clause]:
    """Clauses that may name what clause `at` is about: itself, and those it goes on from, of unspaced scripts the first."""
    same = [one for one in among[: at + 1] if one.sentence == among[at].sentence]
    if not any(item.kind in PAIRS for item in among[at].items):
        return same[::-1]
    since = max((n for n, one in enumerate(same) if one.text[:1] in "；;"), default=0)
    return [same[-1], same[since]]


def _touch(item: Item, other: Item) -> bool:
    return item.start < other.end and other.start < item.end
