"""Words that say the opposite of each other, looked for in the clause that says what the claim says."""

from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache
from itertools import product
from pathlib import Path

from retrieval.checks.claims import Statement
from retrieval.checks.clauses.cut import Clause, best, evidence
from retrieval.checks.evidence import says
from retrieval.text.words import Token, stem

_PREFIXES = ("un", "in", "im", "ir", "il", "dis", "non")
_LONG = (
    5  # letters of a stem from which on such a prefix denies it: "able" is in "unable", but so is "form" in "inform"
)
_FILE = Path(__file__).with_name("opposites.txt")


@lru_cache(maxsize=1)
def _opposites() -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """Of stems, and of words that are written without spaces."""
    spaced: dict[str, set[str]] = {}
    dense: dict[str, set[str]] = {}
    for line in _FILE.read_text("utf-8").splitlines():
        if not line.startswith("#"):
            for one, other in product(*(side.split() for side in line.split("|"))):
                known, forms = (spaced, (stem(one), stem(other))) if one.isascii() else (dense, (one, other))
                known.setdefault(forms[0], set()).add(forms[1])
                known.setdefault(forms[1], set()).add(forms[0])
    return spaced, dense


def opposites_of(stemmed: str) -> set[str]:
    """The stems of the words that say the opposite of one."""
    return _opposites()[0].get(stemmed, set())


@lru_cache(maxsize=1)
def _alike() -> dict[str, set[str]]:
    """Of words of one side those that are its other forms, and no opposites of it on another line."""
    spaced, dense = _opposites()
    found: dict[str, set[str]] = {}
    for line in _FILE.read_text("utf-8").splitlines():
        for side in () if line.startswith("#") else line.split("|"):
            forms = {stem(word) if word.isascii() else word for word in side.split()}
            for form in forms:
                against = spaced.get(form, set()) | dense.get(form, set())
                found.setdefault(form, set()).update(forms - against)
    return found


def opposite(claim: Statement, parts: Sequence[Statement]) -> str:
    """The claim's word in whose place the evidence has the opposite; "" for none.

    The first that says either decides, of the clauses that say what the claim says right behind the word, before it, and all in
    all, and those that say nothing else. Of a claim with years or amounts, the clauses that say them must not all have the opposite.
    """
    among = evidence(parts)
    for start, end, others in _words(claim) if among else ():
        own = [item for item in claim.items if not (item.start < end and start < item.end)]
        after = [item for item in own if item.start >= end][:1]
        before = [item for item in own if item.end <= start][-1:]
        near = [among[best(items, among)] for items in (after, before, own) if items]
        alone = [one for one in among if len(one.items) == 1]
        word = claim.text[start:end]
        same = {word, *_alike().get(stem(word) if word.isascii() else word, ())}
        telling = [clause for clause in [*near, *alone] if _has(clause, same) or _has(clause, others)]
        counted = [item for item in own if item.number and (item.number.unit or item.number.measure)]
        homes = [one for item in counted for one in among if says(one.said, item)]
        if telling and not _has(telling[0], same):
            return word
        if homes and all(_has(one, others) and not _has(one, same) for one in homes):
            return word
    return ""


def _words(claim: Statement) -> Iterator[tuple[int, int, set[str]]]:
    """`(start, end)` of each word that has opposites which the claim does not say itself."""
    spaced, dense = _opposites()
    ours = {token.stem for token in claim.tokens}
    for token in claim.tokens:
        if others := (spaced.get(token.stem, set()) | _denied(token)) - ours:
            yield token.start, token.end, others
    for word, against in dense.items():
        at = claim.text.find(word)
        if at >= 0 and (others := {other for other in against if other not in claim.text}):
            yield at, at + len(word), others


def _denied(token: Token) -> set[str]:
    """Insoluble of soluble, and soluble of insoluble."""
    if token.dense or token.stop or token.number or len(token.stem) < _LONG:
        return set()
    bare = {token.stem.removeprefix(prefix) for prefix in _PREFIXES if token.stem.startswith(prefix)}
    return {prefix + token.stem for prefix in _PREFIXES} | {one for one in bare if len(one) >= _LONG}


def _has(clause: Clause, words: Collection[str]) -> bool:
    stems = {token.stem for token in clause.said.tokens}
    return any((stem(word) in stems or word in stems) if word.isascii() else (word in clause.text) for word in words)
