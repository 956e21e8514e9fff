"""Whether passages that do not support a sentence go against it: they speak of the same thing and say otherwise in so many words.

A true sentence that is called contradicted is the worse fault. So that a word stands elsewhere in the passages, or is said of fewer,
or that another word denies it, makes a sentence unsupported and no more.
"""

from collections.abc import Sequence

from retrieval.checks.claims import Item, Statement
from retrieval.checks.clauses.cut import best, evidence
from retrieval.checks.evidence import says, share
from retrieval.checks.faults import CLOSE, Case, Reason
from retrieval.checks.numbers import Number
from retrieval.text.words import is_dense

_SAME_THING = {False: 0.78, True: CLOSE}
"""By "written without spaces": share of what is not wrong in a sentence, from which a passage goes against it. At 0.6 two of 51 true
English sentences of the half "held" of `tests/bench/documents/checks/pairs.jsonl` are contradicted and one of 81 Chinese of "fit"."""
_COPIED = 0.6
"""Share of a clause that a claim must repeat to deny it by a negation alone: others are denied by a word ("exempt", "insoluble"), and
what negates is said of something else."""


def goes_against(
    case: Case, said: Statement, around: frozenset[str], parts: Sequence[Statement], reasons: Sequence[Reason]
) -> bool:
    """`said` is the evidence and `parts` its sentences; `around` is what the whole passage says."""
    if not all(_says_otherwise(case, said, around, parts, reason) for reason in reasons):
        return False
    blamed = {word for reason in reasons for word in reason.words}
    rest = [item for item in case.claim.items if _text(case, item) not in blamed]
    return len(rest) > 1 and share(rest, said) >= _SAME_THING[is_dense(case.claim.text)]


def _says_otherwise(
    case: Case, said: Statement, around: frozenset[str], parts: Sequence[Statement], reason: Reason
) -> bool:
    """In scripts without capitals another word is as a rule another wording."""
    blamed = [item for item in case.claim.items if _text(case, item) in reason.words]
    if reason.code == "number":
        return all(_rivalled(case.claim, item, said) for item in blamed if item.number)
    if reason.code == "negation":
        return not (case.claim.negations and said.negations) and _is_copy(case.claim, parts)
    if reason.code == "replaced":
        dense = is_dense(case.claim.text)
        return all(not says(said, item) and (item.number or not dense) for item in blamed) and bool(blamed)
    if reason.code == "name":
        return bool(blamed) and not any(item.key in around or not item.capital for item in blamed)
    return reason.code in ("exchanged", "opposite")


def _is_copy(claim: Statement, parts: Sequence[Statement]) -> bool:
    """Whether a clause says hardly anything else than the claim does: there a negation is all that parts them."""
    clause = (among := evidence(parts))[best(claim.items, among)]
    if not claim.negations and not clause.said.negations:
        return False  # another clause denies something else: "two errors in this account and none in that"
    both = share(claim.items, clause.said), share(clause.items, claim)
    return both[0] >= _SAME_THING[is_dense(claim.text)] and both[1] >= _COPIED


def _rivalled(claim: Statement, item: Item, said: Statement) -> bool:
    """Whether the passage has another number where the claim has this one: of the same unit, or of the same neighbour."""
    own = item.number
    new = not says(said, item)
    others = [one for one in said.items if one.number and not any(one.number.agrees(n) for n in claim.numbers)]
    beside = _neighbours(claim, item)
    return any(
        one.number
        and own
        and ((new and _counts(one.number) == _counts(own) != ("", "")) or beside & _neighbours(said, one))
        for one in others
    )


def _counts(number: Number) -> tuple[str, str]:
    return number.unit, number.measure


def _neighbours(statement: Statement, item: Item) -> frozenset[str]:
    at = statement.items.index(item)
    return frozenset(one.key for one in statement.items[max(0, at - 1) : at + 2] if one is not item)


def _text(case: Case, item: Item) -> str:
    return case.claim.text[item.start : item.end]
