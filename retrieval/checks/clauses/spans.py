"""Figures that come in twos: the ends of a span ("from 1 February to 15 March"), a part of a whole ("14 of 96")."""

import re

from retrieval.checks.claims import Statement
from retrieval.checks.evidence import says
from retrieval.checks.numbers import Number, numbers

_SPAN = re.compile(
    r"\b(?:from|between)\s(?P<a>[^,;]{1,30}?)\s(?:to|until|till|and)\s(?P<b>[^,;]{1,30})|[从自](?P<c>[^，。；]{1,16}?)[至到起](?P<d>[^，。；]{1,16})",
    re.IGNORECASE,
)
_BEGINS = re.compile(
    r"\b(?:from|since|after|starting|beginning)\s(?:on\s|at\s|in\s)?(?P<at>.{1,30})|[从自](?P<zh>.{1,16})",
    re.IGNORECASE,
)
_ENDS = re.compile(r"\b(?:to|until|till|by|before)\s(?P<at>.{1,30})|[至到](?P<zh>.{1,16})", re.IGNORECASE)
_PART = re.compile(r"(?P<part>\d[\d.,]*) (?:out )?of (?:the |all )?(?P<whole>\d[\d.,]*)", re.IGNORECASE)


def other_end(claim: Statement, said: Statement) -> str:
    """The figure of the claim that begins what the evidence lets end with it, or the other way round; "" for none."""
    for span in _SPAN.finditer(said.text):
        first, last = _last(span["a"] or span["c"] or ""), _first(span["b"] or span["d"] or "")
        if not first or not last:
            continue
        for pattern, wrong, right in ((_BEGINS, last, first), (_ENDS, first, last)):
            told = pattern.search(claim.text)
            at = _first(told["at"] or told["zh"]) if told else ()
            if at and _same(at, wrong) and not _same(at, right) and not _among(right, claim):
                return claim.text[told.start() : told.end()] if told else ""
    return ""


def part_of(claim: Statement, said: Statement) -> str:
    """The whole, of which the claim says what the evidence says of a part of it; "" for none."""
    for found in _PART.finditer(said.text):
        part, whole = numbers(found["part"]), numbers(found["whole"])
        after = [item for item in said.items if item.start >= found.end()][1:]  # behind what is counted
        if not part or not whole or _among(part, claim) or not _among(whole, claim):
            continue
        if any(says(claim, item) for item in after if not item.number):
            return found["whole"]
    return ""


def _first(text: str) -> tuple[Number, ...]:
    """The figures at the beginning: a day and its month."""
    found = numbers(text)
    return found[:2] if len(found) > 1 and "month" in (found[0].unit, found[1].unit) else found[:1]


def _last(text: str) -> tuple[Number, ...]:
    found = numbers(text)
    return found[-2:] if len(found) > 1 and "month" in (found[-1].unit, found[-2].unit) else found[-1:]


def _same(one: tuple[Number, ...], other: tuple[Number, ...]) -> bool:
    return len(one) == len(other) and all(a.agrees(b) for a, b in zip(one, other, strict=True))


def _among(found: tuple[Number, ...], claim: Statement) -> bool:
    return all(any(number.agrees(own) for own in claim.numbers) for number in found)
