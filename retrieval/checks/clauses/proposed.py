"""What is only proposed, hoped for or held possible in the evidence, and what the claim says as a fact."""

import re
from collections.abc import Sequence

from retrieval.checks.claims import Statement
from retrieval.checks.clauses.cut import best, evidence
from retrieval.checks.evidence import says, weight

_PROPOSES = re.compile(
    r"\b(?:propos(?:e[sd]?|ing)|suggest(?:s|ed|ing)?|recommend(?:s|ed)?|consider(?:s|ing)|plan(?:s|ned|ning)?(?= to\b)|hop(?:e[sd]?|ing)(?= (?:to|that|for)\b)"
    r"|intend(?:s|ed)?|want(?:s|ed)?(?= to\b)|expect(?:s|ed)?|might|may be|could be|perhaps|possibly|would like)\b"
    r"|建议|提议|拟(?![定订合])|打算|希望(?!小学|工程)|考虑|预计|有望|可能|或将|计划(?=[把将在于投新增])",
    re.IGNORECASE,
)
_OPEN = re.compile(
    _PROPOSES.pattern
    + r"|\b(?:will|would|shall|should|propos\w+|suggest\w+|plan\w*|expect\w*|may|can|could|to be)\b|[将会应可]|计划|未来",
    re.IGNORECASE,
)
_SETTLED = re.compile(
    r"\b(?:agreed|approved|adopted|accepted|carried|decided|passed|voted)\b|决定|通过|批准|同意|采纳|已|获准",
    re.IGNORECASE,
)
_LEAST = 1.0  # weight of what is proposed and claimed: two pairs of characters or a word


def only_proposed(claim: Statement, asked: Statement, parts: Sequence[Statement]) -> str:
    """What the claim says as a fact, of all that the evidence says of it only proposed; "" for none. A question may ask for plans."""
    among = evidence(parts)
    if not among or _OPEN.search(claim.text) or _OPEN.search(asked.text) or claim.negations:
        return ""
    clause = among[best(claim.items, among)]
    sign = _PROPOSES.search(clause.text)
    if not sign or _SETTLED.search(clause.statement.text):
        return ""
    behind = [item for item in clause.items if item.start >= clause.start + sign.end() and says(claim, item)]
    own = [item for item in claim.items if item.key in {other.key for other in behind} or item.number]
    if weight(behind) < _LEAST or any(one is not clause and all(says(one.said, item) for item in own) for one in among):
        return ""
    return claim.text[own[0].start : own[-1].end] if own else ""
