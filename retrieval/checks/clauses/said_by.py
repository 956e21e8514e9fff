"""Who says it ("the mayor said that taxes would not rise; the opposition doubts it"), and by whom it is done."""

import re
from collections.abc import Sequence

from retrieval.checks.claims import Item, Statement
from retrieval.checks.clauses.cut import POINTS_FIRST, Clause, best, evidence
from retrieval.checks.evidence import PAIRS, says, weight

_SAYS = re.compile(
    r"\b(?:said|says|reported|reports|claimed|claims|argued|argues|warned|warns|thinks|thought|believes|believed|hopes|hoped|fears|feared"
    r"|stated|states|explained|explains|announced|announces|suggested|suggests|proposed|proposes|complained|promised|expects|expected)\b"
    r"|表示|认为|指出|提出|建议|主张|强调|声称|宣布|透露|解释|回应|承认|要求|提醒|希望|担心|预计|说(?=[，：]|[^明法服])",
    re.IGNORECASE,
)
_SOMEBODY = re.compile(
    r"\W*(?:some|many|most|people|it|they|he|she|we|i)\b|有[人的些]|大家|人们|[他她它]|我|据|多数|部分", re.IGNORECASE
)
_QUOTED = re.compile(r"[,，\"'”’」]\s*\Z")
"""Before the word: who says it stands behind it (', said the mayor')."""
_BY = re.compile(r"\bby\s+(?:the\s|an?\s|his\s|her\s|its\s|their\s)?(?=[a-z])|(?<![自理缘])由(?![于此])", re.IGNORECASE)
_LEAST = 1.0  # weight of what is said: two pairs of characters or a word
_MOST_SAID = 0.5  # share of it that a clause must hold to be where it is said


def another_speaker(claim: Statement, parts: Sequence[Statement]) -> str:
    """Who says it in the claim, where the evidence has it said by somebody else; "" for none."""
    sign = _SAYS.search(claim.text)
    if sign is None or _SOMEBODY.match(claim.text):
        return ""
    speaker = [item for item in claim.items if item.end <= sign.start() and item.kind != "link" and not item.number]
    told = [item for item in claim.items if item.start >= sign.end() and item.kind != "link"]
    among = evidence(parts)
    if not speaker or weight(told) < _LEAST or not among:
        return ""
    at = best(told, among)
    held = weight([item for item in told if says(among[at].said, item)])
    theirs = _speaker(at, among) if held >= _MOST_SAID * weight(told) else None
    if not theirs or any(one.key == other.key for one in speaker for other in theirs):
        return ""
    return claim.text[speaker[0].start : speaker[-1].end]


def _speaker(at: int, among: Sequence[Clause]) -> list[Item] | None:
    """Who says clause `at`, or what may name them: what stands before the word in it or in the clauses of its sentence before."""
    passed: list[Item] = []
    heard = False
    for clause in reversed(among[: at + 1]):
        if clause.sentence != among[at].sentence:
            break
        signs = [*_SAYS.finditer(clause.text)]
        if not signs:
            passed += clause.items if heard else ()
            continue
        heard = True
        begin = clause.start + signs[0].start()
        if _QUOTED.search(clause.statement.text, 0, begin) and not any(i.kind in PAIRS for i in clause.items):
            return None
        before = [item for item in clause.items if item.end <= begin and item.kind != "link"]
        if before:
            return None if _SOMEBODY.match(clause.text) else [*passed, *before]
    return passed if heard else None


def another_doer(claim: Statement, parts: Sequence[Statement]) -> str:
    """By whom it is done in the claim, where the evidence has it done by another, or has this one do something else; "" for none."""
    sign, among = _BY.search(claim.text), evidence(parts)
    doer = next((item for item in claim.items if sign and item.start == sign.end() and not item.number), None)
    if sign is None or doer is None or not among:
        return ""
    done = [item for item in claim.items if item.end <= sign.start() and item.kind != "link"]
    clause = among[best(done, among)] if done else among[0]
    if not done or says(clause.said, doer) or not says(clause.said, done[0]):
        return ""
    if not any(says(one.said, doer) and not says(one.said, done[0]) for one in among):
        return ""
    if any(_goes_on(one) for one in (clause, *(one for one in among if says(one.said, doer)))):
        return ""
    return claim.text[doer.start : doer.end] if _BY.search(clause.text) or clause.names_another(claim) else ""


def _goes_on(clause: Clause) -> bool:
    """Whether it names nobody, or by whom alone: "it was installed by Hengda in June"."""
    sign = _BY.search(clause.text)
    first = next((item.start for item in clause.items if item.kind != "link"), clause.end)
    return POINTS_FIRST.match(clause.text) is not None or bool(sign and first >= clause.start + sign.end())
