"""A statement turned round: where it goes and where it comes from, who does it to whom or says it, what comes first, what it is set against.

Each of them keeps every word of the evidence, so that no share of words tells it. The rules were written on the half "fit" of
`tests/bench/documents/checks/pairs.jsonl`; whatever they catch is unsupported, and never called contradicted for it.
"""

import re
from collections.abc import Iterator, Sequence

from retrieval.checks.claims import Item, Statement
from retrieval.checks.clauses.compared import crossed, uncompared
from retrieval.checks.clauses.cut import best, evidence
from retrieval.checks.clauses.said_by import another_doer, another_speaker
from retrieval.checks.evidence import says, share, weight
from retrieval.text.words import Token

_ARTICLE = r"(?:the\s|an?\s|his\s|her\s|its\s|their\s|our\s|your\s)?"
_FROM, _TO = (re.compile(rf"\b{word}\s{_ARTICLE}(?P<at>\w)", re.IGNORECASE) for word in ("from", "to"))
_WAY = re.compile(
    r"[从由自](?P<a>[^\W\d_]{2,6}?)(?:开往|前往|飞往|驶往|发往|寄往|运往|去往|开到|飞到|到|至)(?P<b>[^\W\d_]{2,6})"
)
_BY = "by"
_ARTICLES = frozenset(
    ["the", "a", "an", "his", "her", "its", "their", "our", "your", "my", "this", "that", "these", "those"]
)
_PAST = re.compile(
    r"(?!\w*(?:eed|hundred|shed)\Z)\w{2,}ed|bought|sold|paid|built|made|gave|took|sent|taught|told|beat|won|lost|led|held|met|brought|caught|chose|drew|drove"
    r"|found|fought|hit|hurt|kept|left|lent|sought|shot|sued|wrote"
)
_ORDER = re.compile(r"\b(?:before|after)\b|(?:之|以)[前后]", re.IGNORECASE)
_SIDE = 0.5
"""Weight of what a side must hold of another: a pair of characters. A claim of which a side holds less has another order or none."""
_ELSE = re.compile(r"\b(?:some(?:body|one)|any(?:body|one)) else\b|别人|他人|别的人|另找人|其他人", re.IGNORECASE)
_GIVEN = re.compile(r"[^\W\d_](?:给|予)(?:了)?(?P<to>[^\W\d_]{1,2})")
_FIRST = 3  # words in which a claim names who does it: "Dr Ida Berg"
_WHO = re.compile(r"(?<!\bof\s)(?<!\bat\s)(?<!\bin\s)(?<=[a-z]\s)(?:[A-Z][\w.'’-]*\s?){1,4},\swho\b")
_SAYS = re.compile(
    r"\b(?:said|says|told|tells|claimed|claims|thought|thinks|believed|believes|knew|knows|hoped|feared)\b"
)
_AGAINST = re.compile(
    r"\b(?:advis|vot|decid|spoke|speak|argu|warn|rul|campaign|recommend|is|are|am|was|were|be)\w*(?=\s(?:\w+\s)?against\b)",
    re.IGNORECASE,
)
_FOR = re.compile(r"\b(?:is|are|am|was|were|be|vot\w+|spoke)\s(?:for|in favou?r)\b", re.IGNORECASE)
_OPPOSES = re.compile(r"\b(?:against|oppos\w+|reject\w+|den\w+|refus\w+)\b", re.IGNORECASE)
_ASKS = re.compile(
    r"^\W*(?:[^:：?？]{1,24}[:：]\s*)?(?:is|are|am|was|were|do|does|did|has|have|had|can|could|may|must|will|would|shall|should)\b.*\?\W*$|吗\W*$|是否.*[？?]\W*$",
    re.IGNORECASE,
)
_AFFIRMS = re.compile(
    r"^\W*(?:[^:：]{1,24}[:：])?\W*(?:yes|yeah|yep|sure|certainly|of course|correct|right|是|对|對|可以|能|会|會|有|好|行|要|需要|当然)",
    re.IGNORECASE,
)
_WHOLE = 0.9
"""Share of a claim that a question must hold to be all that says it; what an answer adds is more than the rest."""
_PASSIVE = "被受遭"
_ONLY = re.compile(r"\bonly\s|只有?|仅有?", re.IGNORECASE)


def turned(claim: Statement, parts: Sequence[Statement]) -> str:
    """Words of the claim that stand on the other side in the evidence; "" for none."""
    if not parts:
        return ""
    return (
        _another_way(claim, parts)
        or next((word for part in parts if (word := _within(claim, part))), "")
        or _somebody_else(claim, parts)
        or _only(claim, parts)
        or uncompared(claim, parts)
        or crossed(claim, parts)
        or another_speaker(claim, parts)
        or another_doer(claim, parts)
    )


def _within(claim: Statement, part: Statement) -> str:
    ways = (_done_to, _order, _object_first, _given_to, _who, _says, _against, _listed)
    return next((word for way in ways if (word := way(claim, part))), "")


def _another_way(claim: Statement, parts: Sequence[Statement]) -> str:
    """From A to B, where the evidence knows the way from B to A alone."""
    ours, theirs = _ways(claim), [way for part in parts for way in _ways(part)]
    for start, goal in ours:
        if (start, goal) not in theirs and (goal, start) in theirs:
            return start
    return ""


def _ways(one: Statement) -> list[tuple[str, str]]:
    if found := [(way["a"][-2:], way["b"][:2]) for way in _WAY.finditer(one.text)]:
        return found
    starts, goals = ([_at(one, m.start("at")) for m in pattern.finditer(one.text)] for pattern in (_FROM, _TO))
    return [(a, b) for a, b in zip(starts, goals, strict=False) if a and b]


def _at(one: Statement, start: int) -> str:
    """The word there as the text has it."""
    return next((one.text[item.start : item.end] for item in one.items if item.start == start and not item.number), "")


def _done_to(claim: Statement, part: Statement) -> str:
    """Who does it in the claim ("the council sued"), where it is done to them in the evidence ("sued the council")."""
    for doer, deed in _doing(claim.tokens):
        others = [at for at, token in enumerate(part.tokens) if token.form == deed.form]
        if others and all(_next_named(part.tokens, at) == doer.stem for at in others):
            before = {token.stem for at in others for token in part.tokens[:at]}
            if doer.stem not in before:
                return doer.form
    return ""


def _doing(tokens: Sequence[Token]) -> Iterator[tuple[Token, Token]]:
    for doer, deed, after in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if not (doer.stop or doer.dense or doer.number) and _PAST.fullmatch(deed.form) and after.form != _BY:
            yield doer, deed


def _next_named(tokens: Sequence[Token], at: int) -> str:
    """The stem of the word behind number `at`, past an article."""
    rest = [token for token in tokens[at + 1 : at + 3] if token.form not in _ARTICLES]
    return rest[0].stem if rest and not rest[0].stop else ""


def _order(claim: Statement, part: Statement) -> str:
    """B before A, where the evidence says A before B."""
    ours, theirs = _ORDER.search(claim.text), _ORDER.search(part.text)
    if not ours or not theirs or ours.group().lower() != theirs.group().lower():
        return ""
    first, second = _sides(claim, ours)
    a, b = _sides(part, theirs)
    straight, crossed = _held(first, a) + _held(second, b), _held(first, b) + _held(second, a)
    both = min(_held(first, b), _held(second, a)) >= _SIDE
    return ours.group() if both and crossed > straight else ""


def _sides(one: Statement, sign: re.Match[str]) -> tuple[list[Item], list[Item]]:
    before = [item for item in one.items if item.end <= sign.start() and item.kind != "link"]
    return before, [item for item in one.items if item.start >= sign.end() and item.kind != "link"]


def _held(items: Sequence[Item], other: Sequence[Item]) -> float:
    keys = {item.key for item in other}
    return weight([item for item in items if item.key in keys])


def _somebody_else(claim: Statement, parts: Sequence[Statement]) -> str:
    """Whom the claim names, where the evidence says that somebody else does it."""
    among = evidence(parts)
    if not among or _ELSE.search(claim.text) or len(claim.items) < 2:
        return ""
    rest = [item for item in claim.items[1:] if item.kind != "link"] or list(claim.items[1:])
    clause = among[best(rest, among)]
    if not _ELSE.search(clause.text):
        return ""
    first = claim.items[0]
    return "" if says(clause.said, first) else claim.text[first.start : first.end]


def _only(claim: Statement, parts: Sequence[Statement]) -> str:
    """Only so many, of which the clause that says the number says nothing else of the claim behind it."""
    sign = _ONLY.search(claim.text)
    counted = next((item for item in claim.items if sign and item.number and item.start >= sign.end()), None)
    if sign is None or counted is None or counted.start - sign.end() > 1:
        return ""
    homes = [clause for clause in evidence(parts) if says(clause.said, counted) and _ONLY.search(clause.text)]
    last = [item for item in claim.items if item.start >= counted.end][-1:]
    if not homes or not last or any(says(home.said, last[0]) for home in homes):
        return ""
    return claim.text[counted.start : counted.end]


def _object_first(claim: Statement, part: Statement) -> str:
    """As `_done_to` in scripts without spaces: what stands right behind the word in the evidence begins the claim, and who stands before
    it there is its object here."""
    pairs = [item for item in claim.items if item.kind == "pair"]
    theirs = {item.key: item for item in part.items if item.kind == "pair"}
    if any(sign in claim.text + part.text for sign in _PASSIVE) or not pairs or pairs[0].key not in theirs:
        return ""
    first, there = pairs[0], theirs[pairs[0].key]
    for deed in (item for item in pairs[1:] if item.start >= first.end and item.key in theirs):
        behind = [item for item in pairs if item.start >= deed.end and item.key in theirs]
        if theirs[deed.key].end == there.start and any(theirs[o.key].end <= theirs[deed.key].start for o in behind):
            return claim.text[first.start : first.end]
    return ""


def _given_to(claim: Statement, part: Statement) -> str:
    """Who gives in the claim and is given to in the evidence: 租给."""
    ours, takers = _GIVEN.search(claim.text), [given["to"] for given in _GIVEN.finditer(part.text)]
    if not ours or not takers:
        return ""
    before = claim.text[: ours.start()]
    return takers[0] if all(taker in before and taker != ours["to"] for taker in takers) else ""


def _who(claim: Statement, part: Statement) -> str:
    """Who is named first in the claim, where the evidence says it of the one before "who": "Ames sent it to Boll, who lost it"."""
    found = _WHO.search(part.text)
    doers = [item for item in claim.items[:_FIRST] if item.capital]
    if not found or not doers:
        return ""
    behind = [item for item in part.items if item.start >= found.end() and not item.number]
    named = [item.key for item in part.items if found.start() <= item.start < found.end()]
    if not named or named[-1] in claim.keys:
        return ""
    first = behind[0] if behind else None
    before = {item.key for item in part.items if item.start < found.start()}
    deed = next((item for item in claim.items if first and item.key == first.key), None)
    if deed is None or deed.start < doers[0].start:
        return ""
    strange = [item for item in doers if item.end <= deed.start and item.key in before - {*named}]
    return claim.text[strange[0].start : strange[0].end] if strange else ""


def _says(claim: Statement, part: Statement) -> str:
    """Who says it, where the evidence has it said by somebody whom the claim names behind it."""
    ours, theirs = _SAYS.search(claim.text), _SAYS.search(part.text)
    if not ours or not theirs:
        return ""
    names = {item.key for item in claim.items if item.capital and item.start > ours.end()}
    speaker, other = (_last_before(one, sign.start()) for one, sign in ((claim, ours), (part, theirs)))
    if not speaker or not other or speaker.key == other.key:
        return ""
    return claim.text[speaker.start : speaker.end] if other.key in names else ""


def _last_before(one: Statement, end: int) -> Item | None:
    return next((item for item in reversed(one.items) if item.end <= end and item.capital), None)


def _against(claim: Statement, part: Statement) -> str:
    """What the evidence advises, votes or decides against."""
    found = _AGAINST.search(part.text)
    if not found or claim.negations or _OPPOSES.search(claim.text):
        return ""
    if _FOR.search(claim.text) and any(says(part, item) for item in claim.items[-1:]):
        return claim.text[claim.items[0].start : claim.items[0].end]
    deed = next((token for token in part.tokens if token.start == found.start()), None)
    ours = next((token for token in claim.tokens if deed and not deed.stop and token.stem == deed.stem), None)
    return ours.form if ours else ""


def _listed(claim: Statement, part: Statement) -> str:
    """In a list without spaces ("图书两角、影碟五角") the label right before a number is its own."""
    labels = [(_label(part, item), item) for item in part.items if item.number and item.number.firm]
    for own in (item for item in claim.items if item.number and item.number.firm):
        told = [
            label for label, item in labels if label and item.number and own.number and item.number.agrees(own.number)
        ]
        if (
            told
            and not any(label in claim.text for label in told)
            and any(label and label in claim.text for label, _ in labels)
        ):
            return claim.text[own.start : own.end]
    return ""


def _label(one: Statement, number: Item) -> str:
    return next(
        (one.text[item.start : item.end] for item in one.items if item.kind == "pair" and item.end == number.start), ""
    )


def unanswered(claim: Statement, parts: Sequence[Statement]) -> str:
    """What is only asked in the evidence ("Has it been sent? Not yet."), and not affirmed by what comes behind it."""
    for at, part in enumerate(parts):
        if not _ASKS.search(part.text) or share(claim.items, part) < _WHOLE:
            continue
        behind = parts[at + 1].text if at + 1 < len(parts) else ""
        stated = any(share(claim.items, other) >= _WHOLE for other in parts if not _ASKS.search(other.text))
        if not _AFFIRMS.search(behind) and not stated:
            return claim.text[claim.items[0].start : claim.items[-1].end]
    return ""
