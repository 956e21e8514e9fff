"""Whether a sentence says of everybody what the evidence says of some, or without a condition what it says under one."""

import re
from collections.abc import Sequence

from retrieval.checks.claims import Statement, join
from retrieval.checks.clauses.cut import Clause, best, evidence
from retrieval.checks.evidence import says

_ALL = re.compile(
    r"\b(?:all(?! (?:the )?others?\b)|every|everybody|everyone|everything|always)\b|所有|全部|全体|每[个位名人]|任何|一切|人人|总是",
    re.I,
)
_ALL_SAID = re.compile(
    r"\b(?:all(?! (?:the )?others?\b)|every|everybody|everyone|everything|always|any|anybody|anyone|each|both|whole|entire|whoever|no|none|nobody)\b"
    r"|所有|全部|全体|每[个位名人]|任何|一切|人人|总是|都|均|各|全|凡",
    re.IGNORECASE,
)
_EVERY = re.compile(r"\b(?:none|nobody|all)\b|都|均|全[部体]|无一", re.IGNORECASE)
_MOST = re.compile(
    r"\b(?:most|almost|nearly|hardly|some|many|half|few)\b|大多|多数|大部分|几乎|部分|有些|有的|少数", re.IGNORECASE
)
_ONLY = re.compile(r"\b(?:only|solely|exclusively)\b|只(?!要)|仅|才", re.IGNORECASE)
_THEN = re.compile("才|方可")  # 只有 ... 才: what stands between is the condition
_UNTIL = re.compile(r"\b(?:before|until|unless|without)\b", re.IGNORECASE)
_IF = re.compile(
    r"\W*(?:(?:and|but)\s+)?(?:if|in case|provided|as long as)\b|[，；。\s]*(?:如(?=果|有|出现|需|未|不|因|遇|发)|若|倘若|假如|只要|一旦|未经|非经)",
    re.IGNORECASE,
)


def widened(claim: Statement, asked: Statement, parts: Sequence[Statement]) -> str:
    """The claim's word for all, or what it says without the evidence's condition; "" where it is as narrow.

    What the question asks for is not the claim's to narrow.
    """
    among = evidence(parts)
    if len(claim.items) < 2 or not among:
        return ""
    at = best(claim.items, among)
    found = _ALL.search(claim.text)
    if found and not _ALL.search(asked.text) and not _ALL_SAID.search(_part(among[at])):
        return found.group()
    every, part = _EVERY.search(claim.text), _MOST.search(among[at].text)
    if every and part and not _MOST.search(claim.text + asked.text):
        return every.group()
    told = join([claim, asked])
    if (
        _dropped(told, among[at])
        or _before(told, among[at])
        or any(_untouched(told, one) for one in _neighbours(at, among))
    ):
        return claim.text[claim.items[0].start : claim.items[-1].end]
    return ""


def _part(one: Clause) -> str:
    """The part of its sentence, between semicolons, that it stands in."""
    text = one.statement.text
    start = max(text.rfind(sign, 0, one.start + 1) for sign in ";；")
    ends = [at for sign in ";；" if (at := text.find(sign, one.start + 1)) >= 0]
    return text[start + 1 : min(ends, default=len(text))]


def _neighbours(at: int, among: Sequence[Clause]) -> list[Clause]:
    """The clause before it and the one after it, of the same sentence: a condition stands beside what it governs."""
    return [
        one for one in among[max(0, at - 1) : at + 2] if one is not among[at] and one.sentence == among[at].sentence
    ]


def _dropped(claim: Statement, one: Clause) -> bool:
    """Whether the evidence says "only with ..." and the claim neither that nor what comes after it."""
    only = _ONLY.search(one.text)
    if not only or _ONLY.search(claim.text):
        return False
    if then := _THEN.search(one.text, only.end()):
        condition = [
            item for item in one.items if one.start + only.end() <= item.start and item.end <= one.start + then.start()
        ]
        return bool(condition) and not any(says(claim, item) for item in condition)
    after = [item for item in one.items if item.start >= one.start + only.end()]
    return bool(after) and not any(says(claim, item) for item in after)


def _before(claim: Statement, one: Clause) -> bool:
    """Whether the evidence denies something up to a point ("nobody may enter before ...") and the claim says nothing of that."""
    until = _UNTIL.search(one.text) if one.said.negations and claim.negations else None
    if not until or _UNTIL.search(claim.text):
        return False
    after = [item for item in one.items if item.start >= one.start + until.end()]
    return bool(after) and not any(says(claim, item) for item in after)


def _untouched(claim: Statement, one: Clause) -> bool:
    """Whether it is a condition of which the claim says nothing."""
    return bool(_IF.match(one.text)) and bool(one.items) and not any(says(claim, item) for item in one.items)
