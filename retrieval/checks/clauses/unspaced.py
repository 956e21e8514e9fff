"""In scripts without spaces: one character in another's place, and two that change sides around a word."""

from collections.abc import Sequence
from difflib import SequenceMatcher

from retrieval.checks.claims import Item, Statement
from retrieval.checks.clauses.cut import Clause, best, evidence
from retrieval.checks.evidence import says, share, weight
from retrieval.text.words import Token

_COPY = 0.6  # share of the claim's characters that a clause must have in the same order to be the one it was made from
_REST = 0.8  # share of what a claim says of its subject that the clause on another must hold
_NAME = 4  # characters of a name at most
_ALIKE = (
    "须需应要",
    "买购",
    "日号",
    "内里",
    "获得",
    "讲说",
    "于在",
    "使让",
    "两二",
    "往向去",
    "叫称",
)  # one for the other changes nothing
_PASSIVE = "被受遭"


def changed(claim: Statement, asked: Statement, parts: Sequence[Statement]) -> str:
    """The claim's character or word that stands where the evidence has another; "" for none."""
    ours = [token for token in claim.tokens if token.dense]
    if len(ours) < 4:
        return ""
    among = [clause for clause in evidence(parts) if any(token.dense for token in clause.said.tokens)]
    if any(_matched(ours, clause) == len(ours) for clause in among):
        return ""
    if word := _of_its_like(claim, asked, among):
        return word
    most = max((_matched(ours, clause) for clause in among), default=0)
    alike = [clause for clause in among if _matched(ours, clause) == most]
    said = max((_said(claim, clause) for clause in alike), default=0.0)
    found = [_changed(claim, asked, ours, one, parts) for one in alike if _said(claim, one) == said]
    return found[0] if found and all(found) else ""


def _changed(claim: Statement, asked: Statement, ours: Sequence[Token], one: Clause, parts: Sequence[Statement]) -> str:
    replaced = _replaced(ours, one, claim.text, asked.text)
    return replaced or _exchanged(ours, one, claim.text, asked.text, parts) or _turned(claim, one)


def _of_its_like(claim: Statement, asked: Statement, among: Sequence[Clause]) -> str:
    """What the claim speaks of, where the clause that says the rest names another of its like: 新桥 and 老桥. Both stand in the evidence."""
    pairs = [item for item in claim.items if item.kind == "pair"]
    if len(pairs) < 2 or says(asked, pairs[0]):
        return ""
    first = pairs[0]
    rest = [item for item in pairs if item.start >= first.end]
    clause = among[best(rest, among)] if among and rest else None
    told = share(rest, clause.said) if clause else 0.0
    if clause is None or says(clause.said, first) or told < _REST:
        return ""
    if not any(says(other.said, first) and share(rest, other.said) < told for other in among):
        return ""
    like = any(i.kind == "pair" and i.key[1] == first.key[1] and i.key not in claim.keys for i in clause.items)
    return claim.text[first.start : first.end] if like else ""


def _said(claim: Statement, clause: Clause) -> float:
    return weight([item for item in claim.items if says(clause.said, item)])


def _matcher(ours: Sequence[Token], clause: Clause) -> SequenceMatcher[str]:
    theirs = [token.form for token in clause.said.tokens if token.dense]
    return SequenceMatcher(None, [token.form for token in ours], theirs, autojunk=False)


def _matched(ours: Sequence[Token], clause: Clause) -> int:
    return sum(block.size for block in _matcher(ours, clause).get_matching_blocks())


def _replaced(ours: Sequence[Token], clause: Clause, text: str, asked: str) -> str:
    theirs = [token for token in clause.said.tokens if token.dense]
    blocks = _matcher(ours, clause).get_opcodes()
    if sum(b - a for tag, a, b, _, _ in blocks if tag == "equal") < _COPY * len(ours):
        return ""
    for index, (tag, a, b, c, d) in enumerate(blocks):
        beside = [blocks[n] for n in (index - 1, index + 1) if 0 <= n < len(blocks)]
        if tag == "replace" and b - a == d - c == 1 and all(one[0] == "equal" for one in beside):
            one, other = ours[a], theirs[c]
            if not (one.stop or other.stop or one.form in asked) and not any(
                {one.form, other.form} <= {*alike} for alike in _ALIKE
            ):
                return text[one.start : one.end]
    return ""


def _exchanged(ours: Sequence[Token], clause: Clause, text: str, asked: str, parts: Sequence[Statement]) -> str:
    """A word of which the evidence speaks elsewhere, in the place of one that the claim does not say."""
    theirs = [token for token in clause.said.tokens if token.dense]
    blocks = _matcher(ours, clause).get_opcodes()
    if sum(b - a for tag, a, b, _, _ in blocks if tag == "equal") < _COPY * len(ours):
        return ""
    for tag, a, b, c, d in blocks:
        if tag == "replace" and _is_run(ours[a:b]) and _is_run(theirs[c:d]):
            word, other = (
                text[ours[a].start : ours[b - 1].end],
                clause.statement.text[theirs[c].start : theirs[d - 1].end],
            )
            if word not in asked + clause.text and other not in text and any(word in part.text for part in parts):
                return word
    return ""


def _is_run(found: Sequence[Token]) -> bool:
    return 1 < len(found) <= _NAME and found[-1].end - found[0].start == len(found)


def _turned(claim: Statement, clause: Clause) -> str:
    """A pair that stands before a word in the claim and behind it in the clause, where another one goes the other way."""
    if any(sign in claim.text + clause.text for sign in _PASSIVE):
        return ""
    theirs = {item.key: item for item in clause.items if item.kind == "pair"}
    shared = [item for item in claim.items if item.kind == "pair" and item.key in theirs]
    for n, anchor in enumerate(shared):
        before, behind = (
            [i for i in shared[:n] if i.end <= anchor.start],
            [i for i in shared[n + 1 :] if i.start >= anchor.end],
        )
        if before and any(_crossed(before[0], anchor, item, theirs) for item in behind):
            return claim.text[before[0].start : before[0].end]
    return ""


def _crossed(first: Item, anchor: Item, second: Item, theirs: dict[str, Item]) -> bool:
    return theirs[second.key].start < theirs[anchor.key].start < theirs[first.key].start
