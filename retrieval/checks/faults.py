"""What stands against a sentence, once the place in the passages that says most of it is found."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from retrieval.checks.claims import Item, Statement
from retrieval.checks.clauses.bounds import reversed_bound
from retrieval.checks.clauses.gapped import other_subject
from retrieval.checks.clauses.misplaced import misplaced
from retrieval.checks.clauses.opposite import opposite
from retrieval.checks.clauses.proposed import only_proposed
from retrieval.checks.clauses.scope import widened
from retrieval.checks.clauses.turned import turned, unanswered
from retrieval.checks.clauses.unspaced import changed
from retrieval.checks.conflicts import exchanged, polarity, replaced
from retrieval.checks.evidence import PAIRS, covered, says, share

_DENIES = re.compile("[不无無未非没沒]")
CLOSE = 0.85  # share of the content from which on a sentence is a copy, in which a strange name is a forgery


@dataclass(frozen=True, slots=True)
class Reason:
    """`code` names the fault for programs: coverage, number, name, negation, exchanged, replaced, elsewhere, opposite, wider, question, length.
    `words` are the sentence's own words that it concerns."""

    code: str
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """A claim with what its question already said (`known`) taken apart from what it adds (`new`)."""

    claim: Statement
    asked: Statement
    new: tuple[Item, ...]
    known: tuple[Item, ...]

    @classmethod
    def make(cls, claim: Statement, asked: Statement) -> "Case":
        """A pair of characters of which one belongs to the question is the seam of question and answer: nothing new."""
        heard = [says(asked, item) for item in claim.items]
        places = {
            place
            for item, known in zip(claim.items, heard, strict=True)
            if known
            for place in range(item.start, item.end)
        }
        known = [
            known or (item.kind in PAIRS and (item.start in places or item.end - 1 in places))
            for item, known in zip(claim.items, heard, strict=True)
        ]
        return cls(
            claim,
            asked,
            tuple(item for item, old in zip(claim.items, known, strict=True) if not old),
            tuple(item for item, old in zip(claim.items, known, strict=True) if old),
        )


def faults(case: Case, said: Statement, parts: Sequence[Statement], around: frozenset[str]) -> list[Reason]:
    """Everything that stands against the sentence, given the sentences of the passages that say most of it."""
    text = case.claim.text
    reasons = []
    bound = _Bound(case.claim, parts)
    wrong = [item for item in case.claim.items if item.number and item.number.firm and not bound.holds(item)]
    if wrong:
        reasons.append(Reason("number", tuple(text[item.start : item.end] for item in wrong)))
    if strange := [*_strange(case, said, bound, around), *_strange_runs(case, said, around)]:
        reasons.append(Reason("name", tuple(strange)))
    against = opposite(case.claim, parts)
    denied = bool(_DENIES.search(against))  # 不必 is the opposite of 必须 by its own negation
    agree = bool(against and case.claim.negations and not said.negations) and not denied  # "nobody may" is "prohibited"
    if not agree and polarity(case.claim, said):
        reasons.append(Reason("negation"))
    if not agree and against:
        reasons.append(Reason("opposite", (against,)))
    if swapped := next(filter(None, (exchanged(case.claim, part) for part in parts)), None):
        reasons.append(Reason("exchanged", swapped))
    blamed = {word for reason in reasons for word in reason.words}
    if other := [word for word in replaced(case.claim, bound.main, {i.key for i in case.new}) if word not in blamed]:
        reasons.append(Reason("replaced", tuple(other)))
    if not reasons and (word := _elsewhere(case, parts, around)):
        reasons.append(Reason("elsewhere", (word,)))
    if word := widened(case.claim, case.asked, parts):
        reasons.append(Reason("wider", (word,)))
    return reasons


def _elsewhere(case: Case, parts: Sequence[Statement], around: frozenset[str]) -> str:
    """A word of the claim that the evidence says of something else, or in another way."""
    claim, asked = case.claim, case.asked
    return (
        misplaced(claim, asked, parts)
        or changed(claim, asked, parts)
        or turned(claim, parts)
        or unanswered(claim, parts)
        or reversed_bound(claim, parts)
        or other_subject(claim, parts, around)
        or only_proposed(claim, asked, parts)
    )


class _Bound:
    """Whether a name or number stands with what the claim says of it, and not just somewhere in the evidence.

    It must be in the sentence that says most of the claim, or in one that adds more of the claim than itself.
    """

    def __init__(self, claim: Statement, parts: Sequence[Statement]) -> None:
        self.claim = claim
        self.main = max(parts, key=lambda part: share(claim.items, part))
        self.rest = [part for part in parts if part is not self.main]
        self.open = [item for item in claim.items if not says(self.main, item)]

    def holds(self, item: Item) -> bool:
        if item not in self.open:
            return True
        others = [other for other in self.open if other.kind in ("word", *PAIRS) and not other.capital]
        return any(
            says(part, item) and any(says(part, other) for other in others) for part in self.rest if self._fits(part)
        )

    def _fits(self, part: Statement) -> bool:
        """Whether a further sentence may be about what the claim names: it names it too, or nobody else."""
        named = {item.key for item in part.items if item.capital}
        others = any(item.kind == "name" and item.key not in self.claim.keys for item in part.items)
        return not others or any(item.capital and item.key in named for item in self.claim.items)

    @property
    def rivals(self) -> bool:
        """Whether the main sentence speaks of somebody whom the claim does not name."""
        return any(item.capital and item.key not in self.claim.keys for item in self.main.items)


def _strange(case: Case, said: Statement, bound: _Bound, around: frozenset[str]) -> list[str]:
    """Names that the evidence does not hold, unless the passage means them without repeating them."""
    close = share(case.claim.items, said) >= CLOSE
    found = []
    for item in case.claim.items:
        if not item.capital or bound.holds(item) or (item.kind == "word" and not close):
            continue
        if not (item.key in around and (item in case.known or not bound.rivals)):
            found.append(case.claim.text[item.start : item.end])
    return found


def _strange_runs(case: Case, said: Statement, around: frozenset[str]) -> list[str]:
    """In scripts without capitals: three new characters in a row, or two of a copy, or of elsewhere in the passage."""
    close = share(case.claim.items, said) >= CLOSE
    pairs = [item for item in case.claim.items if item.kind in PAIRS]
    known = {
        place
        for item, here in zip(pairs, covered(pairs, said), strict=True)
        if here
        for place in (item.start, item.start + 1)
    }
    read_as = [(item.start, item.end) for item in (*case.known, *case.claim.items) if item in case.known or item.number]
    known |= {place for start, end in (*read_as, *case.claim.negations) for place in range(start, end)}
    runs: list[list[int]] = []
    for token in case.claim.tokens:
        if token.dense and not token.stop and token.start not in known:
            if runs and runs[-1][-1] == token.start - 1:
                runs[-1].append(token.start)
            else:
                runs.append([token.start])
    texts = [case.claim.text[run[0] : run[-1] + 1] for run in runs if len(run) > 1]
    elsewhere = [all(run[i : i + 2] in around for i in range(len(run) - 1)) for run in texts]
    return [run for run, found in zip(texts, elsewhere, strict=True) if close or found or len(run) > 2]
