"""Whether a sentence says of everybody what the evidence says of some, or without a condition what it says under one."""

import re
from collections.abc import Sequence

from retrieval.checks.claims import Statement, join
from retrieval.checks.clauses.cut import Clause, best, evidence
from retrieval.checks.evidence import says, weight

_ALL = re.compile(
    r"\b(?:all(?! (?:the )?others?\b)|every|everybody|everyone|everything|always|whenever|any(?:body|one)(?! else\b))\b"
    r"|所有|全部|全体|每[个位名人次回]|任何|一切|人人|总是|一律",
    re.IGNORECASE,
)
_ALL_SAID = re.compile(
    r"\b(?:all(?! (?:the )?others?\b)|every|everybody|everyone|everything|always|any|anybody|anyone|each|both|whole|entire|whoever|whenever|no|none|nobody)\b"
    r"|所有|全部|全体|每[个位名人次回]|任何|一切|人人|总是|一律|都|均|各|全|凡",
    re.IGNORECASE,
)
_EVERY = re.compile(r"\b(?:none|nobody|all)\b|都|均|全[部体]|无一", re.IGNORECASE)
_MOST = re.compile(
    r"\b(?:most|almost|nearly|hardly|some|many|half|few)\b|大多|多数|大部分|几乎|部分|有些|有的|少数", re.IGNORECASE
)
_ONLY = re.compile(r"\b(?:only|solely|exclusively)\b|只(?!要)|仅|才", re.IGNORECASE)
_THEN = re.compile(r"才|方可|\b(?:may|can|could|must|shall|should|will|is|are|was|were|has|have|had)\b", re.IGNORECASE)
"""只有 ... 才, only members may: what stands between is the condition."""
_BEGINS = re.compile(r"\W*(?:and\s+|but\s+)?only\b", re.IGNORECASE)
_BUT = re.compile(
    r"\b(?:except|apart from|other than|with the exception of|excluding)\b(?!\s(?:for\s|with\s|by\s)?(?:if|when)\b)|除了?(?P<zh>[^，。；]{1,20}?)(?:以|之)?外",
    re.IGNORECASE,
)
_ALL_BUT = re.compile(
    r"\b(?:all|every\w*|any\w*|each)\b[^,;.]{0,40}?\b(?:but (?!not\b|also\b)|except\b|apart from\b)|除[^，。；]{1,20}外[，]?[^，。；]{0,10}?(?:所有|全部|均|都|其他|其余)",
    re.IGNORECASE,
)
_MAY = re.compile(r"\b(?:may|can|free to)\b|可(?!能)|自行|随意|任意", re.IGNORECASE)
_MUST = re.compile(r"\b(?:must|has to|have to|needs? to|required to)\b|须|必须|应当|方可|凭", re.IGNORECASE)
_DENIES = re.compile(r"\b(?:not|no|cannot)\b|不|禁|无", re.IGNORECASE)
_OTHERWISE = re.compile(r"[\W]*(?:or\s)?(?:otherwise|else)\b|[，；。]*(?:否则|不然|要不)", re.IGNORECASE)
_IN_CASE = re.compile(
    r"\b(?:if|when|unless|otherwise|may|might|could|can)\b|如果|若|否则|可能|时|一旦|要是", re.IGNORECASE
)
_EXCEPTS = re.compile(r"\b(?:except|apart|other|but|exception|exclud\w+|unless)\b|除", re.IGNORECASE)
_UNTIL = re.compile(r"\b(?:before|until|unless|without)\b", re.IGNORECASE)
_IF = re.compile(
    r"\W*(?:(?:and|but)\s+)?(?:if|in case|provided|as long as)\b|[，；。\s]*(?:如(?=果|有|出现|需|未|不|因|遇|发)|若|倘若|假如|只要|一旦|未经|非经)",
    re.IGNORECASE,
)
_UNLESS = re.compile(r"\b(?:unless|except (?:if|when|where))\b|除非", re.IGNORECASE)
_EVEN_IF = re.compile(
    r"\b(?:if|when|even|regardless|whether|although|despite)\b|即使|即便|无论|不论|不管|如果|若|时", re.IGNORECASE
)
_LIMIT = re.compile(
    r"\b(?P<when>when(?:ever)?|if|once|where|after)\b[^,;.]{0,60}?\b(?:more|longer|less|later|higher|lower|fewer) than\b"
    r"|\b(?P<which>\w{3,}s)\s(?:above|over|exceeding|under|below|(?:of|with|worth)\s(?:more|less|fewer) than)\b|超过|多于|少于|不足|不满|未满|高于|低于|满|达到?",
    re.IGNORECASE,
)
_OF = re.compile(r"[^，。；\d]{0,4}的")
_CASE = re.compile(r"[^，。；是]*的，?\Z")
"""未满十人的，...: how rules in Chinese name the case they are for."""
_TOUCHED = 0.5
"""Share of a condition that a claim must hold to be under it: of "if it is not used for 30 days" "used" is less. At 0.7 a true sentence of
the half "held" of `tests/bench/documents/checks/pairs.jsonl` loses its support."""


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
    if found and any(_ALL_BUT.search(part.text) for part in parts) and not _EXCEPTS.search(claim.text + asked.text):
        return found.group()
    every, part = _EVERY.search(claim.text), _MOST.search(among[at].text)
    if every and part and not _MOST.search(claim.text + asked.text):
        return every.group()
    told = join([claim, asked])
    if (
        _dropped(told, among[at])
        or _before(told, among[at])
        or any(_untouched(told, one) for one in _neighbours(at, among))
        or any(_excepted(claim, part) or _unless(claim, part) for part in parts)
        or _above(told, among[at])
        or _required(told, among[at])
        or _otherwise(told, among, at)
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
    then = _THEN.search(one.text, only.end()) if _BEGINS.match(one.text) or not only.group().isascii() else None
    if then:
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
    """Whether it is a condition of which the claim says next to nothing, or not its number."""
    if not one.items or not (_IF.match(one.text) or _CASE.fullmatch(one.text.lstrip("，；。"))):
        return False
    counted = [item for item in one.items if item.number and item.number.firm]
    said = [item for item in one.items if says(claim, item)]
    return weight(said) < _TOUCHED * weight(one.items) or any(item not in said for item in counted)


def _excepted(claim: Statement, part: Statement) -> bool:
    """Whether the claim says of what the evidence makes an exception of ("for staff except on Sundays") what it says of the rest."""
    found = _BUT.search(part.text)
    if not found or claim.negations or _EXCEPTS.search(claim.text):
        return False
    begin, end = found.span("zh") if found["zh"] else (found.end(), _end(part.text, found.end()))
    named = [item for item in part.items if begin <= item.start and item.end <= end and item.kind != "link"]
    rest = [item for item in part.items if item.end <= found.start() or item.start >= end]
    told = [item for item in claim.items if any(item.key == other.key for other in rest)]
    return bool(named) and all(says(claim, item) for item in named) and bool(told)


def _unless(claim: Statement, part: Statement) -> bool:
    """Whether the claim says of the case that the evidence leaves out ("unless there is damage") what it says of the others."""
    found = _UNLESS.search(part.text)
    if not found or claim.negations or not _EVEN_IF.search(claim.text) or _UNLESS.search(claim.text):
        return False
    end = _end(part.text, found.end())
    case = [item for item in part.items if found.end() <= item.start < end and item.kind != "link"]
    return bool(case) and weight([item for item in case if says(claim, item)]) >= _TOUCHED * weight(case)


def _above(claim: Statement, one: Clause) -> bool:
    """Whether it speaks of what is above or below a number alone ("when it stays open for more than two minutes", 超过五天的病假), and the
    claim of that without the number."""
    for limit in _LIMIT.finditer(one.text):
        counted = next((i for i in one.items if i.number and i.start >= one.start + limit.end()), None)
        if counted is None or counted.start - one.start - limit.end() > 1 or says(claim, counted):
            continue
        told = [item for item in one.items if item is not counted and item.kind != "link" and says(claim, item)]
        which = next((i for i in one.items if limit["which"] and i.start == one.start + limit.start("which")), None)
        restricts = limit["when"] or (which and says(claim, which)) or _OF.match(one.statement.text, counted.end)
        if restricts and weight(told) >= _TOUCHED * weight(claim.items):
            return True
    return False


def _required(claim: Statement, one: Clause) -> bool:
    """Whether the claim allows what the evidence ties to something of which the claim says nothing: 入场须有成人陪同."""
    must = _MUST.search(one.text)
    if not must or not _MAY.search(claim.text) or _MUST.search(claim.text) or _DENIES.search(claim.text):
        return False
    behind = [item for item in one.items if item.start >= one.start + must.end() and item.kind != "link"]
    return bool(behind) and not any(says(claim, item) for item in behind)


def _otherwise(claim: Statement, among: Sequence[Clause], at: int) -> bool:
    """Whether the evidence says it of another case alone ("otherwise the cover may crack"), which the claim leaves out."""
    return bool(_OTHERWISE.match(among[at].text)) and not _IN_CASE.search(claim.text)


def _end(text: str, start: int) -> int:
    return next((at for at in range(start, len(text)) if text[at] in ",;.:，；。："), len(text))
